package dev.omni.daytona;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.omni.daytona.DaytonaException.Kind;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.test.junit.QuarkusTest;
import io.smallrye.common.vertx.VertxContext;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.helpers.test.AssertSubscriber;
import io.smallrye.mutiny.subscription.Cancellable;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the client does when Daytona is slow, refuses or fails; against a server that does as it is told. */
@QuarkusTest
class ResilienceTest {
    private static final String ID = "0b6f1c1e-0000-4000-8000-000000000001";
    private static final String OTHER_ID = "0b6f1c1e-0000-4000-8000-000000000002";
    private static final String SANDBOX = """
            {"id":"%s","state":"started","createdAt":"2026-06-25T10:00:00.000Z",
             "toolboxProxyUrl":"https://proxy.app.daytona.io/toolbox"}""".formatted(ID);

    @Inject
    Vertx vertx;

    private SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final List<HttpServerRequest> held = new CopyOnWriteArrayList<>();
    private Upstream upstream;
    private Transport transport;
    private Daytona daytona;

    @BeforeEach
    void serve() {
        upstream = new Upstream(vertx);
        use(Map.of());
    }

    @AfterEach
    void close() {
        transport.close();
        upstream.close();
    }

    private void use(Map<String, String> values) {
        if (transport != null) {
            transport.close();
        }
        Map<String, String> config = new HashMap<>(Map.of(
                "omni.daytona.circuit.window", "4",
                "omni.daytona.circuit.open-for", "3s"));
        config.putAll(values);
        // The gauges of a transport are its own.
        meters = new SimpleMeterRegistry();
        transport = new Transport(Upstream.config(config), () -> Optional.of(upstream.endpoint()), vertx, meters);
        daytona = new Daytona(transport);
    }

    private Toolbox toolbox(String sandbox) {
        return toolbox(sandbox, "owner of " + sandbox);
    }

    private Toolbox toolbox(String sandbox, String owner) {
        return daytona.toolbox(sandbox, owner, upstream.uri().resolve("/toolbox"));
    }

    // ---- circuits

    @Test
    void whatFailsIsNotAskedForUntilOneTryHasSucceeded() {
        upstream.answers(503, null, "");
        fail(4, () -> daytona.archive(ID));
        assertThat(circuit("changes")).isEqualTo(2);
        int asked = upstream.received.size();

        DaytonaException refusal = failure(daytona.archive(ID));

        assertThat(refusal.kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(refusal.retryAfter()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(3));
        assertThat(refusal.mayHaveHappened()).isFalse();
        assertThat(refusal.operation()).isEqualTo(DaytonaOperation.ARCHIVE_SANDBOX);
        assertThat(upstream.received).hasSize(asked);
        assertThat(calls("archive_sandbox", "circuit_open")).isOne();
        assertThat(calls("archive_sandbox", "unavailable")).isEqualTo(4);

        upstream.answers(204, null, "");
        await().until(() -> circuit("changes") == 1);
        get(daytona.archive(ID));
        assertThat(circuit("changes")).isZero();
        get(daytona.archive(ID));
        assertThat(upstream.received).hasSize(asked + 2);
    }

    @Test
    void aTryThatFailsKeepsTheCircuitOpen() {
        upstream.answers(503, null, "");
        fail(4, () -> daytona.archive(ID));
        await().until(() -> circuit("changes") == 1);
        int asked = upstream.received.size();

        failure(daytona.archive(ID));
        failure(daytona.archive(ID));

        assertThat(circuit("changes")).isEqualTo(2);
        assertThat(upstream.received).hasSize(asked + 1);
    }

    @Test
    void oneKindOfCallMayFailWithoutTheOthers() {
        upstream.does(request -> request.response()
                .setStatusCode(request.method().name().equals("POST") ? 503 : 200)
                .putHeader("Content-Type", "application/json")
                .end(SANDBOX));
        fail(4, () -> daytona.archive(ID));

        assertThat(circuit("changes")).isEqualTo(2);
        assertThat(get(daytona.get(ID)).id()).isEqualTo(ID);
        assertThat(circuit("reads")).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 404, 409, 422})
    void aRefusalIsNoOutage(int status) {
        upstream.answers(status, null, "");

        fail(10, () -> daytona.archive(ID));

        assertThat(circuit("changes")).isZero();
        // Beside those that ask whether it is the key that is refused.
        assertThat(upstream.received)
                .filteredOn(request -> request.uri().endsWith("/archive"))
                .hasSize(10);
    }

