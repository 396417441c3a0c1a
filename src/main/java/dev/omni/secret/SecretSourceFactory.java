package dev.omni.secret;

import io.smallrye.config.ConfigSourceContext;
import io.smallrye.config.ConfigSourceFactory;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.PropertiesConfigSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.config.spi.ConfigSource;

/**
 * Makes the files configuration as they are at start, so that Quarkus' own secrets, such as the password of Redis, come from
 * them too. Public, with a public constructor, because configuration is set up before anything else is.
 */
public final class SecretSourceFactory implements ConfigSourceFactory {
    /** The name of the source, by which others are told from it. */
    public static final String SOURCE = "SecretDirectory";

    /** Above environment variables and every properties file: what is in a file is not overruled by a leftover. */
    private static final int ORDINAL = 350;

    @Override
    public Iterable<ConfigSource> getConfigSources(ConfigSourceContext context) {
        ConfigValue directory = context.getValue(SecretConfig.DIRECTORY);
        if (directory == null
                || directory.getValue() == null
                || directory.getValue().isBlank()) {
            return List.of();
        }
        Map<String, String> values = new HashMap<>();
        try {
            new SecretDirectory(Path.of(directory.getValue()))
                    .values()
                    // A secret is taken as it is, and no expression that names other settings.
                    .forEach((name, text) -> values.put(name, text.replace("${", "\\${")));
        } catch (IOException unreadable) {
            // The checks at start say so, in words.
        }
        return List.of(new PropertiesConfigSource(values, SOURCE, ORDINAL));
    }
}
