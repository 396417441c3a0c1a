package dev.omni.identity;

import io.quarkus.security.Authenticated;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.websockets.next.OnOpen;
import io.quarkus.websockets.next.WebSocket;
import jakarta.inject.Inject;

/** A socket as any author would write one: it greets its user. */
@WebSocket(path = "/test-socket")
@Authenticated
public class ProbeSocket {
    @Inject
    SecurityIdentity identity;

    @OnOpen
    public String greet() {
        return Caller.of(identity).userId();
    }
}
