package dev.omni.startup;

import dev.omni.identity.Network;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/** Everything that a service for real users must not be started with. */
final class Checks {
    static final List<Check> ALL = List.of(
            new Check("cross-origin requests", Checks::crossOrigin),
            new Check("proxies in front", Checks::proxies),
            new Check("TLS", Checks::tls),
            new Check("address of Daytona", Checks::daytonaAddress),
            new Check("organisation of Daytona", Checks::daytonaOrganisation),
            new Check("issuer and audience of tokens", Checks::tokens),
            new Check("keys of tokens", TokenKeys::faults),
            new Check("secrets", Checks::secrets),
            new Check("error tracking", Checks::errorTracking),
            new Check("directory of spools", Checks::spools),
            new Check("auto-stop of sandboxes", Checks::autoStop));

    private static final String ORIGINS = "quarkus.http.cors.origins";
    /** Of a domain that can belong to nobody: a pattern that lets one of them in lets everybody in. */
    private static final List<String> ORIGINS_OF_NOBODY = List.of(
            "https://nobody.invalid",
            "http://nobody.invalid",
            "https://nobody.invalid:8443",
            "http://nobody.invalid:8080");

    /** As a browser writes it: its own port is not named. */
    private static final Pattern ORIGIN =
            Pattern.compile("(?!https:.*:443$|http:.*:80$)[a-z][a-z0-9+.-]*://([a-z0-9_.-]+|\\[[0-9a-f:.]+])(:\\d+)?");
    /** A dot outside a class which is no whole part of a name, such as the one in {@code .*[.]example[.]com}. */
    private static final Pattern ANY_LETTER =
            Pattern.compile("(?:\\\\.|\\[(?:\\\\.|[^\\]\\\\])+]|\\.[*+]\\??(?=\\[[.]]|\\\\[.])|[^.\\\\\\[])*+\\..*");

    private static final String PROXY = "quarkus.http.proxy.";
    /** No network of proxies is as wide as what a registry hands out; several such would be everybody. */
    private static final int LEAST_BITS_OF_4 = 8;

    private static final int LEAST_BITS_OF_6 = 16;

    private static final List<String> TRUST =
            List.of("quarkus.tls.", "quarkus.rest-client.", "quarkus.redis.", "smallrye.jwt.client.tls.");

    private static final String DAYTONA_URL = "omni.daytona.api-url";
    private static final String DAYTONA_KEY = "omni.daytona.api-key";
    private static final String ISSUER = "mp.jwt.verify.issuer";
    private static final String AUDIENCES = "mp.jwt.verify.audiences";
    private static final List<String> DEVELOPMENT_ISSUERS = List.of("omni-dev", "omni-test");

    private static final String SECRET_DIRECTORY = "omni.secret.directory";
    private static final List<String> SECRETS =
            List.of(DAYTONA_KEY, "quarkus.redis.password", "omni.sentry.dsn", "omni.sentry.salt");
    private static final String SECRET_ENV = "omni.sandbox.secret-env.";
    private static final String ENV = "omni.sandbox.env.";
    private static final Pattern SECRET_NAME =
            Pattern.compile("(?i).*(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)\"?");
    /** Where Quarkus takes passwords. What it calls a key there is the name of a file. */
    private static final List<String> WITH_PASSWORDS = List.of(
            "quarkus.tls.", "quarkus.http.ssl.", "quarkus.management.ssl.", "quarkus.redis.", "quarkus.rest-client.");

    private static final Pattern PASSWORD_NAME = Pattern.compile("(?i).*(SECRET|PASSWORD|PASSWD)\"?");
    private static final Pattern ADDRESS_WITH_PASSWORD =
            Pattern.compile("(?i)\\w+://[^/@]*:[^/@]+@.*|.*[?&]password=.*");

    private static final String SENTRY_DSN = "omni.sentry.dsn";
    private static final String SENTRY_OF_QUARKUS = "quarkus.log.sentry.";
    private static final String SPOOLS = "omni.job.spool.directory";

    private static final String AUTO_STOP = "omni.sandbox.idle.stop-after-minutes";
    private static final Pattern ZERO = Pattern.compile("\\s*[+-]?0+\\s*");