    @Test
    void callersWhoHangUpAreNoOutage() {
        hold();
        for (int i = 0; i < 10; i++) {
            Cancellable caller = begin(daytona.archive(ID));
            int asked = i + 1;
            await().until(() -> held.size() == asked);
            caller.cancel();
        }
        await().until(() -> calls("archive_sandbox", "cancelled") == 10);

        upstream.answers(204, null, "");
        get(daytona.archive(ID));
        assertThat(circuit("changes")).isZero();
    }

    @Test
    void aPlatformThatHangsIsGivenUpHoweverManyFindNoTurn() {
        use(Map.of(
                "omni.daytona.timeouts.call", "200ms",
                "omni.daytona.bulkhead.changes", "1",
                "omni.daytona.bulkhead.max-waiting", "1"));
        hold();

        await().until(() -> {
            for (int i = 0; i < 10; i++) {
                begin(daytona.archive(ID));
            }
            return circuit("changes") == 2;
        });
    }

    @Test
    void callersWhoHangUpAfterALongWaitTellOfAnOutage() {
        use(Map.of("omni.daytona.timeouts.call", "3s"));
        hold();
        List<Cancellable> callers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            callers.add(begin(daytona.archive(ID)));
        }
        await().until(() -> held.size() == 4);
        await().pollDelay(Duration.ofSeconds(1)).until(() -> true);

        callers.forEach(Cancellable::cancel);

