package dev.omni.daytona;

import io.quarkus.rest.client.reactive.Url;
import io.smallrye.mutiny.Uni;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.MediaType;
import java.net.URI;
import java.util.List;
import org.jboss.resteasy.reactive.client.api.ClientMultipartForm;

/** The toolbox's routes, under the address that the sandbox tells. */
@Path("/{sandbox}")
interface ToolboxApi {
    @GET
    @Path("/user-home-dir")
    Uni<Wire.Directory> homeDirectory(@Url URI toolbox, @PathParam("sandbox") String sandbox);

    @POST
    @Path("/process/session")
    Uni<Void> createSession(@Url URI toolbox, @PathParam("sandbox") String sandbox, Wire.CreateSession session);

    @GET
    @Path("/process/session")
    Uni<List<Wire.SessionState>> sessions(@Url URI toolbox, @PathParam("sandbox") String sandbox);

    @GET
    @Path("/process/session/{session}")
    Uni<Wire.SessionState> session(
            @Url URI toolbox, @PathParam("sandbox") String sandbox, @PathParam("session") String session);

    @DELETE
    @Path("/process/session/{session}")
    Uni<Void> deleteSession(
            @Url URI toolbox, @PathParam("sandbox") String sandbox, @PathParam("session") String session);

    @POST
    @Path("/process/session/{session}/exec")
    Uni<Wire.CommandStarted> start(
            @Url URI toolbox,
            @PathParam("sandbox") String sandbox,
            @PathParam("session") String session,
            Wire.StartCommand command);

    @GET
    @Path("/process/session/{session}/command/{command}")
    Uni<Wire.Command> command(
            @Url URI toolbox,
            @PathParam("sandbox") String sandbox,
            @PathParam("session") String session,
            @PathParam("command") String command);

    @POST
    @Path("/process/session/{session}/command/{command}/input")
    Uni<Void> input(
            @Url URI toolbox,
            @PathParam("sandbox") String sandbox,
            @PathParam("session") String session,
            @PathParam("command") String command,
            Wire.Input input);

    @POST
    @Path("/process/execute")
    Uni<Wire.Executed> execute(@Url URI toolbox, @PathParam("sandbox") String sandbox, Wire.Execute command);

    @POST
    @Path("/files/bulk-upload")
    @Consumes(MediaType.MULTIPART_FORM_DATA)
    Uni<Void> upload(@Url URI toolbox, @PathParam("sandbox") String sandbox, ClientMultipartForm files);
}
