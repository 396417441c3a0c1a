package dev.omni;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The table of packages in docs/architecture.md, executed. */
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.omni");

    @Test
    void packagesUseOnlyWhatTheTableSays() {
        layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage("dev.omni..")
                .withOptionalLayers(true)
                .layer("problem")
                .definedBy("dev.omni.problem..")
                .layer("identity")
                .definedBy("dev.omni.identity..")
                .layer("daytona")
                .definedBy("dev.omni.daytona")
                .layer("local")
                .definedBy("dev.omni.daytona.local..")
                .layer("sandbox")
                .definedBy("dev.omni.sandbox..")
                .layer("job")
                .definedBy("dev.omni.job..")
                .layer("stream")
                .definedBy("dev.omni.stream..")
                .layer("observe")
                .definedBy("dev.omni.observe..")
                .layer("compat")
                .definedBy("dev.omni.compat..")
                .whereLayer("identity")
                .mayOnlyAccessLayers("problem")
                .whereLayer("problem")
                .mayNotAccessAnyLayer()
                .whereLayer("daytona")
                .mayOnlyAccessLayers("problem")
                .whereLayer("sandbox")
                .mayOnlyAccessLayers("daytona", "identity", "problem", "observe")
                .whereLayer("job")
                .mayOnlyAccessLayers("sandbox", "daytona", "identity", "problem", "observe")
                .whereLayer("stream")
                .mayOnlyAccessLayers("job", "sandbox", "identity", "problem", "observe")
                .whereLayer("observe")
                .mayOnlyAccessLayers("daytona", "identity", "problem")
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.omni.(**)").should().beFreeOfCycles().check(CLASSES);
    }
}
