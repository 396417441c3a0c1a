package dev.omni;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The table of packages in docs/architecture.md, executed. */
class ArchitectureTest {
    private static final String ROOT = "dev.omni";
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    /** What each package may use of ours. */
    private static final Map<String, List<String>> MAY_USE = Map.ofEntries(
            entry("redaction", List.of()),
            entry("problem", List.of("redaction")),
            entry("metric", List.of()),
            entry("secret", List.of("metric", "redaction")),
            entry("startup", List.of("identity", "secret")),
            entry("edge", List.of("problem")),
            entry("identity", List.of("problem")),
            entry("daytona", List.of("metric", "problem", "redaction", "secret")),
            entry("daytona.local", List.of()),
            entry("observe", List.of("metric", "daytona", "identity", "problem")),
            entry("audit", List.of("metric", "identity", "observe", "problem", "redaction")),
            entry("report", List.of("metric", "observe", "problem", "redaction")),
            entry("limit", List.of("metric", "identity", "problem")),
            entry(
                    "sandbox",
                    List.of(
                            "metric",
                            "audit",
                            "daytona",
                            "identity",
                            "limit",
                            "observe",
                            "problem",
                            "redaction",
                            "secret")),
            entry("job", List.of("metric", "audit", "sandbox", "daytona", "identity", "limit", "observe", "problem")),
            entry(
                    "stream",
                    List.of(
                            "metric",
                            "audit",
                            "job",
                            "sandbox",
                            "identity",
                            "limit",
                            "observe",
                            "problem",
                            "redaction")),
            entry("compat", List.of("audit", "job", "sandbox", "identity", "limit", "observe", "problem")),
            entry("web", List.of()));

    @Test
    void everyPackageIsInTheTable() {
        Set<String> packages = CLASSES.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> !name.equals(ROOT))
                .map(name -> name.substring(ROOT.length() + 1))
                .collect(Collectors.toSet());
        assertThat(MAY_USE.keySet()).containsAll(packages);
    }

    @Test
    void packagesUseOnlyWhatTheTableSays() {
        MAY_USE.forEach((of, others) -> {
            DescribedPredicate<JavaClass> allowed =
                    DescribedPredicate.not(resideInAPackage(ROOT + "..")).or(resideInAPackage(ROOT + "." + of));
            for (String other : others) {
                allowed = allowed.or(resideInAPackage(ROOT + "." + other));
            }
            if (of.equals("daytona.local")) {
                // The one thing the emulator tells the rest: where it is.
                allowed = allowed.or(name(ROOT + ".daytona.DaytonaEndpoint"));
            }
            classes()
                    .that()
                    .resideInAPackage(ROOT + "." + of)
                    .should()
                    .onlyDependOnClassesThat(allowed)
                    .allowEmptyShould(true)
                    .check(CLASSES);
        });
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
    }
}
