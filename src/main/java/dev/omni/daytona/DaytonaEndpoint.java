package dev.omni.daytona;

import java.net.URI;

/** Where Daytona is and the key for it. */
public interface DaytonaEndpoint {
    URI apiUrl();

    String apiKey();
}
