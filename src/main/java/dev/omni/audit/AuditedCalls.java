package dev.omni.audit;

import dev.omni.identity.ClientAddresses;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import org.jboss.logging.Logger;

/** Watches every call from its first moment to its answer. */
@Singleton
class AuditedCalls {
    private static final Logger LOG = Logger.getLogger(AuditedCalls.class);

    /** After the request id is there, before anything answers. */
    private static final int EARLY = 9_400;

    private final AuditTrail trail;
    private final ClientAddresses addresses;

    AuditedCalls(AuditTrail trail, ClientAddresses addresses) {
        this.trail = trail;
        this.addresses = addresses;
    }

    void register(@Observes Filters filters) {
        filters.register(this::watch, EARLY);
    }

    private void watch(RoutingContext context) {
        AuditedCall call =
                new AuditedCall(context, addresses.of(context.request()).host(), trail::write);
        call.begin();
        context.addEndHandler(end -> tell(call, end.failed()));
        context.next();
    }

    private void tell(AuditedCall call, boolean aborted) {
        try {
            call.end(aborted);
        } catch (RuntimeException e) {
            // Thrown from here it would take the answer with it.
            LOG.error("a call could not be told of in the audit trail", e);
        }
    }
}
