package dev.omni.identity;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;

/** A resource whose author forgot to say who may call it. */
@Path("/test-forgotten")
public class ForgottenResource {
    @GET
    public String get() {
        return "secret";
    }
}
