package dev.omni.startup;

import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.PreventFurtherStepsException;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.annotations.CommandLineArguments;
import io.smallrye.config.SmallRyeConfig;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import org.eclipse.microprofile.config.Config;
import org.jboss.logging.Logger;

/**
 * Lets the service start only when every {@linkplain Checks check} passes. The packaged application is for real users,
 * whatever its profile is called; in development and tests nothing is checked. With {@code --check} it says what it found,
 * and ends. No port is open yet in either case.
 */
@Singleton
class StartUp {
    private static final Logger LOG = Logger.getLogger(StartUp.class);
    private static final java.util.logging.Logger LOG_OF_QUARKUS = java.util.logging.Logger.getLogger("io.quarkus");
    private static final String CHECK = "--check";
    private static final int FAULTY = 1;
    private static final int USAGE = 2;

    private final Settings settings;
    private final List<String> arguments;

    StartUp(Config config, @CommandLineArguments String[] arguments) {
        this.settings = new Settings(config.unwrap(SmallRyeConfig.class));
        this.arguments = List.of(arguments);
    }

    /** Before everything else that begins with the start. */
    void check(@Observes @Priority(1) StartupEvent event) {
        if (arguments.contains(CHECK)) {
            boolean good = tell();
            // The verdict is the last that is printed.
            LOG_OF_QUARKUS.setLevel(Level.WARNING);
            throw end(good ? 0 : FAULTY);
        }
        if (LaunchMode.current().isDevOrTest()) {
            return;
        }
        if (!arguments.isEmpty()) {
            // Mistyped, a check would otherwise be a service that runs where it should end.
            System.err.println("There is no argument " + arguments.getFirst() + ", only " + CHECK);
            throw end(USAGE);
        }
        List<String> faults = Checks.ALL.stream()
                .flatMap(check -> check.faults().apply(settings).stream())
                .toList();
        if (!faults.isEmpty()) {
            faults.forEach(fault -> LOG.errorf("Not started: %s", fault));
            throw end(FAULTY);
        }
    }

    /** Ends the process, once whatever was started up to here is stopped; thrown, it keeps the rest from starting. */
    private static PreventFurtherStepsException end(int code) {
        Quarkus.asyncExit(code);
        return new PreventFurtherStepsException(code);
    }

    /** Prints the verdict; returns whether all is well. */
    private boolean tell() {
        List<String> lines = new ArrayList<>();
        boolean good = true;
        for (Check check : Checks.ALL) {
            List<String> faults = check.faults().apply(settings);
            good &= faults.isEmpty();
            if (faults.isEmpty()) {
                lines.add("ok     " + check.subject());
            }
            faults.forEach(fault -> lines.add("fault  " + check.subject() + ": " + fault));
        }
        Checks.notes(settings).forEach(note -> lines.add("note   " + note));
        lines.add(good ? "Omni would start." : "Omni would not start.");
        System.out.println(String.join(System.lineSeparator(), lines));
        return good;
    }
}
