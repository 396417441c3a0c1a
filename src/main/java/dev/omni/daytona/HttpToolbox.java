package dev.omni.daytona;

import dev.omni.daytona.DaytonaException.Kind;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.core.buffer.Buffer;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriBuilder;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.client.api.ClientMultipartForm;

/** The toolbox of one sandbox, over the network. */
final class HttpToolbox implements Toolbox {
    private static final Logger LOG = Logger.getLogger(HttpToolbox.class);
    private static final String LOGS = "/{sandbox}/process/session/{session}/command/{command}/logs";
    private static final String DOWNLOAD = "/{sandbox}/files/download";

    /** What the pipe to a command's stdin answers until the command's shell has made it. */
    private static final int NO_PIPE_YET = 500;

    private final Transport transport;
    private final DaytonaConfig config;
    private final ToolboxApi api;
    private final String sandbox;
    private final URI proxy;
    private final Place place;

    HttpToolbox(Transport transport, String sandbox, String owner, URI proxy) {
        this.transport = transport;
        this.config = transport.config();
        this.api = transport.toolbox();
        this.sandbox = sandbox;
        this.proxy = proxy;
        this.place = new Place(String.valueOf(proxy.getAuthority()).toLowerCase(Locale.ROOT), owner);
    }

    @Override
    public Uni<String> homeDirectory() {
        return read(
                DaytonaOperation.GET_HOME,
                base -> api.homeDirectory(base, sandbox),
                home -> Wire.required(home.dir(), "dir"));
    }

    @Override
    public Uni<Void> createSession(String sessionId) {
        return change(
                DaytonaOperation.CREATE_SESSION,
                config.timeouts().toolbox(),
                base -> api.createSession(base, sandbox, new Wire.CreateSession(sessionId)));
    }

    @Override
    public Uni<Void> deleteSession(String sessionId) {
        return change(
                        DaytonaOperation.DELETE_SESSION,
                        config.timeouts().toolbox(),
                        base -> api.deleteSession(base, sandbox, sessionId))
                .onFailure(DaytonaException.is(Kind.NOT_FOUND))
                .recoverWithNull();
    }

    @Override
    public Uni<List<Session>> sessions() {
        return read(
                DaytonaOperation.GET_SESSION,
                base -> api.sessions(base, sandbox),
                sessions -> sessions.stream().map(Wire.SessionState::toSession).toList());
    }

    @Override
    public Uni<Session> session(String sessionId) {
        return read(
                DaytonaOperation.GET_SESSION,
                base -> api.session(base, sandbox, sessionId),
                Wire.SessionState::toSession);
    }

    @Override
    public Uni<String> start(String sessionId, String command) {
        return change(
                DaytonaOperation.START_COMMAND,
                config.timeouts().toolbox(),
                base -> api.start(base, sandbox, sessionId, new Wire.StartCommand(command))
                        .map(started ->
                                Wire.required(Wire.required(started, "a body").cmdId(), "cmdId")));
    }

    @Override
    public Uni<Session.Command> command(String sessionId, String commandId) {
        return read(
                DaytonaOperation.GET_COMMAND,
                base -> api.command(base, sandbox, sessionId, commandId),
                Wire.Command::toCommand);
    }

    @Override
    public Uni<Void> input(String sessionId, String commandId, String data) {
        return transport.soon(
                DaytonaOperation.SEND_INPUT,
                place,
                config.timeouts().toolbox(),
                NO_PIPE_YET,
                endpoint -> api.input(base(endpoint), sandbox, sessionId, commandId, new Wire.Input(data)));
    }

    @Override
    public Multi<Buffer> followLog(String sessionId, String commandId) {
        DaytonaConfig.Follow follow = config.follow();
        return transport.stream(
                DaytonaOperation.FOLLOW_LOG,
                place,
                new UpstreamStream.Patience(follow.handshake(), follow.pingInterval(), follow.pongTimeout()),
                () -> {
                    DaytonaEndpoint endpoint = transport.endpoint();
                    return new FollowStream(
                            transport.webSockets(),
                            uri(endpoint, LOGS).queryParam("follow", true).build(sandbox, sessionId, commandId),
                            transport.headers(endpoint),
                            follow.handshake());
                });
    }

    @Override
    public Multi<Buffer> readLog(String sessionId, String commandId) {
        return log(DaytonaOperation.READ_LOG, patience(), sessionId, commandId);
    }

    @Override
    public Multi<Buffer> readOutput(String sessionId, String commandId) {
        return log(DaytonaOperation.READ_OUTPUT, patience().withReader(), sessionId, commandId);
    }

