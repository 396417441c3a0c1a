package dev.omni.audit;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.DynamicFeature;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.FeatureContext;
import jakarta.ws.rs.ext.Provider;

/** Watches every call from its first moment to its answer, and knows of each resource method whether it is audited. */
@Provider
@Singleton
class AuditedCalls implements DynamicFeature {
    /** After the request id is there, before anything answers. */
    private static final int EARLY = 9_400;

    private final AuditTrail trail;

    AuditedCalls(AuditTrail trail) {
        this.trail = trail;
    }

    void register(@Observes Filters filters) {
        filters.register(this::watch, EARLY);
    }

    private void watch(RoutingContext context) {
        AuditedCall call = new AuditedCall(context);
        call.begin();
        context.addEndHandler(end -> call.entry(end.failed()).ifPresent(trail::write));
        context.next();
    }

    /** Seen once while the application is put together, so that reflection is not needed when it runs. */
    @Override
    public void configure(ResourceInfo resource, FeatureContext features) {
        Audited audited = resource.getResourceMethod().getAnnotation(Audited.class);
        if (audited != null) {
            features.register(new Named(audited.value()));
        }
    }

    private record Named(Action action) implements ContainerRequestFilter {
        @Override
        public void filter(ContainerRequestContext request) {
            AuditedCall.current().ifPresent(call -> call.is(action));
        }
    }
}
