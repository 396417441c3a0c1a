package dev.omni.sandbox;

import dev.omni.problem.ProblemException;
import dev.omni.redaction.Redaction;
import dev.omni.secret.Secrets;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The variables that every command in every sandbox finds in its environment, and that nobody is shown: keys of services
 * such as Anthropic's. They are handed over with each command rather than once with the sandbox, so that a new one counts
 * from the next command on and Daytona, which shows a sandbox's environment to whoever may see the sandbox, never holds one.
 */
@ApplicationScoped
public class SandboxSecrets {
    private static final String PREFIX = "omni.sandbox.secret-env.";
    private static final Pattern NAME = Pattern.compile(EnvironmentRules.NAME);

    private final SandboxConfig config;
    private final Secrets secrets;

    SandboxSecrets(SandboxConfig config, Secrets secrets) {
        this.config = config;
        this.secrets = secrets;
        Redaction.know(() -> config.secretEnv().values());
    }

    /** The variables as they are now: of the files, or in development, where there are none, of the configuration. */
    public Map<String, String> now() {
        if (!secrets.hasDirectory()) {
            return config.secretEnv();
        }
        Map<String, String> variables = secrets.under(PREFIX);
        variables.keySet().removeIf(name -> !NAME.matcher(name).matches());
        return variables;
    }

    /** Refuses a request's own variables of these names, with {@code validation_failed}. */
    public void refuse(Collection<String> names) {
        Map<String, String> ours = now();
        names.stream().filter(ours::containsKey).findFirst().ifPresent(name -> {
            throw ProblemException.invalid("env." + name, "is set by the service");
        });
    }
}
