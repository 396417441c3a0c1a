package dev.omni.identity;

import io.quarkus.runtime.StartupEvent;
import io.smallrye.jwt.algorithm.SignatureAlgorithm;
import io.smallrye.jwt.auth.principal.JWTAuthContextInfo;
import io.smallrye.jwt.config.JWTAuthContextInfoProvider;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Alternative;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * What a token must be to be believed: signed by the configured key, from the configured issuer, for the configured
 * audience. Until all of that is there the service runs, says so, and believes no token. In dev and test builds Quarkus
 * configures a key that it generated.
 */
@Singleton
public class TokenRules {
    private static final Logger LOG = Logger.getLogger(TokenRules.class);

    /** Asymmetric only: a key that everybody may read must not be one that tokens can be made with. */
    private static final Set<SignatureAlgorithm> ALLOWED_ALGORITHMS =
            Set.of(SignatureAlgorithm.RS256, SignatureAlgorithm.ES256);

    private final JWTAuthContextInfoProvider configured;
    private final List<String> missing;

    TokenRules(
            JWTAuthContextInfoProvider configured,
            @ConfigProperty(name = "mp.jwt.verify.publickey.location") Optional<String> keyLocation,
            @ConfigProperty(name = "mp.jwt.verify.publickey") Optional<String> key,
            @ConfigProperty(name = "mp.jwt.verify.issuer") Optional<String> issuer,
            @ConfigProperty(name = "mp.jwt.verify.audiences") Optional<List<String>> audiences) {
        this.configured = configured;
        List<String> absent = new ArrayList<>();
        if (keyLocation.isEmpty() && key.isEmpty()) {
            absent.add("mp.jwt.verify.publickey.location");
        }
        if (issuer.isEmpty()) {
            absent.add("mp.jwt.verify.issuer");
        }
        if (audiences.isEmpty()) {
            absent.add("mp.jwt.verify.audiences");
        }
        missing = List.copyOf(absent);
    }

    /** The configuration keys without which no token is believed; empty when all is there. */
    public List<String> missing() {
        return missing;
    }

    /** Reads the key at start, so that a wrong setting is told then and not to the first caller. */
    void start(@Observes StartupEvent event, JWTAuthContextInfo rules) {
        if (!ALLOWED_ALGORITHMS.containsAll(rules.getSignatureAlgorithm())) {
            throw new IllegalStateException(
                    "mp.jwt.verify.publickey.algorithm may be RS256 or ES256, not " + rules.getSignatureAlgorithm());
        }
        if (!missing.isEmpty()) {
            LOG.warnf("Every token is refused until these are configured: %s", String.join(", ", missing));
        }
    }

    @Produces
    @Alternative
    @Priority(1)
    @ApplicationScoped
    JWTAuthContextInfo rules() {
        JWTAuthContextInfo rules = new JWTAuthContextInfo(configured.getContextInfo());
        if (!missing.isEmpty()) {
            rules.setPublicVerificationKey(keyOfNobody());
        }
        return rules;
    }

    /** A key whose other half is thrown away: there is no token that it verifies. */
    private static PublicKey keyOfNobody() {
        try {
            return KeyPairGenerator.getInstance("RSA").generateKeyPair().getPublic();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("This Java runtime lacks RSA", e);
        }
    }
}
