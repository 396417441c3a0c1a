package dev.omni.daytona;

import dev.omni.daytona.DaytonaException.Kind;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.URI;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Daytona's control plane. Every call has a timeout, carries the current key, and fails with a {@link DaytonaException}.
 * Reads are repeated when the connection fails or Daytona is unavailable; nothing else is.
 */
@ApplicationScoped
public class Daytona {
    private static final Set<RemoteState> STOPPED =
            EnumSet.of(RemoteState.STOPPING, RemoteState.STOPPED, RemoteState.ARCHIVING, RemoteState.ARCHIVED);

    private final Transport transport;
    private final ControlPlaneApi api;
    private final DaytonaConfig.Timeouts timeouts;
    /** The looks that are on their way, by id or name. */
    private final Map<String, Uni<RemoteSandbox>> polls = new ConcurrentHashMap<>();

    Daytona(Transport transport) {
        this.transport = transport;
        this.api = transport.controlPlane();
        this.timeouts = transport.config().timeouts();
    }

    /** Whether an API URL and key are there at all. Without them every call fails as {@code NOT_CONFIGURED}. */
    public boolean isConfigured() {
        return transport.isConfigured();
    }

    /**
     * Creates a sandbox. Daytona holds the call for up to 30 s and can then still say {@code creating}; it can also answer
     * 400 for a sandbox that exists in error, so look it up by name before giving up.
     */
    public Uni<RemoteSandbox> create(NewSandbox sandbox) {
        return transport
                .call(
                        DaytonaOperation.CREATE_SANDBOX,
                        timeouts.start(),
                        e -> api.create(e.apiUrl(), Wire.CreateSandbox.of(sandbox)))
                .onTermination()
                .invoke(() -> polls.remove(sandbox.name()))
                .flatMap(created -> remote(created, sandbox.name()));
    }

    /** One sandbox, by id or by name (an id wins). Fails as {@code NOT_FOUND}. */
    public Uni<RemoteSandbox> get(String idOrName) {
        return get(DaytonaOperation.GET_SANDBOX, idOrName);
    }

    /**
     * The same for somebody who will ask again: yields to everything else when Daytona is short of time for us, and is
     * answered together with whoever looks at the same sandbox at the moment. Only a look that began after the last change
     * made through this service is shared; but one made elsewhere may be missing, so who must see it asks with {@link #get}.
     */
    public Uni<RemoteSandbox> poll(String idOrName) {
        return Uni.createFrom()
                .deferred(
                        () -> polls.computeIfAbsent(idOrName, this::sharedPoll).emitOn(Transport.callersContext()));
    }

    private Uni<RemoteSandbox> sharedPoll(String idOrName) {
        AtomicReference<Uni<RemoteSandbox>> self = new AtomicReference<>();
        Uni<RemoteSandbox> shared = get(DaytonaOperation.POLL_SANDBOX, idOrName)
                .onTermination()
                .invoke(() -> polls.remove(idOrName, self.get()))
                .memoize()
                .indefinitely();
        self.set(shared);
        return shared;
    }

    private Uni<RemoteSandbox> get(DaytonaOperation operation, String idOrName) {
        return transport.call(
                operation,
                timeouts.call(),
                e -> api.get(e.apiUrl(), idOrName)
                        .map(sandbox -> Wire.required(sandbox, "a body").toRemote()));
    }

    /**
     * A page of the sandboxes that carry all the labels, newest first. Eventually consistent.
     *
     * @param states only these; empty means all. Neither {@code DESTROYED} nor {@code OTHER} can be asked for
     * @param limit 1 to 200
     */
    public Uni<Page<RemoteSandbox>> list(
            Map<String, String> labels, Set<RemoteState> states, int limit, @Nullable String cursor) {
        return transport.call(
                DaytonaOperation.LIST_SANDBOXES,
                timeouts.call(),
                e -> api.list(
                                e.apiUrl(),
                                labels.isEmpty() ? null : Wire.text(labels),
                                Wire.names(states),
                                limit,
                                cursor,
                                "createdAt",
                                "desc")
                        .map(page -> Wire.required(page, "a body").toPage()));
    }

