package dev.omni.daytona.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.omni.daytona.local.Wired.Box;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is in a sandbox where Claude Code is not. */
class StandInClaudeTest {
    private static Vertx vertx;
    private static LocalDaytona daytona;
    private static Box box;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        vertx = Vertx.vertx();
        daytona = LocalDaytona.start(vertx, new LocalDaytonaOptions().startDelay(Duration.ofMillis(10)));
        box = new Wired(daytona).started();
        assumeThat(box.execute("claude --version").getString("result"))
                .as("no real claude here")
                .contains("stand-in");
    }

    @AfterAll
    static void stop() {
        daytona.close();
        vertx.close();
    }

    private static JsonObject claude(String prompt, String options) throws IOException, InterruptedException {
        JsonObject envs = new JsonObject().put("PROMPT", prompt);
        return box.execute(new JsonObject()
                .put("command", "printf %s \"$PROMPT\" | claude -p " + options)
                .put("envs", envs));
    }

    @Test
    void aStreamIsAConversationOfJsonLinesThatSaysWhatItIs() throws Exception {
        String prompt = "Quote \"this\" \\ and\tthat ✓\u0001\nsecond line";

        JsonObject ran = claude(
                prompt,
                "--output-format stream-json --verbose --model sonnet --resume abc --max-turns 3"
                        + " --permission-mode acceptEdits --append-system-prompt 'be brief'");

        assertThat(ran.getInteger("exitCode")).isZero();
        List<JsonObject> lines =
                ran.getString("result").lines().map(JsonObject::new).toList();
        assertThat(lines.stream().map(line -> line.getString("type")))
                .containsExactly("system", "assistant", "assistant", "user", "assistant", "result");
        assertThat(lines).allMatch(line -> line.getString("session_id").equals("abc"));
        assertThat(lines.getFirst().getString("model")).isEqualTo("sonnet");
        JsonArray said = lines.get(1).getJsonObject("message").getJsonArray("content");
        assertThat(said.getJsonObject(0).getString("text"))
                .contains("stand-in, no model was called", "Quote \"this\" \\ and that ✓")
                .doesNotContain("second line");
        JsonObject tool =
                lines.get(2).getJsonObject("message").getJsonArray("content").getJsonObject(0);
        JsonObject toolResult =
                lines.get(3).getJsonObject("message").getJsonArray("content").getJsonObject(0);
        assertThat(toolResult.getString("tool_use_id")).isEqualTo(tool.getString("id"));
        JsonObject result = lines.getLast();
        assertThat(result.getString("subtype")).isEqualTo("success");
        assertThat(result.getBoolean("is_error")).isFalse();
        assertThat(result.getDouble("total_cost_usd")).isZero();
        assertThat(result.getInteger("num_turns")).isEqualTo(2);
        assertThat(result.getJsonObject("usage")).isNotNull();
        assertThat(box.execute("cat ~/stand-in-notes.md").getString("result")).contains("Quote \"this\"");
    }

    @Test
    void jsonIsTheResultAlone() throws Exception {
        JsonObject result = new JsonObject(claude("hi", "--output-format json").getString("result"));

        assertThat(result.getString("type")).isEqualTo("result");
        assertThat(result.getString("session_id")).hasSize(36);
    }

    @Test
    void aPromptThatSaysFailFails() throws Exception {
        JsonObject ran = claude("FAIL\nplease", "--output-format json");

        assertThat(ran.getInteger("exitCode")).isEqualTo(1);
        JsonObject result = new JsonObject(ran.getString("result"));
        assertThat(result.getString("subtype")).isEqualTo("error_during_execution");
        assertThat(result.getBoolean("is_error")).isTrue();
    }

    @Test
    void misuseIsAnErrorAsWithTheRealOne() throws Exception {
        assertThat(claude(" \n", "").getInteger("exitCode")).isEqualTo(1);
        assertThat(claude("hi", "--output-format stream-json").getString("result"))
                .contains("requires --verbose");
        assertThat(claude("hi", "--output-format xml").getInteger("exitCode")).isEqualTo(1);
    }
}
