package dev.omni.job;

import dev.omni.job.Cursor.Stage;
import dev.omni.job.LogDecoder.Decoded;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One reader of a job's log: a cursor that moves when it is asked to. It holds a window of the log, never more, so a
 * reader that lags costs nothing but its place.
 */
final class JobReader {
    private static final int CHUNK = 64 * 1024;

    private final JobLog log;
    private final LogDecoder decoder;
    private final Executor context;

    private byte[] window = new byte[CHUNK];
    private int from;
    private int to;
    private LogPosition position;
    private Stage stage;

    /** @param context where everything of this reader happens, whoever reads the log */
    JobReader(JobLog log, Cursor start, Context context) {
        this.log = log;
        this.decoder = log.job().header().kind() == JobKind.PROMPT ? new PromptOutput() : new PlainOutput();
        this.position = start.position();
        // A reader that saw the end and comes back is told the end again: every subscription ends with it.
        this.stage = start.stage() == Stage.DONE ? Stage.FAILURE : start.stage();
        this.context = task -> context.runOnContext(ignored -> task.run());
    }

    /** The events, one for each that is asked for. To be subscribed to once. */
    Multi<JobEvent> events() {
        // Steps are taken in a loop, not in a chain: a long log without events would make one too deep to unwind.
        return Multi.createBy()
                .repeating()
                .uni(this::step)
                .whilst(event -> !(event.orElse(null) instanceof JobEvent.Done))
                .select()
                .where(Optional::isPresent)
                .map(Optional::get);
    }

    /** The next event, or none yet: then there is more in the window, or something new in the log. */
    private Uni<Optional<JobEvent>> step() {
        JobEvent event = decoded();
        if (event != null) {
            return Uni.createFrom().item(Optional.of(event));
        }
        // The end is looked at first: once it is there, the length no longer changes.
        JobEnd end = log.end();
        long read = position.offset() + (to - from);
        if (read < log.spool().length()) {
            return fill(read).emitOn(context).replaceWith(Optional.empty());
        }
        if (end != null) {
            return Uni.createFrom().item(Optional.of(closing(end)));
        }
        return log.moreThan(read).emitOn(context).replaceWith(Optional.empty());
    }

    private @Nullable JobEvent decoded() {
        while (true) {
            boolean complete = log.end() != null
                    && position.offset() + (to - from) >= log.spool().length();
            Decoded decoded = decoder.next(window, from, to, position, complete);
            if (decoded == null) {
                return null;
            }
            from += (int) (decoded.after().offset() - position.offset());
            position = decoded.after();
            LogDecoder.Body body = decoded.body();
            if (body instanceof LogDecoder.Text(var stream, var data, var base64)) {
                return new JobEvent.Log(cursor(), Instant.now(), stream, data, base64);
            }
            if (body instanceof LogDecoder.Outcome(var result) && stage == Stage.OUTPUT) {
                stage = Stage.RESULT;
                return new JobEvent.Result(cursor(), Instant.now(), result);
            }
        }
    }

    private Uni<Void> fill(long at) {
        if (from > 0) {
            System.arraycopy(window, from, window, 0, to - from);
            to -= from;
            from = 0;
        }
        if (to == window.length) {
            window = Arrays.copyOf(window, Math.min(LogDecoder.WINDOW, window.length * 2));
        }
        return log.spool().read(at, window.length - to).invoke(this::take).replaceWithVoid();
    }

    private void take(Buffer bytes) {
        bytes.getBytes(window, to);
        to += bytes.length();
    }

    private JobEvent closing(JobEnd end) {
        Closing closing = Closing.next(log.job(), new Cursor(position, stage), end);
        stage = closing.stage();
        return closing.event();
    }

    private String cursor() {
        return new Cursor(position, stage).encode(log.job().id());
    }
}
