package dev.omni.problem;

import jakarta.inject.Singleton;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.DynamicFeature;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.FeatureContext;
import jakarta.ws.rs.ext.Provider;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Every resource method of the application, seen once while it is put together, so that reflection is not needed when it
 * runs: each gets its {@link Endpoint} check, and its address and method are remembered for the Allow header.
 */
@Provider
@Singleton
class Endpoints implements DynamicFeature {
    private static final Pattern TEMPLATE = Pattern.compile("\\{\\s*[\\w.-]+\\s*(?::\\s*([^{}]+?)\\s*)?}");

    private record Known(String method, Pattern path) {}

    private final List<Known> known = new ArrayList<>();

    @Override
    public void configure(ResourceInfo resource, FeatureContext features) {
        Method method = resource.getResourceMethod();
        features.register(new Endpoint(method));
        String verb = verb(method);
        if (verb != null) {
            Path root = resource.getResourceClass().getAnnotation(Path.class);
            known.add(new Known(verb, path(root, method.getAnnotation(Path.class))));
        }
    }

    /** The methods an address knows, as the Allow header lists them. */
    String allowed(String path) {
        String address = path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        Set<String> methods = new TreeSet<>(Set.of(HttpMethod.OPTIONS));
        for (Known endpoint : known) {
            if (endpoint.path().matcher(address).matches()) {
                methods.add(endpoint.method());
                if (endpoint.method().equals(HttpMethod.GET)) {
                    methods.add(HttpMethod.HEAD);
                }
            }
        }
        return String.join(", ", methods);
    }

    private static @Nullable String verb(Method method) {
        return Arrays.stream(method.getAnnotations())
                .map(Annotation::annotationType)
                .map(type -> type.getAnnotation(HttpMethod.class))
                .filter(found -> found != null)
                .map(HttpMethod::value)
                .findFirst()
                .orElse(null);
    }

    private static Pattern path(@Nullable Path... parts) {
        StringBuilder regex = new StringBuilder();
        for (Path part : parts) {
            String segment = part == null ? "" : part.value().replaceAll("^/+|/+$", "");
            if (!segment.isEmpty()) {
                regex.append('/').append(regex(segment));
            }
        }
        return Pattern.compile(regex.isEmpty() ? "/" : regex.toString());
    }

    private static String regex(String template) {
        StringBuilder regex = new StringBuilder();
        int end = 0;
        Matcher parameter = TEMPLATE.matcher(template);
        while (parameter.find()) {
            regex.append(Pattern.quote(template.substring(end, parameter.start())));
            String own = parameter.group(1);
            regex.append(own == null ? "[^/]+" : "(?:" + own + ")");
            end = parameter.end();
        }
        return regex.append(Pattern.quote(template.substring(end))).toString();
    }
}
