package dev.omni.security;

import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.DynamicFeature;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.FeatureContext;
import jakarta.ws.rs.ext.Provider;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Everything the running application answers at: its resources, as it was put together, and what else is in its router. */
@Provider
@Singleton
public class Routes implements DynamicFeature {
    private final Set<String> resources = new TreeSet<>();
    private final List<Router> routers = new ArrayList<>();

    @Override
    public void configure(ResourceInfo resource, FeatureContext features) {
        Method method = resource.getResourceMethod();
        String path = Stream.of(resource.getResourceClass().getAnnotation(Path.class), method.getAnnotation(Path.class))
                .filter(Objects::nonNull)
                .map(annotation -> annotation.value().replaceAll("^/+|/+$", ""))
                .filter(part -> !part.isEmpty())
                .reduce("", (before, part) -> before + "/" + part);
        Arrays.stream(method.getAnnotations())
                .map(annotation -> annotation.annotationType().getAnnotation(HttpMethod.class))
                .filter(Objects::nonNull)
                .forEach(verb -> resources.add(verb.value() + " " + path));
    }

    void register(@Observes Router router) {
        routers.add(router);
    }

    /** Those of tests are no part of the service. */
    Set<String> resources() {
        Set<String> ours = new TreeSet<>(resources);
        ours.removeIf(route -> route.contains(" /test-"));
        return ours;
    }

    /** The addresses in the router that are no resources. */
    Set<String> others() {
        Set<String> paths = new TreeSet<>();
        routers.forEach(router -> collect("", router, paths));
        return paths;
    }

    private static void collect(String prefix, Router router, Set<String> paths) {
        for (Route route : router.getRoutes()) {
            String path = prefix + Objects.requireNonNullElse(route.getPath(), "");
            Router within = route.getSubRouter();
            if (within != null) {
                collect(path.replaceAll("/$", ""), within, paths);
            } else if (route.getPath() != null) {
                paths.add(path);
            }
        }
    }
}