    private Multi<Buffer> log(
            DaytonaOperation operation, UpstreamStream.Patience patience, String sessionId, String commandId) {
        long max = config.maxLogSize().asLongValue();
        Multi<Buffer> log = transport.stream(operation, place, patience, () -> {
            DaytonaEndpoint endpoint = transport.endpoint();
            Map<String, String> headers = transport.headers(endpoint);
            // With a version Daytona would answer JSON, in which bytes that are no UTF-8 are lost.
            headers.remove(Transport.VERSION_HEADER);
            headers.put("X-Daytona-Split-Output", "true");
            return download(uri(endpoint, LOGS).build(sandbox, sessionId, commandId), headers);
        });
        return Multi.createFrom().deferred(() -> {
            AtomicLong read = new AtomicLong();
            return log.onItem().invoke(bytes -> {
                if (read.addAndGet(bytes.length()) > max) {
                    throw tooLarge("log", max);
                }
            });
        });
    }

    @Override
    public Uni<Execution> execute(String command, Map<String, String> env, Duration timeout) {
        long seconds = Math.max(1, timeout.plusMillis(999).toSeconds());
        return change(
                DaytonaOperation.EXECUTE,
                Duration.ofSeconds(seconds).plus(config.timeouts().toolbox()),
                base -> api.execute(base, sandbox, new Wire.Execute(command, seconds, env))
                        .map(executed -> Wire.required(executed, "a body").toExecution()));
    }

    @Override
    public Uni<Void> upload(String path, Buffer content) {
        return change(
                DaytonaOperation.UPLOAD_FILE,
                config.timeouts().transfer(),
                base -> api.upload(
                        base,
                        sandbox,
                        // The path must come first: Daytona writes the file as it reads it.
                        ClientMultipartForm.create()
                                .attribute("files[0].path", path, null)
                                .binaryFileUpload(
                                        "files[0].file", "content", content, MediaType.APPLICATION_OCTET_STREAM)));
    }

    @Override
    public Uni<Buffer> download(String path, int maxBytes) {
        return transport.stream(DaytonaOperation.DOWNLOAD_FILE, place, patience(), () -> {
                    DaytonaEndpoint endpoint = transport.endpoint();
                    return download(
                            uri(endpoint, DOWNLOAD).queryParam("path", "{path}").build(sandbox, path),
                            transport.headers(endpoint));
                })
                .collect()
                .in(Buffer::buffer, (file, bytes) -> {
                    if (file.length() + bytes.length() > maxBytes) {
                        throw tooLarge("file", maxBytes);
                    }
                    file.appendBuffer(bytes);
                });
    }

    private UpstreamStream.Patience patience() {
        Duration limit = config.timeouts().toolbox();
        return new UpstreamStream.Patience(limit, limit, limit);
    }

    private HttpDownload download(URI uri, Map<String, String> headers) {
        return new HttpDownload(transport.http(), transport.errors(), uri, headers);
    }

    private <W, T> Uni<T> read(DaytonaOperation operation, Function<URI, Uni<W>> call, Function<W, T> answer) {
        return transport.call(
                operation,
                place,
                config.timeouts().toolbox(),
                endpoint -> call.apply(base(endpoint)).map(body -> answer.apply(Wire.required(body, "a body"))));
    }

    private <T> Uni<T> change(DaytonaOperation operation, Duration limit, Function<URI, Uni<T>> call) {
        return transport.call(operation, place, limit, endpoint -> call.apply(base(endpoint)));
    }

    private UriBuilder uri(DaytonaEndpoint endpoint, String path) {
        return UriBuilder.fromUri(base(endpoint)).path(path);
    }

    /**
     * The address of the toolboxes, if our key may be sent there. It comes from Daytona itself, but a region may carry any:
     * whoever can name one must not get the key.
     */
    private URI base(DaytonaEndpoint endpoint) {
        String scheme = String.valueOf(proxy.getScheme()).toLowerCase(Locale.ROOT);
        String host = String.valueOf(proxy.getHost()).toLowerCase(Locale.ROOT);
        String apiHost = endpoint.apiUrl().getHost().toLowerCase(Locale.ROOT);
        boolean secure = scheme.equals("https")
                || (scheme.equals("http")
                        && "http".equalsIgnoreCase(endpoint.apiUrl().getScheme()));
        boolean known = host.equals(apiHost)
                || host.endsWith("." + apiHost)
                || config.toolboxHosts().orElse(Set.of()).contains(host);
        if (secure && known && proxy.getUserInfo() == null) {
            return proxy;
        }
        LOG.warnf(
                "The toolbox of sandbox %s is said to be at %s://%s, where the key may not be sent: nothing was."
                        + " If the host is right, add it to omni.daytona.toolbox-hosts.",
                sandbox, scheme, host);
        throw new DaytonaException(Kind.FAILED, 0, "toolbox at a host that is not allowed", null, null);
    }

    private static DaytonaException tooLarge(String what, long max) {
        DaytonaException tooLarge =
                new DaytonaException(Kind.FAILED, 200, "a " + what + " of more than " + max + " bytes", null, null);
        tooLarge.notToBeRepeated();
        return tooLarge;
    }
}
