package dev.omni.limit;

import jakarta.inject.Singleton;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.DynamicFeature;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.FeatureContext;
import jakarta.ws.rs.ext.Provider;

/** Sees each resource method once, when the application is put together, and has its requests say what limits them. */
@Provider
@Singleton
class LimitedMethods implements DynamicFeature {
    private static final String PROPERTY = Policy.class.getName();

    /** Before {@link LimitFilter}. */
    private static final int PRIORITY = LimitFilter.PRIORITY - 100;

    @Override
    public void configure(ResourceInfo resource, FeatureContext features) {
        Limited limited = resource.getResourceMethod().getAnnotation(Limited.class);
        if (limited != null) {
            features.register(new Mark(limited.value()), PRIORITY);
        }
    }

    static Policy policyOf(ContainerRequestContext request) {
        return request.getProperty(PROPERTY) instanceof Policy policy ? policy : Policy.GENERAL;
    }

    private record Mark(Policy policy) implements ContainerRequestFilter {
        @Override
        public void filter(ContainerRequestContext request) {
            request.setProperty(PROPERTY, policy);
        }
    }
}
