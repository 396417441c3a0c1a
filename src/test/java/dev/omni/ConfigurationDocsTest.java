package dev.omni;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigMappings.ConfigClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/configuration.md names every setting there is, and none that there is not. */
class ConfigurationDocsTest {
    private static final Pattern KEY = Pattern.compile("`(omni\\.[a-z0-9.<>-]+)`");

    @Test
    void everySettingIsDocumentedAndNothingElseIs() throws IOException {
        Set<String> documented = new TreeSet<>();
        Matcher matcher = KEY.matcher(Files.readString(Path.of("docs/configuration.md")));
        while (matcher.find()) {
            documented.add(matcher.group(1));
        }
        assertThat(documented).isEqualTo(settings());
    }

    private static Set<String> settings() {
        Set<String> settings = new TreeSet<>();
        new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("dev.omni").stream()
                        .filter(type -> type.isAnnotatedWith(ConfigMapping.class))
                        .forEach(type -> ConfigMappings.getProperties(ConfigClass.configClass(type.reflect()))
                                .keySet()
                                .forEach(key -> settings.add(
                                        key.replace(".*", ".<name>").replace("[*]", ""))));
        return settings;
    }
}
