package dev.omni.problem;

import io.quarkus.runtime.annotations.RegisterForReflection;

/**
 * One thing wrong with a request.
 *
 * @param field the path of the field in the body ({@code idle.stopAfterMinutes}), or the name of the parameter or header
 * @param message what is expected of it
 */
@RegisterForReflection
public record Violation(String field, String message) {}
