package dev.omni.daytona;

import io.quarkus.rest.client.reactive.Url;
import io.smallrye.mutiny.Uni;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.net.URI;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The control plane's routes, under the address of the API. */
@Path("/sandbox")
interface ControlPlaneApi {
    @POST
    Uni<Wire.Sandbox> create(@Url URI api, Wire.CreateSandbox sandbox);

    @GET
    @Path("/{sandbox}")
    Uni<Wire.Sandbox> get(@Url URI api, @PathParam("sandbox") String idOrName);

    @GET
    Uni<Wire.SandboxPage> list(
            @Url URI api,
            @QueryParam("labels") @Nullable String labels,
            @QueryParam("states") Set<String> states,
            @QueryParam("limit") int limit,
            @QueryParam("cursor") @Nullable String cursor,
            @QueryParam("sort") String sort,
            @QueryParam("order") String order);

    @POST
    @Path("/{sandbox}/start")
    Uni<Wire.Sandbox> start(@Url URI api, @PathParam("sandbox") String id);

    @POST
    @Path("/{sandbox}/recover")
    Uni<Wire.Sandbox> recover(@Url URI api, @PathParam("sandbox") String id);

    @POST
    @Path("/{sandbox}/stop")
    Uni<Void> stop(@Url URI api, @PathParam("sandbox") String id);

    @POST
    @Path("/{sandbox}/archive")
    Uni<Void> archive(@Url URI api, @PathParam("sandbox") String id);

    @DELETE
    @Path("/{sandbox}")
    Uni<Void> delete(@Url URI api, @PathParam("sandbox") String id);

    @PUT
    @Path("/{sandbox}/labels")
    Uni<Void> setLabels(@Url URI api, @PathParam("sandbox") String id, Wire.Labels labels);

    /** Sets one of the idle policies: {@code autostop}, {@code autoarchive} or {@code autodelete} */
    @POST
    @Path("/{sandbox}/{policy}/{minutes}")
    Uni<Void> setIdlePolicy(
            @Url URI api,
            @PathParam("sandbox") String id,
            @PathParam("policy") String policy,
            @PathParam("minutes") int minutes);
}
