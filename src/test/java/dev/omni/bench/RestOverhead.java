package dev.omni.bench;

import dev.omni.bench.Http.Answer;
import dev.omni.bench.Report.Target;
import dev.omni.bench.Stack.Direct;
import dev.omni.bench.Stack.User;
import dev.omni.packaged.PackagedApplication;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a call costs more through the application than straight to Daytona. Closed loop: each worker makes its next call
 * when the last one is answered. The two sides take turns, and the first turn of each does not count.
 */
final class RestOverhead {
    private static final int WORKERS = 16;
    private static final int WARM_UP_SLICES = 6;
    private static final JsonObject COMMAND = new JsonObject().put("command", "true");

    private final Http http;
    private final User user;
    private final Direct direct;
    private final Settings settings;
    private final Report report;

    private RestOverhead(Stack stack, PackagedApplication application, Settings settings, Report report) {
        this.http = stack.http();
        this.user = stack.user(application, "rest");
        this.direct = stack.direct();
        this.settings = settings;
        this.report = report;
    }

    static void measure(Stack stack, PackagedApplication application, Settings settings, Report report)
            throws IOException {
        report.section("REST");
        new RestOverhead(stack, application, settings, report).measure();
    }

    private void measure() throws IOException {
        // What all calls share (HTTP, tokens, the REST client) is compiled before any is measured.
        for (int i = 0; i < WARM_UP_SLICES; i++) {
            run(call(this::get), WORKERS);
        }
        compare("get", call(this::get), call(this::getDirectly), Target.atMost(3));
        compare(
                "create",
                new Call(this::create, this::delete),
                new Call(this::createDirectly, this::delete),
                Target.atMost(3));
        // The calls that a client of Daytona would make for the same: a session, the command in it, the end of the
        // session.
        compare("exec, over the same in a session", call(this::exec), call(this::execInSession), Target.atMost(3));
        compare("exec, over a bare execute", call(this::exec), call(this::execute), null);
    }

    /**
     * @param timed what is measured
     * @param after puts things right again, unmeasured
     */
    private record Call(Supplier<Future<Answer>> timed, Function<Answer, Future<?>> after) {}

    private static Call call(Supplier<Future<Answer>> timed) {
        return new Call(timed, answer -> Future.succeededFuture());
    }

    private void compare(String name, Call ours, Call theirs, @Nullable Target target) throws IOException {
        String group = "rest, " + name;
        for (int workers : new int[] {1, WORKERS}) {
            run(ours, workers);
            run(theirs, workers);
            Samples our = new Samples();
            Samples their = new Samples();
            double cpu = 0;
            double[] added = new double[settings.rounds()];
            double[] ratio = new double[settings.rounds()];
            for (int round = 0; round < settings.rounds(); round++) {
                double before = Vitals.cpuSeconds(user.application().pid());
                Samples with = run(ours, workers);
                cpu += Vitals.cpuSeconds(user.application().pid()) - before;
                Samples without = run(theirs, workers);
                added[round] = (with.quantile(0.5) - without.quantile(0.5)) / 1e6;
                // With as many calls under way all the time, throughput is the inverse of the mean.
                ratio[round] = without.mean() / with.mean();
                our.addAll(with);
                their.addAll(without);
            }
            String at = " with " + workers + (workers == 1 ? " caller" : " callers");
            if (workers == 1) {
                report.addRounds(group, "added p50" + at, added, "ms", target);
                report.add(group, "added p99" + at, (our.quantile(0.99) - their.quantile(0.99)) / 1e6, "ms");
            } else {
                report.addRounds(group, "throughput, share of direct" + at, ratio, "", null);
                report.add(group, "throughput" + at, workers / our.mean() * 1e9, "calls/s");
                report.add(group, "server time per call", cpu / our.count() * 1e3, "ms");
            }
            report.add(group, "p50" + at, our.quantile(0.5) / 1e6, "ms");
            report.add(group, "direct p50" + at, their.quantile(0.5) / 1e6, "ms");
        }
    }

    private Samples run(Call call, int workers) {
        long until = System.nanoTime() + settings.slice().toNanos();
        List<Worker> all =
                Stream.generate(() -> new Worker(call, until)).limit(workers).toList();
        Http.await(Future.all(all.stream().map(Worker::start).toList()));
        Samples samples = new Samples();
        all.forEach(worker -> samples.addAll(worker.samples));
        return samples;
    }

    private static final class Worker {
        private final Call call;
        private final long until;
        private final Samples samples = new Samples();
        private final Promise<Void> end = Promise.promise();

        Worker(Call call, long until) {
            this.call = call;
            this.until = until;
        }

        Future<Void> start() {
            next();
            return end.future();
        }

        private void next() {
            long begun = System.nanoTime();
            call.timed().get().onFailure(end::fail).onSuccess(answer -> {
                samples.add(System.nanoTime() - begun);
                if (answer.status() / 100 != 2) {
                    end.fail("%s %s: %d %s".formatted(answer.method(), answer.url(), answer.status(), answer.body()));
                    return;
                }
                call.after().apply(answer).onFailure(end::fail).onSuccess(done -> {
                    if (System.nanoTime() < until) {
                        next();
                    } else {
                        end.complete();
                    }
                });
            });
        }
    }

    private Future<Answer> get() {
        return http.call(HttpMethod.GET, user.url(""), user.token(), Map.of(), null);
    }

    private Future<Answer> getDirectly() {
        return http.call(HttpMethod.GET, direct.api() + "/sandbox/" + user.sandboxId(), direct.key(), Map.of(), null);
    }

    private Future<Answer> create() {
        return http.call(
                HttpMethod.POST,
                user.application().url("/api/v1/sandboxes"),
                user.token(),
                Map.of(),
                new JsonObject().put("env", new JsonObject().put("LANG", "C.UTF-8")));
    }

    private Future<Answer> createDirectly() {
        return http.call(
                HttpMethod.POST,
                direct.api() + "/sandbox",
                direct.key(),
                Map.of(),
                new JsonObject().put("env", new JsonObject().put("LANG", "C.UTF-8")));
    }

    private Future<Answer> delete(Answer created) {
        String id = created.body().toJsonObject().getString("id");
        return http.call(HttpMethod.DELETE, direct.api() + "/sandbox/" + id, direct.key(), Map.of(), null);
    }

    private Future<Answer> exec() {
        return http.call(HttpMethod.POST, user.url("/exec"), user.token(), Map.of(), COMMAND);
    }

    private Future<Answer> execute() {
        String url = direct.toolbox(user.sandboxId()) + "/process/execute";
        return http.call(HttpMethod.POST, url, direct.key(), Map.of(), COMMAND);
    }

    private Future<Answer> execInSession() {
        String sessions = direct.toolbox(user.sandboxId()) + "/process/session";
        String id = UUID.randomUUID().toString();
        return http.call(HttpMethod.POST, sessions, direct.key(), Map.of(), new JsonObject().put("sessionId", id))
                .compose(created ->
                        http.call(HttpMethod.POST, sessions + "/" + id + "/exec", direct.key(), Map.of(), COMMAND))
                .compose(ran -> http.call(HttpMethod.DELETE, sessions + "/" + id, direct.key(), Map.of(), null));
    }
}
