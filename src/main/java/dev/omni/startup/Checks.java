package dev.omni.startup;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
            new Check("auto-stop of sandboxes", Checks::autoStop));

    private static final String ORIGINS = "quarkus.http.cors.origins";
    /** Of a domain that can belong to nobody: a pattern that lets one of them in lets everybody in. */
    private static final List<String> ORIGINS_OF_NOBODY = List.of(
            "https://nobody.invalid",
            "http://nobody.invalid",
            "https://nobody.invalid:8443",
            "http://nobody.invalid:8080");

    private static final String PROXY = "quarkus.http.proxy.";
    private static final Set<String> EVERYBODY = Set.of("0.0.0.0/0", "::/0", "0:0:0:0:0:0:0:0/0");

    private static final String DAYTONA_URL = "omni.daytona.api-url";
    private static final String ISSUER = "mp.jwt.verify.issuer";
    private static final String AUDIENCES = "mp.jwt.verify.audiences";
    private static final Set<String> DEVELOPMENT_ISSUERS = Set.of("omni-dev", "omni-test");

    private static final String SECRET_DIRECTORY = "omni.secret.directory";
    private static final List<String> SECRETS =
            List.of("omni.daytona.api-key", "quarkus.redis.password", "quarkus.log.sentry.dsn");
    private static final String SECRET_ENV = "omni.sandbox.secret-env.";
    private static final String ENV = "omni.sandbox.env.";
    private static final Pattern SECRET_NAME =
            Pattern.compile("(?i).*(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)\"?");
    private static final Pattern ADDRESS_WITH_PASSWORD =
            Pattern.compile("(?i)\\w+://[^/@]*:[^/@]+@.*|.*[?&]password=.*");

    private static final String AUTO_STOP = "omni.sandbox.idle.stop-after-minutes";

    private Checks() {}

    private static List<String> crossOrigin(Settings settings) {
        List<String> faults = new ArrayList<>();
        for (String origin : settings.texts(ORIGINS)) {
            if (origin.equals("*")) {
                faults.add(ORIGINS + ": * lets every website call; name the origins of the web apps");
            } else if (origin.length() > 1 && origin.startsWith("/") && origin.endsWith("/")) {
                try {
                    Pattern pattern = Pattern.compile(origin.substring(1, origin.length() - 1));
                    if (ORIGINS_OF_NOBODY.stream()
                            .anyMatch(nobody -> pattern.matcher(nobody).matches())) {
                        faults.add(ORIGINS + ": the pattern " + origin
                                + " lets every website call; name the origins of the web apps");
                    }
                } catch (PatternSyntaxException e) {
                    faults.add(ORIGINS + ": " + origin + " is no pattern");
                }
            }
        }
        return faults;
    }

    private static List<String> proxies(Settings settings) {
        boolean forwarding = Stream.of("proxy-address-forwarding", "allow-forwarded", "allow-x-forwarded")
                .anyMatch(name -> settings.isOn(PROXY + name));
        if (!forwarding) {
            return List.of();
        }
        List<String> trusted = settings.texts(PROXY + "trusted-proxies");
        if (trusted.isEmpty()) {
            return List.of(PROXY + "trusted-proxies: is not set, so that everybody could forge an address; name the"
                    + " networks that the proxy calls from");
        }
        return trusted.stream()
                .filter(EVERYBODY::contains)
                .map(network -> PROXY + "trusted-proxies: " + network
                        + " is everybody; name the networks that the proxy" + " calls from")
                .toList();
    }

    private static List<String> tls(Settings settings) {
        return Stream.of("quarkus.tls.trust-all", "smallrye.jwt.client.tls.trust-all", "quarkus.rest-client.trust-all")
                .filter(settings::isOn)
                .map(key -> key + ": anybody could pose as the other side; trust the certificates that you expect")
                .toList();
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
        settings.namesUnder(SECRET_ENV).forEach(name -> inPlain(settings, name, name, faults));
        settings.namesUnder(ENV).stream()
                .filter(name -> SECRET_NAME.matcher(name).matches())
                .forEach(name -> inPlain(settings, name, SECRET_ENV + lastPart(name), faults));
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

    private static String lastPart(String name) {
        String variable = Settings.variable(ENV);
        return name.startsWith(ENV)
                ? name.substring(ENV.length()).replace("\"", "")
                : name.substring(variable.length());
    }

    private static List<String> autoStop(Settings settings) {
        return settings.text(AUTO_STOP).filter("0"::equals).isPresent()
                        && !settings.isOn(StartupConfig.ALLOW_NO_AUTO_STOP)
                ? List.of(AUTO_STOP + ": is 0, so that forgotten sandboxes run for ever; if that is wanted, set "
                        + StartupConfig.ALLOW_NO_AUTO_STOP)
                : List.of();
    }
}
