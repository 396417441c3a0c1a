package dev.omni.secret;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.hibernate.validator.constraints.time.DurationMin;

/** Where secrets are. Public only because the validation of the configuration must read it. */
@ConfigMapping(prefix = "omni.secret")
public interface SecretConfig {
    String DIRECTORY = "omni.secret.directory";

    /** A directory with a file per secret, whose name is the configuration key that it is the value of. */
    Optional<Path> directory();

    /** How often the files are looked at. A change counts once two looks in a row have found the same. */
    @WithDefault("2s")
    @DurationMin(millis = 10)
    Duration checkInterval();
}
