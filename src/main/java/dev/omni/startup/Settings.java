package dev.omni.startup;

import dev.omni.secret.SecretSourceFactory;
import io.smallrye.config.SmallRyeConfig;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.eclipse.microprofile.config.spi.ConfigSource;

/** The configuration as the checks look at it: by key, and by where a value comes from. */
record Settings(SmallRyeConfig config) {
    private static final Pattern LOOPBACK = Pattern.compile("localhost|127(\\.\\d{1,3}){3}|\\[::1]");

    Optional<String> text(String key) {
        return config.getOptionalValue(key, String.class).filter(text -> !text.isBlank());
    }

    List<String> texts(String key) {
        return config.getOptionalValues(key, String.class).orElse(List.of());
    }

    boolean isOn(String key) {
        return config.getOptionalValue(key, Boolean.class).orElse(false);
    }

    boolean isOff(String key) {
        return !config.getOptionalValue(key, Boolean.class).orElse(true);
    }

    /** The names of settings that begin so, in the words of whoever set them. */
    Collection<String> namesUnder(String prefix) {
        String variable = variable(prefix);
        // A variable also appears as the setting it might stand for, whose letters nobody knows the case of.
        Map<String, String> names = new TreeMap<>();
        for (String name : config.getPropertyNames()) {
            if (name.startsWith(variable)) {
                names.put(name, name);
            } else if (name.startsWith(prefix)) {
                names.putIfAbsent(variable(name), name);
            }
        }
        return names.values();
    }

    /** Where a setting is given, beside the files of secrets. */
    List<String> givenInPlain(String key) {
        List<String> names = new ArrayList<>(List.of(key));
        config.getProfiles().forEach(profile -> names.add("%" + profile + "." + key));
        return StreamSupport.stream(config.getConfigSources().spliterator(), false)
                .filter(source -> !source.getName().contains(SecretSourceFactory.SOURCE))
                .flatMap(source -> names.stream()
                        .filter(name -> isGiven(source, name))
                        .map(name -> described(source, key))
                        .limit(1))
                .distinct()
                .toList();
    }

    /** Whether an address may be spoken to: https, or with the explicit leave of tests http on this machine. */
    boolean isSecure(URI address) {
        String scheme = String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT);
        return scheme.equals("https")
                || (scheme.equals("http")
                        && isOn(StartupConfig.ALLOW_INSECURE_LOOPBACK)
                        && address.getHost() != null
                        && LOOPBACK.matcher(address.getHost().toLowerCase(Locale.ROOT))
                                .matches());
    }

    private static boolean isGiven(ConfigSource source, String name) {
        String value = source.getValue(name);
        return value != null && !value.isBlank();
    }

    private static String described(ConfigSource source, String key) {
        String name = source.getName();
        if (name.startsWith("EnvConfigSource")) {
            boolean isVariable = Stream.of(key, variable(key)).anyMatch(System.getenv()::containsKey);
            return isVariable ? "the environment variable " + variable(key) : "the file .env";
        }
        return name.startsWith("SysPropConfigSource") ? "a system property" : "a properties file or the image";
    }

    static String variable(String key) {
        return key.replaceAll("[^A-Za-z0-9]", "_").toUpperCase(Locale.ROOT);
    }
}