    private Checks() {}

    private static List<String> crossOrigin(Settings settings) {
        List<String> faults = new ArrayList<>();
        for (String origin : settings.texts(ORIGINS)) {
            if (origin.equals("*")) {
                faults.add(ORIGINS + ": * lets every website call; name the origins of the web apps");
            } else if (origin.equalsIgnoreCase("null")) {
                faults.add(ORIGINS + ": null is what every website can call itself, in a sandboxed frame; name the"
                        + " origins of the web apps");
            } else if (origin.length() > 1 && origin.startsWith("/") && origin.endsWith("/")) {
                pattern(origin, faults);
            } else if (!ORIGIN.matcher(origin).matches()) {
                faults.add(ORIGINS + ": " + origin + " is no origin as browsers write it, and lets nobody call; write"
                        + " https://app.example.com, in lower case and without a slash at the end, or a pattern between"
                        + " slashes");
            } else if (origin.startsWith("http:") && !settings.isSecure(URI.create(origin))) {
                faults.add(ORIGINS + ": " + origin + " is not https, and whoever is on the way could call from it");
            }
        }
        return faults;
    }

    private static void pattern(String origin, List<String> faults) {
        String text = origin.substring(1, origin.length() - 1);
        try {
            Pattern pattern = Pattern.compile(text);
            if (ORIGINS_OF_NOBODY.stream()
                    .anyMatch(nobody -> pattern.matcher(nobody).matches())) {
                faults.add(ORIGINS + ": the pattern " + origin
                        + " lets every website call; name the origins of the web apps");
            } else if (ANY_LETTER.matcher(text).matches()) {
                faults.add(
                        ORIGINS + ": in the pattern " + origin + " a dot stands for any letter, so that it lets in more"
                                + " than was meant; write [.] for a dot, and [a-z0-9-]+ for a part of a name");
            } else if (text.startsWith("http:") || text.startsWith("https?:")) {
                faults.add(ORIGINS + ": the pattern " + origin
                        + " lets in what is not https, and whoever is on the way could call from it");
            }
        } catch (PatternSyntaxException e) {
            faults.add(ORIGINS + ": " + origin + " is no pattern");
        }
    }

    /** What is no fault, but seldom meant. */
    static List<String> notes(Settings settings) {
        List<String> notes = new ArrayList<>();
        if (settings.text("omni.proxy.trusted").isEmpty()) {
            notes.add("omni.proxy.trusted: is not set; behind a proxy all clients would count as one, whose flood locks"
                    + " out everybody");
        }
        if (settings.text(DAYTONA_URL).isEmpty()) {
            notes.add(DAYTONA_URL + ": is not set; calls that need Daytona will be answered 503");
        } else if (settings.text(DAYTONA_KEY).isEmpty()) {
            notes.add(DAYTONA_KEY + ": there is no such file yet; until there is, calls that need Daytona will be"
                    + " answered 503");
        }
        return notes;
    }

    private static List<String> proxies(Settings settings) {
        List<String> faults = new ArrayList<>();
        believed(settings, "omni.proxy.trusted", faults);
        believed(settings, PROXY + "trusted-proxies", faults);
        boolean forwarding = Stream.of("proxy-address-forwarding", "allow-forwarded", "allow-x-forwarded")
                .anyMatch(name -> settings.isOn(PROXY + name));
        if (forwarding && settings.texts(PROXY + "trusted-proxies").isEmpty()) {
            faults.add(PROXY + "trusted-proxies: is not set, so that everybody could forge an address; name the"
                    + " networks that the proxy calls from");
        }
        return faults;
    }

    private static void believed(Settings settings, String key, List<String> faults) {
        for (String text : settings.texts(key)) {
            // Without a length it is one proxy, by its address or its name.
            if (!text.contains("/")) {
                continue;
            }
            try {
                if (isWide(Network.of(text))) {
                    faults.add(
                            key + ": " + text + " is next to everybody; name the networks that the proxy calls from");
                }
            } catch (IllegalArgumentException e) {
                faults.add(key + ": " + text + " is no network");
            }
        }
    }

