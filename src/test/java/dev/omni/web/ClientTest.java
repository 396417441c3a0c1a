package dev.omni.web;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import dev.omni.RawHttp;
import dev.omni.TestUsers;
import dev.omni.job.JobCalls;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIf;

/** What docs/client.md promises of {@code omni.js}, in a browser, over a network that misbehaves. */
@EnabledIf(value = "dev.omni.web.Chromium#isInstalled", disabledReason = "no Chromium is installed")
@QuarkusTest
@TestProfile(ClientTest.FewSubscriptions.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClientTest {
    private static final int MAX_SUBSCRIPTIONS = 4;

    /** So that a test can come to the limit. */
    public static final class FewSubscriptions implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of("omni.stream.max-subscriptions", String.valueOf(MAX_SUBSCRIPTIONS));
        }
    }

    private static final long SEED = 20_261_123;

    /** What every line of output below is made of: characters of one to four bytes. */
    private static final String LINE = " ä€😀 the quick brown fox jumps over the lazy dog";

    private Chromium chromium;
    private Relay relay;
    private Page page;
    private String harness;

    private JobCalls alice;

    @BeforeAll
    void launch() throws IOException {
        chromium = Chromium.launch();
        try (var file = ClientTest.class.getResourceAsStream("harness.js")) {
            harness = new String(requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @AfterAll
    void quit() {
        chromium.close();
    }

    @BeforeEach
    void open() {
        alice = JobCalls.ofSomebody();
        relay = new Relay(RawHttp.port(), SEED);
        page = chromium.open(relay.url());
    }

    @AfterEach
    void leave() throws IOException {
        page.context().close();
        relay.close();
    }

    @Test
    void everyByteOfEveryJobComesOnceHoweverOftenTheConnectionIsCut() {
        relay.cutTheNext(30);
        connect("onJob: undefined");
        List<String> jobs =
                Stream.generate(() -> alice.started(manyLines(15_000))).limit(4).toList();

        List<?> seen = (List<?>) page.evaluate("jobs => Promise.all(jobs.map((job) => collect(job)))", jobs);

        assertThat(seen).hasSize(4).allSatisfy(job -> {
            assertThat(((Map<?, ?>) job).get("dones")).isEqualTo(1);
            assertThat(((Map<?, ?>) job).get("text")).isEqualTo(expectedLines(15_000));
        });
        assertThat(relay.cutsToCome()).isZero();
    }

    @Test
    void aJobThatIsStartedIsAnnouncedAndFollowedFromItsStart() {
        connect();

        String job = alice.started("echo one; echo two");

        until("() => seen.jobs.length === 1 && seen.jobs[0].dones === 1");
        assertThat(page.evaluate("() => seen.jobs[0].text")).isEqualTo("one\ntwo\n");
        assertThat(page.evaluate("() => seen.jobs[0].jobId")).isEqualTo(job);
        assertThat(sent()).noneMatch(message -> message.contains("subscribe"));
    }

    @Test
    void aJobThatNobodyWantsIsLeft() {
        connect("onJob: undefined");

        String job = alice.started("echo one; sleep 1000");

        until("job => seen.sent.some((message) => message.type === 'unsubscribe' && message.jobId === job)", job);
        page.evaluate("job => { window.following = collect(job) }", job);
        alice.cancel(job);
        assertThat(page.evaluate("async () => (await following).text")).isEqualTo("one\n");
    }

    @Test
    void aJobThatWasFollowedWithoutAskingGoesOnAfterACut() {
        connect();
        String job = alice.startedWith("echo one; read line; echo $line", Map.of("stdin", "open"));
        until("() => seen.jobs[0]?.text === 'one\\n'");

        relay.cut();
        until("() => seen.statuses.filter((state) => state === 'open').length === 2");
        page.evaluate("job => omni.input(sandboxId, job, 'two\\n')", job);

        until("() => seen.jobs[0].dones === 1");
        assertThat(page.evaluate("() => seen.jobs[0].text")).isEqualTo("one\ntwo\n");
        assertThat(page.evaluate("() => seen.jobs.length")).isEqualTo(1);
    }

    @Test
    void whatWasStartedWhileAwayIsAnnouncedOnceInAWatchedSandbox() {
        String before = alice.started("echo before");
        alice.ended(before);
        String running = alice.started("echo running; sleep 1000");
        connect();
        page.evaluate("() => { omni.watch(sandboxId) }");
        until("() => seen.jobs[0]?.text === 'running\\n'");

        relay.refuse(true);
        relay.cut();
        until("() => omni.status.state !== 'open'");
        String away = alice.started("echo away");
        alice.ended(away);
        relay.refuse(false);

        until("() => seen.jobs[1]?.dones === 1");
        assertThat(page.evaluate("() => seen.jobs.map((job) => job.jobId)")).isEqualTo(List.of(running, away));
        assertThat(page.evaluate("() => seen.jobs[1].text")).isEqualTo("away\n");
        alice.cancel(running);
        until("() => seen.jobs[0].dones === 1");
        assertThat(page.evaluate("() => seen.jobs[0].text")).isEqualTo("running\n");
    }

    @Test
    void aSlowConsumerIsBoundedAndMissesNothing() {
        connect("onJob: undefined, buffer: 100_000");
        String job = alice.started(manyLines(20_000));
        alice.ended(job);

        Map<?, ?> seen = (Map<?, ?>) page.evaluate("job => collectSlowly(job)", job);

        assertThat((String) seen.get("text")).isEqualTo(expectedLines(20_000));
        assertThat(seen.get("dones")).isEqualTo(1);
        // When the buffer is full the client hangs up: beyond it there is never more than the message that filled it.
        assertThat((Integer) seen.get("pauses")).isGreaterThan(3);
        assertThat((Integer) seen.get("largestBacklog")).isBetween(75_000, 135_000);
    }

    @Test
    void theTokenIsRenewedInPlace() {
        List<String> urls = new ArrayList<>();
        page.onWebSocket(socket -> urls.add(socket.url()));
        page.exposeFunction("shortToken", arguments -> TestUsers.shortLivedToken(alice.userId(), 3));
        connect("token: ({ reason }) => (seen.reasons.push(reason), shortToken())");

        // By then the first one has ended.
        until("() => seen.reasons.length === 3");

        assertThat(page.evaluate("() => seen.reasons")).isEqualTo(List.of("connect", "renew", "renew"));
        assertThat(page.evaluate("() => seen.statuses")).isEqualTo(List.of("connecting", "open"));
        assertThat(urls).containsExactly(relay.url().replace("http", "ws") + "ws");
    }

    @Test
    void anExpiredTokenIsReplacedAndEveryJobGoesOn() {
        String shortLived = TestUsers.shortLivedToken(alice.userId(), 3);
        connect("""
                token: ({ reason }) => {
                  seen.reasons.push(reason);
                  if (reason === 'renew') {
                    throw new Error('the issuer is away');
                  }
                  return reason === 'connect' ? '%s' : token;
                }
                """.formatted(shortLived));
        String job = alice.startedWith("echo one; read line; echo $line", Map.of("stdin", "open"));

        until("() => seen.reasons.includes('expired') && omni.status.state === 'open'");
        alice.input(job, "two\n");

        until("() => seen.jobs[0]?.dones === 1");
        assertThat(page.evaluate("() => seen.jobs[0].text")).isEqualTo("one\ntwo\n");
        assertThat(page.evaluate("() => seen.errors.length")).isNotEqualTo(0);
    }

    @Test
    void aClientThatIsNotUnderstoodGivesUpAndSaysSo() {
        connect("WebSocket: Garbling");

        Object failure = page.evaluate(
                "async () => { const { code } = await collect(crypto.randomUUID()).catch((error) => error); return code; }");

        assertThat(failure).isEqualTo("invalid_client");
        assertThat(page.evaluate("() => omni.status.state")).isEqualTo("closed");
        assertThat(page.evaluate("() => omni.status.error.code")).isEqualTo("invalid_client");
    }

    @Test
    void aJobThatDoesNotExistFailsAloneAndAtOnce() {
        connect();

        Object failure = page.evaluate(
                "async () => { const { code } = await collect(crypto.randomUUID()).catch((error) => error); return code; }");

        assertThat(failure).isEqualTo("job_not_found");
        assertThat(page.evaluate("() => omni.status.state")).isEqualTo("open");
    }

    @Test
    void aServerThatLeavesIsLeftAtOnceAndOneOverALimitIsLeftAlone() throws IOException {
        connect();

        relay.closeWith(1001);
        until("() => seen.statuses.filter((state) => state === 'open').length === 2");
        assertThat(page.evaluate("() => seen.pauses")).isEqualTo(List.of(0));

        relay.closeWith(4429);
        until("() => seen.pauses.length === 2");
        assertThat((Boolean) page.evaluate("() => seen.pauses[1] >= 5000")).isTrue();
    }

    @Test
    void pausesGrowToABoundAndEndWhenTheNetworkIsBack() {
        page.clock().install();
        page.evaluate("() => { Math.random = () => 1 }");
        connect();
        page.clock().pauseAt(System.currentTimeMillis() + 60_000);

        relay.refuse(true);
        relay.cut();
        for (int i = 1; i <= 8; i++) {
            until("count => seen.pauses.length >= count && omni.status.state === 'waiting'", i);
            page.clock().runFor(31_000);
        }
        until("() => seen.pauses.length >= 9 && omni.status.state === 'waiting'");
        relay.refuse(false);
        page.evaluate("() => { window.dispatchEvent(new Event('online')) }");

        until("() => omni.status.state === 'open'");
        assertThat(page.evaluate("() => seen.pauses.slice(0, 9)"))
                .isEqualTo(List.of(500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000));
    }

    @Test
    void aJobThatIsLeftBeforeItsAnswerCameCanBeAskedForAgain() {
        connect("onJob: undefined");
        String job = alice.started("echo one; echo two");
        alice.ended(job);

        Object seen = page.evaluate("""
                async (job) => {
                  const unknown = crypto.randomUUID();
                  omni.follow(sandboxId, unknown).stop();
                  omni.follow(sandboxId, job).stop();
                  const { text, dones } = await collect(job);
                  const { code } = await collect(unknown).catch((error) => error);
                  return [text, dones, code].join();
                }
                """, job);

        assertThat(seen).isEqualTo("one\ntwo\n,1,job_not_found");
    }

    @Test
    void moreJobsThanAConnectionMayFollowAreFollowedInTurn() {
        connect("onJob: undefined");
        List<String> jobs = Stream.generate(() -> alice.startedWith("read line; echo $line", Map.of("stdin", "open")))
                .limit(MAX_SUBSCRIPTIONS + 2)
                .toList();

        page.evaluate("jobs => { window.following = Promise.all(jobs.map((job) => collect(job))) }", jobs);
        until("() => seen.refusals >= 2");
        jobs.forEach(job -> alice.input(job, "one\n"));

        assertThat((List<?>) page.evaluate("() => following"))
                .hasSize(jobs.size())
                .allSatisfy(job -> assertThat(((Map<?, ?>) job).get("text")).isEqualTo("one\n"));
    }

    @Test
    void aDeadConnectionIsNoticedByItsSilence() {
        page.clock().install();
        connect();
        String job = alice.startedWith("echo one; read line; echo $line", Map.of("stdin", "open"));
        until("() => seen.jobs[0]?.text === 'one\\n'");

        relay.freeze();
        alice.input(job, "two\n");
        page.clock().fastForward(36_000);
        assertThat(page.evaluate("() => omni.status.state")).isEqualTo("open");
        page.clock().fastForward(11_000);
        page.clock().fastForward(1_000);

        until("() => seen.jobs[0].dones === 1");
        assertThat(page.evaluate("() => seen.jobs[0].text")).isEqualTo("one\ntwo\n");
        assertThat(relay.webSockets()).isEqualTo(2);
    }

    @Test
    void aJobIsStartedFedAndCancelledThroughTheClient() {
        connect();

        Object text = page.evaluate("""
                async () => {
                  const job = await omni.start(sandboxId, { command: 'cat', stdin: 'open' });
                  const inputs = ['ä\\n', '€\\n'].map((text) => omni.input(sandboxId, job.id, text));
                  let seen = '';
                  for await (const event of omni.follow(sandboxId, job.id)) {
                    if (event.stream === 'stdout') {
                      seen += event.data;
                    }
                    if (event.data?.endsWith('€\\n')) {
                      await Promise.all(inputs);
                      await omni.cancel(sandboxId, job.id);
                    }
                    if (event.type === 'done') {
                      seen += event.status;
                    }
                  }
                  return seen;
                }
                """);

        assertThat(text).isEqualTo("ä\n€\ncancelled");
    }

    @Test
    void afterCloseNothingComesAndNothingGoes() {
        connect();
        String job = alice.started("echo one; sleep 1000");
        until("() => seen.jobs[0]?.text === 'one\\n'");

        page.evaluate("() => omni.close()");

        assertThat(page.evaluate("async () => (await seen.jobs[0].following.ended) ?? 'stopped'"))
                .isEqualTo("stopped");
        assertThat(page.evaluate("() => { try { omni.follow(sandboxId, 'x'); } catch (error) { return error.code; } }"))
                .isEqualTo("closed");
        assertThat(page.evaluate("() => seen.statuses.at(-1)")).isEqualTo("closed");
        alice.cancel(job);
    }

    /** Connects the page as alice; what it sees is kept in {@code seen}, with these options over the harness's own. */
    private void connect(String... options) {
        page.evaluate(
                harness.replace("/* options */", String.join(",\n", options)),
                Map.of("token", TestUsers.token(alice.userId()), "sandboxId", alice.sandboxId()));
        until("() => omni.status.state === 'open'");
    }

    private void until(String condition) {
        page.waitForFunction(condition);
    }

    private void until(String condition, Object argument) {
        page.waitForFunction(condition, argument);
    }

    private List<String> sent() {
        return ((List<?>) page.evaluate("() => seen.sent.map((message) => message.type)"))
                .stream().map(String::valueOf).toList();
    }

    private static String manyLines(int count) {
        return "seq " + count + " | sed 's/$/" + LINE + "/'";
    }

    private static String expectedLines(int count) {
        var text = new StringBuilder();
        for (int i = 1; i <= count; i++) {
            text.append(i).append(LINE).append('\n');
        }
        return text.toString();
    }
}
