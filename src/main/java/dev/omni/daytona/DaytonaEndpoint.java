package dev.omni.daytona;

import java.net.URI;

/**
 * Where Daytona is and the key for it, as they are now. A bean of this type is asked before every call, so that the key may
 * change while the service runs; {@code omni.daytona.api-url} and {@code omni.daytona.api-key}, where both are set, go
 * before it.
 */
public interface DaytonaEndpoint {
    /** The address of the control plane, with its path ({@code https://app.daytona.io/api}). */
    URI apiUrl();

    /** The API key, a secret. */
    String apiKey();
}
