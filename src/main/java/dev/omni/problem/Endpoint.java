package dev.omni.problem;

import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.core.UriInfo;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.resteasy.reactive.RestHeader;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestQuery;
import org.jspecify.annotations.Nullable;

/**
 * What one resource method declares about its parameters, and the check of a request against that: nothing undeclared in
 * the query, nothing twice that stands for one value, nothing that is not of its type. Read from the method once, when the
 * application is put together.
 */
final class Endpoint implements ContainerRequestFilter {
    private static final String PROPERTY = Endpoint.class.getName();

    private static final Pattern CANONICAL_UUID = Pattern.compile("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}");

    private enum Place {
        PATH,
        QUERY,
        HEADER
    }

    /** A parameter by its name on the wire. */
    private record Declared(Place place, String name, Class<?> type, boolean repeatable) {}

    /** By the index of the method's parameter; null where that is the body or comes from the framework. */
    private final List<@Nullable Declared> parameters;

    private final Map<String, Declared> query;

    Endpoint(Method method) {
        parameters = new ArrayList<>(method.getParameterCount());
        for (Parameter parameter : method.getParameters()) {
            parameters.add(declared(parameter));
        }
        query = declared()
                .filter(p -> p.place() == Place.QUERY)
                .collect(Collectors.toUnmodifiableMap(Declared::name, Function.identity()));
    }

    /** The endpoint a request was matched to; null when it was refused before that. */
    static @Nullable Endpoint of(ContainerRequestContext request) {
        return (Endpoint) request.getProperty(PROPERTY);
    }

    /** The wire name of the method's parameter; null for the body. */
    @Nullable
    String parameterName(int index) {
        Declared declared = index < parameters.size() ? parameters.get(index) : null;
        return declared == null ? null : declared.name();
    }

    /** Names what can have failed to convert, for types that the check below does not know. */
    String convertedParameters() {
        return declared()
                .filter(p -> p.type() != String.class)
                .map(Declared::name)
                .collect(Collectors.joining(" or "));
    }

    @Override
    public void filter(ContainerRequestContext request) {
        request.setProperty(PROPERTY, this);
        UriInfo uri = request.getUriInfo();
        uri.getQueryParameters().forEach((name, values) -> {
            Declared declared = query.get(name);
            if (declared == null) {
                throw ProblemException.of(
                        ProblemCode.UNKNOWN_PARAMETER,
                        List.of(new Violation(FieldNames.shown(name), "is not a known query parameter")));
            }
            if (!declared.repeatable()) {
                checkOnce(declared, values);
            }
            values.forEach(value -> {
                requireValue(declared, value);
                check(declared, value);
            });
        });
        declared().filter(p -> p.place() == Place.HEADER && !p.repeatable()).forEach(p -> {
            List<String> values = request.getHeaders().getOrDefault(p.name(), List.of());
            checkOnce(p, values);
            values.forEach(value -> requireValue(p, value));
        });
        declared()
                .filter(p -> p.place() == Place.PATH)
                .forEach(p -> check(p, String.valueOf(uri.getPathParameters().getFirst(p.name()))));
    }

    private Stream<Declared> declared() {
        return parameters.stream().flatMap(Stream::ofNullable);
    }

    /** The framework would take the first of several, which need not be the one that was meant. */
    private static void checkOnce(Declared declared, List<String> values) {
        if (values.size() > 1) {
            throw ProblemException.invalid(declared.name(), "must be given once");
        }
    }

    /** The framework would take an empty value for none at all. */
    private static void requireValue(Declared declared, @Nullable String value) {
        if (value == null || value.isEmpty()) {
            throw ProblemException.invalid(declared.name(), "must not be empty");
        }
    }

    private static void check(Declared declared, String value) {
        String expected = expectation(declared.type(), value);
        if (expected != null) {
            throw ProblemException.invalid(declared.name(), expected);
        }
    }

    /** What is expected of a value in place of this one; null when it will do, or when its type is not known here. */
    private static @Nullable String expectation(Class<?> type, String value) {
        if (type == UUID.class) {
            return CANONICAL_UUID.matcher(value).matches() ? null : "must be a UUID";
        }
        if (type == boolean.class || type == Boolean.class) {
            return value.equals("true") || value.equals("false") ? null : "must be true or false";
        }
        if (type == int.class || type == Integer.class) {
            return isWhole(value, Integer.MIN_VALUE, Integer.MAX_VALUE) ? null : "must be a whole number in range";
        }
        if (type == long.class || type == Long.class) {
            return isWhole(value, Long.MIN_VALUE, Long.MAX_VALUE) ? null : "must be a whole number in range";
        }
        return null;
    }

    private static boolean isWhole(String value, long min, long max) {
        try {
            long number = Long.parseLong(value);
            return number >= min && number <= max;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static @Nullable Declared declared(Parameter parameter) {
        for (Annotation annotation : parameter.getAnnotations()) {
            Declared declared = switch (annotation) {
                case QueryParam p -> declared(parameter, Place.QUERY, p.value());
                case RestQuery p -> declared(parameter, Place.QUERY, p.value());
                case PathParam p -> declared(parameter, Place.PATH, p.value());
                case RestPath p -> declared(parameter, Place.PATH, p.value());
                case HeaderParam p -> declared(parameter, Place.HEADER, p.value());
                case RestHeader p -> declared(parameter, Place.HEADER, p.value());
                default -> null;
            };
            if (declared != null) {
                return declared;
            }
        }
        return null;
    }

    private static Declared declared(Parameter parameter, Place place, String name) {
        Class<?> type = parameter.getType();
        boolean repeatable = type.isArray() || Collection.class.isAssignableFrom(type);
        return new Declared(place, name.isEmpty() ? parameter.getName() : name, valueType(parameter), repeatable);
    }

    /** The type of one value: what a list, a set or an Optional holds. */
    private static Class<?> valueType(Parameter parameter) {
        Class<?> type = parameter.getType();
        if (type.isArray()) {
            return type.getComponentType();
        }
        boolean holder = Collection.class.isAssignableFrom(type) || type == Optional.class;
        return holder && parameter.getParameterizedType() instanceof ParameterizedType held
                ? Arrays.stream(held.getActualTypeArguments())
                        .findFirst()
                        .filter(Class.class::isInstance)
                        .<Class<?>>map(Class.class::cast)
                        .orElse(String.class)
                : type;
    }
}