    private static boolean isWide(Network network) {
        byte[] base = network.base().getAddress();
        if (base.length == Integer.BYTES) {
            return network.bits() < LEAST_BITS_OF_4;
        }
        // Addresses of fc00::/7 are private, as those of 10.0.0.0/8 are.
        boolean isPrivate = (base[0] & 0xFE) == 0xFC && network.bits() >= 7;
        return network.bits() < LEAST_BITS_OF_6 && !isPrivate;
    }

    private static List<String> tls(Settings settings) {
        List<String> faults = new ArrayList<>();
        TRUST.forEach(prefix -> settings.namesUnder(prefix).stream()
                .filter(name -> trustsAnybody(settings, name))
                .map(name -> name + ": anybody could pose as the other side; trust the certificates that you expect")
                .forEach(faults::add));
        return faults;
    }

    private static boolean trustsAnybody(Settings settings, String name) {
        String variable = Settings.variable(name);
        if (variable.endsWith("_TRUST_ALL")) {
            return settings.isOn(name);
        }
        if (variable.startsWith("QUARKUS_TLS_") && variable.endsWith("_HOSTNAME_VERIFICATION_ALGORITHM")) {
            return settings.text(name).filter("NONE"::equalsIgnoreCase).isPresent();
        }
        return (variable.endsWith("_VERIFY_HOST") && settings.isOff(name))
                || (variable.endsWith("_HOSTNAME_VERIFIER")
                        && settings.text(name).isPresent());
    }

    private static List<String> daytonaAddress(Settings settings) {
        Optional<String> text = settings.text(DAYTONA_URL);
        if (text.isEmpty()) {
            // Served without one, every call that needs it says so, and no replica is ready.
            return List.of();
        }
        try {
            URI address = URI.create(text.get());
            if (address.getRawUserInfo() != null) {
                return List.of(DAYTONA_URL + ": holds a name or a password; the key goes into its file");
            }
            return settings.isSecure(address) && address.getHost() != null
                    ? List.of()
                    : List.of(DAYTONA_URL + ": is not an https address, and the key would be sent in the open");
        } catch (IllegalArgumentException e) {
            return List.of(DAYTONA_URL + ": is no address");
        }
    }

    private static List<String> daytonaOrganisation(Settings settings) {
        String key = "omni.daytona.organization-id";
        return settings.text(DAYTONA_URL).isEmpty() || settings.text(key).isPresent()
                ? List.of()
                : List.of(key + ": is not set; say which organisation the key is for");
    }

    private static List<String> tokens(Settings settings) {
        List<String> faults = new ArrayList<>();
        Optional<String> issuer = settings.text(ISSUER);
        if (issuer.isEmpty()) {
            faults.add(ISSUER + ": is not set; say who must have issued a token");
        } else if (DEVELOPMENT_ISSUERS.contains(issuer.get())) {
            faults.add(ISSUER + ": " + issuer.get() + " is the issuer of development");
        }
        if (settings.texts(AUDIENCES).isEmpty()) {
            faults.add(AUDIENCES + ": is not set; say for whom a token must have been issued");
        }
        return faults;
    }

    private static List<String> secrets(Settings settings) {
        List<String> faults = new ArrayList<>();
        Optional<String> directory = settings.text(SECRET_DIRECTORY);
        if (directory.isPresent()
                && !(Files.isDirectory(Path.of(directory.get())) && Files.isReadable(Path.of(directory.get())))) {
            faults.add(SECRET_DIRECTORY + ": " + directory.get() + " is no directory that can be read");
        }
        SECRETS.forEach(key -> inPlain(settings, key, key, faults));
        settings.namesUnder(SECRET_ENV)
                .forEach(name -> inPlain(settings, name, SECRET_ENV + lastPart(SECRET_ENV, name), faults));
        settings.namesUnder(ENV).stream()
                .filter(name -> SECRET_NAME.matcher(name).matches())
                .forEach(name -> environment(settings, name, faults));
        settings.namesUnder("omni.").stream()
                .filter(name -> SECRET_NAME.matcher(name).matches() && !isLookedAt(name))
                .forEach(name -> inPlain(settings, name, file(name), faults));
        WITH_PASSWORDS.forEach(prefix -> settings.namesUnder(prefix).stream()
                .filter(name -> PASSWORD_NAME.matcher(name).matches() && !isLookedAt(name))
                .forEach(name -> inPlain(settings, name, file(name), faults)));
        for (String key : List.of("quarkus.redis.hosts", "omni.daytona.toolbox-hosts")) {
            if (settings.texts(key).stream()
                            .anyMatch(address ->
                                    ADDRESS_WITH_PASSWORD.matcher(address).matches())
                    && !settings.givenInPlain(key).isEmpty()) {
                faults.add(key + ": holds a password; put that into the file quarkus.redis.password of "
                        + SECRET_DIRECTORY);
            }
        }
        return faults;
    }

