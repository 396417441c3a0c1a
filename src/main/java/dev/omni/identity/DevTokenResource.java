package dev.omni.identity;

import dev.omni.problem.PlainText;
import io.quarkus.arc.profile.IfBuildProfile;
import io.smallrye.jwt.build.Jwt;
import jakarta.annotation.security.PermitAll;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.UUID;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** Hands out tokens to developers and tests, signed with the key that such builds generate. No other build has it. */
@Path("/dev/token")
@PermitAll
@IfBuildProfile(anyOf = {"dev", "test"})
@Consumes(MediaType.APPLICATION_JSON)
@Produces(MediaType.APPLICATION_JSON)
class DevTokenResource {
    private static final long DEFAULT_SECONDS = Duration.ofHours(1).toSeconds();

    /** Who the token is to be for. */
    @Schema(examples = "{\"sub\": \"alice\", \"groups\": [], \"expiresInSeconds\": 3600}")
    record Request(
            @NotBlank @Size(max = 128) @PlainText String sub,
            @Size(max = 16) @Nullable Set<@NotBlank @Size(max = 64) @PlainText String> groups,
            @Min(1) @Max(86_400) @Nullable Long expiresInSeconds) {}

    record Token(String token, Instant expiresAt) {}

    private final String issuer;
    private final Set<String> audiences;

    DevTokenResource(
            @ConfigProperty(name = "mp.jwt.verify.issuer") String issuer,
            @ConfigProperty(name = "mp.jwt.verify.audiences") Set<String> audiences) {
        this.issuer = issuer;
        this.audiences = audiences;
    }

    @POST
    @Operation(operationId = "createDevToken", summary = "Get a token for local development")
    public Token create(@Valid Request request) {
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        Long seconds = request.expiresInSeconds();
        Instant end = now.plusSeconds(seconds == null ? DEFAULT_SECONDS : seconds);
        Set<String> groups = request.groups();
        String token = Jwt.issuer(issuer)
                .audience(audiences)
                .subject(request.sub())
                .groups(groups == null ? Set.of() : groups)
                .claim("jti", UUID.randomUUID().toString())
                .issuedAt(now)
                .expiresAt(end)
                .sign();
        return new Token(token, end);
    }
}
