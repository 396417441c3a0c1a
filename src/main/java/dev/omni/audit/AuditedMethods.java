package dev.omni.audit;

import jakarta.inject.Singleton;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.DynamicFeature;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.FeatureContext;
import jakarta.ws.rs.ext.Provider;

/** Sees every resource method once, while the application is put together, so that reflection is not needed when it runs. */
@Provider
@Singleton
class AuditedMethods implements DynamicFeature {
    @Override
    public void configure(ResourceInfo resource, FeatureContext features) {
        Audited audited = resource.getResourceMethod().getAnnotation(Audited.class);
        if (audited != null) {
            features.register(new Named(audited.value()));
        }
    }

    /** A method's filter, which says of each of its calls what it is. */
    private record Named(Action action) implements ContainerRequestFilter {
        @Override
        public void filter(ContainerRequestContext request) {
            AuditedCall.current().ifPresent(call -> call.is(action));
        }
    }
}