        await().until(() -> circuit("changes") == 2);
    }

    @Test
    void aTryWhoseCallerHangsUpProvesNothing() {
        upstream.answers(503, null, "");
        fail(4, () -> daytona.archive(ID));
        await().until(() -> circuit("changes") == 1);
        hold();

        Cancellable caller = begin(daytona.archive(ID));
        await().until(() -> held.size() == 1);
        caller.cancel();

        await().until(() -> circuit("changes") == 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 502, 503, 504, 429})
    void whatASandboxAnswersSaysNothingOfOthers(int status) {
        upstream.does(request -> request.response()
                .setStatusCode(request.uri().contains(ID) ? status : 200)
                .putHeader("Retry-After", "60")
                .end());

        fail(10, () -> toolbox(ID).createSession("s"));
        get(toolbox(OTHER_ID).createSession("s"));

        assertThat(circuit("toolbox_changes")).isZero();
        assertThat(upstream.received).hasSize(11);
    }

    @Test
    void aConnectionThatASandboxBreaksSaysNothingOfOthers() {
        upstream.does(request -> request.connection().close());

        fail(10, () -> toolbox(ID).createSession("s"));

        assertThat(circuit("toolbox_changes")).isZero();
        assertThat(upstream.received).hasSize(10);
    }

    @Test
    void aRegionThatCannotBeReachedIsLeftAloneAndTheOthersAreNot() {
        RegionProxy region = new RegionProxy(upstream.uri());
        region.goAway();
        Toolbox lost = daytona.toolbox(ID, "owner", region.origin().resolve("/toolbox"));
        upstream.answersJson(200, "{\"sessionId\":\"s\"}");

        fail(2, () -> lost.session("s"));

        assertThat(circuit("toolbox_reads")).isEqualTo(2);
        assertThat(failure(lost.session("s")).isCircuitOpen()).isTrue();
        // Streams are not opened either: those who read them come again.
        assertThat(failure(lost.followLog("s", "c").toUni()).isCircuitOpen()).isTrue();
        assertThat(failure(lost.download("/f", 10)).isCircuitOpen()).isTrue();
        get(toolbox(ID).session("s"));

        region.comeBack();
        await().ignoreExceptions().until(() -> get(lost.session("s")).id(), "s"::equals);
        assertThat(circuit("toolbox_reads")).isZero();
        region.close();
    }

    // ---- bulkheads

    @Test
    void aFullLaneRefusesAtOnceAndWhoLeavesLetsTheNextOneIn() {
        use(Map.of("omni.daytona.bulkhead.changes", "1", "omni.daytona.bulkhead.max-waiting", "1"));
        hold();
        Cancellable first = begin(daytona.archive("first"));
        await().until(() -> held.size() == 1);
        Cancellable second = begin(daytona.archive("second"));
        await().until(() -> gauge("omni.daytona.bulkhead.waiting", "changes") == 1);

        DaytonaException refusal = failure(daytona.archive("third"));

        assertThat(refusal.kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(refusal.retryAfter()).isPositive();
        assertThat(refusal.mayHaveHappened()).isFalse();
        assertThat(upstream.received).hasSize(1);
        first.cancel();
        await().until(() -> held.size() == 2);
        assertThat(upstream.last().uri()).contains("second");
        second.cancel();
        await().until(() -> gauge("omni.daytona.bulkhead.running", "changes") == 0);
    }

    @Test
    void whoHangsUpWhileWaitingMakesRoomForAnother() {
        use(Map.of("omni.daytona.bulkhead.changes", "1", "omni.daytona.bulkhead.max-waiting", "1"));
        hold();
        begin(daytona.archive("first"));
        await().until(() -> held.size() == 1);
        Cancellable second = begin(daytona.archive("second"));
        await().until(() -> gauge("omni.daytona.bulkhead.waiting", "changes") == 1);
        second.cancel();
        await().until(() -> gauge("omni.daytona.bulkhead.waiting", "changes") == 0);

        CompletableFuture<Void> third = daytona.archive("third").subscribeAsCompletionStage();
        held.getFirst().response().setStatusCode(204).end();
        await().until(() -> held.size() == 2);
        held.getLast().response().setStatusCode(204).end();

        third.join();
        assertThat(upstream.received).extracting(Upstream.Received::uri).noneMatch(uri -> uri.contains("second"));
    }

    @Test
    void nobodyWaitsLongForATurn() {
        use(Map.of("omni.daytona.bulkhead.changes", "1", "omni.daytona.bulkhead.patience", "100ms"));
        hold();
        begin(daytona.archive("first"));
        await().until(() -> held.size() == 1);

        assertThat(failure(daytona.archive("second")).kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(upstream.received).hasSize(1);
        assertThat(gauge("omni.daytona.bulkhead.waiting", "changes")).isZero();
    }

    @Test
    void whoseSandboxesAreStuckTakesNoMoreThanOneShare() {
        use(Map.of(
                "omni.daytona.bulkhead.toolbox-changes", "3",
                "omni.daytona.bulkhead.downloads", "3",
                "omni.daytona.bulkhead.per-user", "2"));
        upstream.does(request -> {
            if (request.uri().contains("/stuck-")) {
                held.add(request);
            } else {
                request.response().end();
            }
        });
        List<Cancellable> stuck = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            Toolbox one = toolbox("stuck-" + i, "alice");
            stuck.add(begin(one.createSession("s")));
            stuck.add(begin(one.download("/f", 10)));
        }
        await().until(() -> held.size() == 4);

        get(toolbox(OTHER_ID).createSession("s"));
        assertThat(get(toolbox(OTHER_ID).download("/f", 10)).length()).isZero();

        assertThat(held).hasSize(4);
        stuck.forEach(Cancellable::cancel);
        await().until(() -> gauge("omni.daytona.bulkhead.running", "downloads") == 0);
        await().until(() -> gauge("omni.daytona.bulkhead.running", "toolbox_changes") == 0);
    }

    @Test
    void whoReadsOutputSlowlyKeepsNoJobFromEnding() {
        use(Map.of("omni.daytona.bulkhead.downloads", "1", "omni.daytona.bulkhead.outputs", "1"));
        upstream.answers(200, "text/plain", "x".repeat(1 << 20));
        AssertSubscriber<Buffer> slow =
                toolbox(ID).readOutput("s", "c").subscribe().withSubscriber(AssertSubscriber.create(1));
        slow.awaitItems(1);

        assertThat(get(toolbox(ID).readLog("s", "c").collect().asList())).isNotEmpty();

        assertThat(gauge("omni.daytona.bulkhead.running", "outputs")).isOne();
        slow.cancel();
        await().until(() -> gauge("omni.daytona.bulkhead.running", "outputs") == 0);
    }

    @Test
    void whoReadsNoOutputLosesItsPlaceAndAJobThatWaitsForRoomDoesNot() {
        use(Map.of("omni.daytona.timeouts.toolbox", "200ms"));
        upstream.answers(200, "text/plain", "x".repeat(1 << 20));
        AssertSubscriber<Buffer> job =
                toolbox(ID).readLog("s", "c").subscribe().withSubscriber(AssertSubscriber.create(1));
        job.awaitItems(1);
        AssertSubscriber<Buffer> client =
                toolbox(ID).readOutput("s", "c").subscribe().withSubscriber(AssertSubscriber.create(1));

        assertThat(client.awaitFailure().getFailure()).matches(DaytonaException.is(Kind.TIMEOUT));

        await().until(() -> gauge("omni.daytona.bulkhead.running", "outputs") == 0);
        assertThat(gauge("omni.daytona.bulkhead.running", "downloads")).isOne();
        job.cancel();
    }

    @Test
    void aStreamGivesItsPlaceBackHoweverItEnds() {
        use(Map.of("omni.daytona.bulkhead.downloads", "1"));
        upstream.answers(200, "text/plain", "log");
        assertThat(get(toolbox(ID).readLog("s", "c").collect().asList())).isNotEmpty();
        upstream.answers(404, null, "");
        failure(toolbox(ID).readLog("s", "c").collect().asList());
        hold();
        begin(toolbox(ID).download("/f", 10)).cancel();

        upstream.answers(200, "text/plain", "again");
        assertThat(get(toolbox(ID).download("/f", 10))).isEqualTo(Buffer.buffer("again"));
        await().until(() -> gauge("omni.daytona.bulkhead.running", "downloads") == 0);
    }

    // ---- the governor

    @Test
    void afterARefusalNobodyAsksBeforeItsTime() {
        upstream.does(request -> request.response()
                .setStatusCode(429)
                .putHeader("Retry-After-sandbox-lifecycle", "30")
                .end());
        assertThat(failure(daytona.archive(ID)).retryAfter()).isEqualTo(Duration.ofSeconds(30));

        DaytonaException refusal = failure(daytona.delete(ID));

        assertThat(refusal.kind()).isEqualTo(Kind.RATE_LIMITED);
        assertThat(refusal.retryAfter()).isBetween(Duration.ofSeconds(25), Duration.ofSeconds(30));
        assertThat(upstream.received).hasSize(1);
        // Another throttler has not refused anything.
        upstream.answersJson(200, SANDBOX);
        get(daytona.get(ID));
    }

    @Test
    void aRefusalByAThrottlerOfOthersHoldsBackOnlyWhatItRefused() {
        upstream.does(request -> request.response()
                .setStatusCode(429)
                .putHeader("Retry-After-brand-new", "30")
                .end());
        failure(daytona.archive(ID));
        upstream.answers(204, null, "");

        assertThat(failure(daytona.archive(ID)).kind()).isEqualTo(Kind.RATE_LIMITED);
        get(daytona.delete(ID));
        assertThat(upstream.received).hasSize(2);
    }

    @Test
    void aRefusalOfEverythingHoldsBackEverything() {
        upstream.does(request -> request.response()
                .setStatusCode(429)
                .putHeader("Retry-After", "30")
                .end());
        failure(daytona.archive(ID));

        assertThat(failure(daytona.get(ID)).kind()).isEqualTo(Kind.RATE_LIMITED);
        assertThat(failure(daytona.setAutoStop(ID, 1)).kind()).isEqualTo(Kind.RATE_LIMITED);
        assertThat(upstream.received).hasSize(1);
    }

    @Test
    void whenLittleIsLeftPollsYieldThenReadsThenWork() {
        use(Map.of("omni.daytona.governor.poll-patience", "1ms"));
        budget(100, 21, 60);
        get(daytona.get(ID));
        get(daytona.poll(ID));

        assertThat(failure(daytona.poll(ID)).kind()).isEqualTo(Kind.RATE_LIMITED);
        get(daytona.get(ID));

        budget(100, 5, 60);
        get(daytona.get(ID));
        DaytonaException refusal = failure(daytona.get(ID));
        assertThat(refusal.kind()).isEqualTo(Kind.RATE_LIMITED);
        assertThat(refusal.retryAfter()).isBetween(Duration.ofSeconds(50), Duration.ofSeconds(60));
        get(daytona.setAutoStop(ID, 1));

        budget(100, 0, 60);
        get(daytona.setAutoStop(ID, 1));
        assertThat(failure(daytona.setAutoStop(ID, 1)).kind()).isEqualTo(Kind.RATE_LIMITED);
        assertThat(upstream.received).hasSize(6);
    }

    @Test
    void aPollWaitsUntilTheWindowIsOver() {
        budget(100, 10, 1);
        get(daytona.get(ID));

        assertThat(get(daytona.poll(ID)).id()).isEqualTo(ID);

        assertThat(counter("omni.daytona.governor.delays", "poll")).isOne();
        assertThat(gauge("omni.daytona.governor.waiting", "priority", "poll")).isZero();
    }

    @Test
    void whoHangsUpWaitsForNoBudget() {
        use(Map.of("omni.daytona.governor.patience", "90s", "omni.daytona.timeouts.total", "90s"));
        budget(100, 5, 60);
        get(daytona.get(ID));
        Cancellable read = begin(daytona.get(ID));
        await().until(() -> gauge("omni.daytona.governor.waiting", "priority", "read") == 1);

        read.cancel();

        await().until(() -> gauge("omni.daytona.governor.waiting", "priority", "read") == 0);
        assertThat(upstream.received).hasSize(1);
    }

    @Test
    void onlySoManyWaitForBudget() {
        use(Map.of(
                "omni.daytona.governor.patience", "90s",
                "omni.daytona.timeouts.total", "90s",
                "omni.daytona.governor.max-waiting", "1"));
        budget(100, 5, 60);
        get(daytona.get(ID));
        Cancellable first = begin(daytona.get(ID));
        await().until(() -> gauge("omni.daytona.governor.waiting", "priority", "read") == 1);

        assertThat(failure(daytona.get(ID)).kind()).isEqualTo(Kind.RATE_LIMITED);
        assertThat(counter("omni.daytona.governor.refusals", "read")).isOne();
        first.cancel();
    }

    @Test
    void lateAnswersDoNotMakeABudgetGrow() {
        use(Map.of("omni.daytona.governor.poll-patience", "1ms"));
        budget(100, 10, 60);
        get(daytona.get(ID));
        budget(100, 90, 60);
        get(daytona.get(ID));

        assertThat(failure(daytona.poll(ID)).kind()).isEqualTo(Kind.RATE_LIMITED);
    }

    @Test
    void aPlatformWithoutLimitsHoldsNothingBack() {
        upstream.answersJson(200, SANDBOX);
        for (int i = 0; i < 50; i++) {
            get(daytona.poll(ID));
        }

        assertThat(upstream.received).hasSize(50);
    }

    // ---- shared looks

    @Test
    void whoLooksAtTheSameSandboxAtTheSameTimeShareOneCall() {
        hold();
        List<CompletableFuture<RemoteSandbox>> looks = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            looks.add(daytona.poll(ID).subscribeAsCompletionStage());
        }
        await().until(() -> held.size() == 1);
        answer(held.getFirst());

        assertThat(looks).allSatisfy(look -> assertThat(look.join().id()).isEqualTo(ID));
        assertThat(upstream.received).hasSize(1);
        CompletableFuture<RemoteSandbox> later = daytona.poll(ID).subscribeAsCompletionStage();
        await().until(() -> held.size() == 2);
        answer(held.getLast());
        later.join();
    }

    @Test
    void aLookAfterAChangeSeesIt() {
        hold();
        CompletableFuture<RemoteSandbox> before = daytona.poll(ID).subscribeAsCompletionStage();
        await().until(() -> held.size() == 1);
        CompletableFuture<Void> change = daytona.setAutoStop(ID, 1).subscribeAsCompletionStage();
        await().until(() -> held.size() == 2);
        held.getLast().response().setStatusCode(204).end();
        change.join();

        CompletableFuture<RemoteSandbox> after = daytona.poll(ID).subscribeAsCompletionStage();

        await().until(() -> held.size() == 3);
        answer(held.getFirst());
        answer(held.getLast());
        before.join();
        after.join();
    }

    @Test
    void readsAreNeverShared() {
        hold();
        begin(daytona.get(ID));
        begin(daytona.get(ID));

        await().until(() -> held.size() == 2);
    }

    // ---- contexts

    @Test
    void answersComeBackWhereTheCallWasMade() {
        use(Map.of("omni.daytona.bulkhead.changes", "1"));
        upstream.answers(204, null, "");
        List<Context> contexts = new ArrayList<>();
        List<CompletableFuture<Context>> ends = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Context context = newContext();
            contexts.add(context);
            ends.add(endOf(context, () -> daytona.archive(ID)));
        }

        for (int i = 0; i < contexts.size(); i++) {
            assertThat(ends.get(i).join()).isSameAs(contexts.get(i));
        }
    }

    @Test
    void soDoRefusals() {
        use(Map.of("omni.daytona.bulkhead.changes", "1", "omni.daytona.bulkhead.patience", "50ms"));
        hold();
        begin(daytona.archive(ID));
        await().until(() -> held.size() == 1);
        Context waits = newContext();
        assertThat(endOf(waits, () -> daytona.archive(ID)).join()).isSameAs(waits);

        upstream.answers(503, null, "");
        fail(2, () -> daytona.get(ID));
        Context open = newContext();
        assertThat(endOf(open, () -> daytona.get(ID)).join()).isSameAs(open);
    }

    @Test
    void aPollThatWaitsForBudgetComesBackWhereItWasMade() {
        budget(100, 10, 1);
        get(daytona.get(ID));
        Context context = newContext();

        assertThat(endOf(context, () -> daytona.poll(ID)).join()).isSameAs(context);
    }

    // ---- helpers

    /** Requests are kept, and answered by the test. */
    private void hold() {
        upstream.does(held::add);
    }

    private static void answer(HttpServerRequest request) {
        request.response().putHeader("Content-Type", "application/json").end(SANDBOX);
    }

    private void budget(int limit, int remaining, int reset) {
        upstream.does(request -> {
            request.response()
                    .putHeader("X-RateLimit-Limit-authenticated", String.valueOf(limit))
                    .putHeader("X-RateLimit-Remaining-authenticated", String.valueOf(remaining))
                    .putHeader("X-RateLimit-Reset-authenticated", String.valueOf(reset));
            answer(request);
        });
    }

    private static void fail(int times, Supplier<Uni<?>> call) {
        for (int i = 0; i < times; i++) {
            failure(call.get());
        }
    }

    private static Cancellable begin(Uni<?> call) {
        return call.subscribe().with(answer -> {}, failure -> {});
    }

    private Context newContext() {
        return Objects.requireNonNull(VertxContext.createNewDuplicatedContext(vertx.getOrCreateContext()));
    }

    private static CompletableFuture<Context> endOf(Context context, Supplier<Uni<?>> call) {
        CompletableFuture<Context> end = new CompletableFuture<>();
        context.runOnContext(v -> call.get()
                .subscribe()
                .with(answer -> end.complete(Vertx.currentContext()), failure -> end.complete(Vertx.currentContext())));
        return end;
    }

    private double circuit(String group) {
        return gauge("omni.daytona.circuit.state", group);
    }

    private double gauge(String name, String group) {
        return gauge(name, "group", group);
    }

    private double gauge(String name, String tag, String value) {
        return meters.get(name).tag(tag, value).gauge().value();
    }

    private double counter(String name, String priority) {
        return meters.get(name).tag("priority", priority).counter().count();
    }

    private long calls(String operation, String outcome) {
        return meters.find("omni.daytona.calls").tags("operation", operation, "outcome", outcome).timers().stream()
                .mapToLong(timer -> timer.count())
                .sum();
    }

    private static <T> T get(Uni<T> call) {
        return call.ifNoItem()
                .after(Duration.ofSeconds(10))
                .fail()
                .subscribeAsCompletionStage()
                .join();
    }

    private static DaytonaException failure(Uni<?> call) {
        try {
            get(call);
        } catch (CompletionException e) {
            return (DaytonaException) Objects.requireNonNull(e.getCause());
        }
        throw new AssertionError("did not fail");
    }
}