    /** Starts a stopped or archived sandbox; a started one is left as it is. Daytona holds the call for up to 30 s. */
    public Uni<RemoteSandbox> start(String id) {
        return start(DaytonaOperation.START_SANDBOX, id, e -> api.start(e.apiUrl(), id));
    }

    /** Mends a sandbox in error that says it is recoverable, and starts it. Daytona holds the call for up to 30 s. */
    public Uni<RemoteSandbox> recover(String id) {
        return start(DaytonaOperation.RECOVER_SANDBOX, id, e -> api.recover(e.apiUrl(), id));
    }

    /** Stops a started sandbox. A sandbox that is stopped already, or about to be, is a success. */
    public Uni<Void> stop(String id) {
        return change(DaytonaOperation.STOP_SANDBOX, id, e -> api.stop(e.apiUrl(), id))
                .onFailure(DaytonaException.is(Kind.BAD_REQUEST).or(DaytonaException.is(Kind.CONFLICT)))
                .recoverWithUni(refusal -> get(id).flatMap(sandbox -> STOPPED.contains(sandbox.state())
                        ? Uni.createFrom().voidItem()
                        : Uni.createFrom().failure(refusal)));
    }

    /** Archives a stopped sandbox: it keeps its disk and takes longer to start. */
    public Uni<Void> archive(String id) {
        return change(DaytonaOperation.ARCHIVE_SANDBOX, id, e -> api.archive(e.apiUrl(), id));
    }

    /** Deletes a sandbox; one that is gone is a success. Fails as {@code CONFLICT} while it is busy. */
    public Uni<Void> delete(String id) {
        return change(DaytonaOperation.DELETE_SANDBOX, id, e -> api.delete(e.apiUrl(), id))
                .onFailure(DaytonaException.is(Kind.NOT_FOUND))
                .recoverWithNull();
    }

    /** Gives a sandbox these labels, and takes all others from it. */
    public Uni<Void> setLabels(String id, Map<String, String> labels) {
        return change(DaytonaOperation.UPDATE_SANDBOX, id, e -> api.setLabels(e.apiUrl(), id, new Wire.Labels(labels)));
    }

    /** Stops a sandbox after these minutes without activity; 0 means never. */
    public Uni<Void> setAutoStop(String id, int minutes) {
        return setIdlePolicy(id, "autostop", minutes);
    }

    /** Archives a sandbox these minutes after its stop; 0 means after 30 days, the most there is. */
    public Uni<Void> setAutoArchive(String id, int minutes) {
        return setIdlePolicy(id, "autoarchive", minutes);
    }

    /** Deletes a sandbox these minutes after its stop; 0 means at once, negative never. */
    public Uni<Void> setAutoDelete(String id, int minutes) {
        return setIdlePolicy(id, "autodelete", minutes);
    }

    /**
     * The toolbox of a sandbox.
     *
     * @param owner the user whose it is: all toolboxes of a user share what one user may have on its way
     * @param toolboxProxyUrl as the sandbox tells it; calls fail and send nothing when it is not at a host that our key may
     *     be sent to
     */
    public Toolbox toolbox(String sandboxId, String owner, URI toolboxProxyUrl) {
        return new HttpToolbox(transport, sandboxId, owner, toolboxProxyUrl);
    }

    private Uni<Void> setIdlePolicy(String id, String policy, int minutes) {
        return change(DaytonaOperation.UPDATE_SANDBOX, id, e -> api.setIdlePolicy(e.apiUrl(), id, policy, minutes));
    }

    private Uni<Void> change(DaytonaOperation operation, String id, Function<DaytonaEndpoint, Uni<Void>> call) {
        return transport.call(operation, timeouts.call(), call).onTermination().invoke(() -> polls.remove(id));
    }

    private Uni<RemoteSandbox> start(
            DaytonaOperation operation, String id, Function<DaytonaEndpoint, Uni<Wire.Sandbox>> call) {
        return transport
                .call(operation, timeouts.start(), call)
                .onTermination()
                .invoke(() -> polls.remove(id))
                .flatMap(started -> remote(started, id));
    }

    /** Daytona's answer, or where it did not send the sandbox along, what it says when asked. */
    private Uni<RemoteSandbox> remote(Wire.@Nullable Sandbox answer, String idOrName) {
        return answer == null ? get(idOrName) : Uni.createFrom().item(answer::toRemote);
    }
}