    private static void inPlain(Settings settings, String name, String file, List<String> faults) {
        settings.givenInPlain(name)
                .forEach(where ->
                        faults.add("%s: is a secret, and given by %s; put it into the file %s of %s and nowhere else"
                                .formatted(name, where, file, SECRET_DIRECTORY)));
    }

    /** A variable of every sandbox that looks like a secret: wherever it is given, Daytona would show it. */
    private static void environment(Settings settings, String name, List<String> faults) {
        String file = SECRET_ENV + lastPart(ENV, name);
        int before = faults.size();
        inPlain(settings, name, file, faults);
        if (faults.size() == before && settings.text(name).isPresent()) {
            faults.add("%s: is a secret, and Daytona would show it; rename its file to %s".formatted(name, file));
        }
    }

    /** Whether there is a rule of its own for it. */
    private static boolean isLookedAt(String name) {
        String variable = Settings.variable(name);
        return SECRETS.stream().map(Settings::variable).anyMatch(variable::equals)
                || Stream.of(ENV, SECRET_ENV).map(Settings::variable).anyMatch(variable::startsWith);
    }

    private static String file(String name) {
        return name.contains(".") ? name : "that is called as the setting is";
    }

    private static String lastPart(String prefix, String name) {
        return name.substring(prefix.length()).replace("\"", "");
    }

    private static List<String> errorTracking(Settings settings) {
        List<String> faults = new ArrayList<>();
        if (settings.text(SENTRY_DSN).filter(dsn -> !isDsn(dsn.strip())).isPresent()) {
            faults.add(SENTRY_DSN + ": is no DSN of Sentry's; one looks like https://key@host/project");
        }
        settings.namesUnder(SENTRY_OF_QUARKUS)
                .forEach(name -> faults.add(name + ": is not read; reports are set up with omni.sentry.*"));
        return faults;
    }

    private static boolean isDsn(String text) {
        try {
            URI dsn = new URI(text).parseServerAuthority();
            return ("https".equalsIgnoreCase(dsn.getScheme()) || "http".equalsIgnoreCase(dsn.getScheme()))
                    && dsn.getHost() != null
                    && dsn.getUserInfo() != null
                    && !dsn.getUserInfo().split(":", 2)[0].isEmpty()
                    && dsn.getPath().matches(".*/[^/]+/?");
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static List<String> spools(Settings settings) {
        Optional<String> named = settings.text(SPOOLS);
        String directory = named.orElseGet(() -> System.getProperty("java.io.tmpdir"));
        return isUsable(directory)
                ? List.of()
                : List.of("%s: %s, %s, is no directory that can be written to"
                        .formatted(SPOOLS, directory, named.isPresent() ? "named here" : "the temporary one"));
    }

    /** Whether it is there to be written to, or can be made; nothing is made yet. */
    private static boolean isUsable(String directory) {
        try {
            Path path = Path.of(directory).toAbsolutePath();
            while (Files.notExists(path) && path.getParent() != null) {
                path = path.getParent();
            }
            return Files.isDirectory(path) && Files.isWritable(path);
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static List<String> autoStop(Settings settings) {
        return settings.text(AUTO_STOP).filter(ZERO.asMatchPredicate()).isPresent()
                        && !settings.isOn(StartupConfig.ALLOW_NO_AUTO_STOP)
                ? List.of(AUTO_STOP + ": is 0, so that forgotten sandboxes run for ever; if that is wanted, set "
                        + StartupConfig.ALLOW_NO_AUTO_STOP)
                : List.of();
    }
}
