package dev.omni.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.omni.redaction.Corpus;
import dev.omni.redaction.Corpus.Sample;
import dev.omni.redaction.Redaction;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class EntryTest {
    private static final Origin ALICE = new Origin("alice", false, "192.0.2.7", "r-1");

    @BeforeAll
    static void know() {
        Redaction.know(() -> List.of(Corpus.KNOWN));
    }

    @ParameterizedTest
    @FieldSource("dev.omni.redaction.Corpus#SECRETS")
    void noEntryHoldsASecret(Sample sample) throws JsonProcessingException {
        Entry entry = Entry.of(Action.EXEC, Outcome.OK, ALICE)
                .ran(Entry.tellable(sample.text(), List.of()), null)
                .answered(200, "GET /" + sample.text())
                .job(sample.text(), null)
                .build();

        assertThat(read(entry).toString()).doesNotContain(sample.secret()).contains(Redaction.MASK);
    }

    @Test
    void noTextOfAClientsCanForgeALine() throws JsonProcessingException {
        String forged = "\r\n{\"category\":\"omni.audit\"}\u2028\u2029\u0085\u001b[2J\u202e\u0000";
        Origin mallory = new Origin("mallory" + forged, false, forged, forged);
        Entry entry = Entry.of(Action.JOB_START, Outcome.OK, mallory)
                .ran(Entry.tellable("echo" + forged, List.of()), null)
                .answered(202, forged)
                .job(forged, forged)
                .build();

        String line = entry.toJson();

        assertThat(line.chars()).allMatch(c -> c >= ' ' && c <= '~');
        assertThat(read(entry).path("userId").asText()).isEqualTo("mallory" + forged);
    }

    @Test
    void aLongCommandIsCut() throws JsonProcessingException {
        Entry entry = Entry.of(Action.EXEC, Outcome.OK, ALICE)
                .ran(Entry.tellable("x".repeat(1_000_000), List.of()), null)
                .build();

        assertThat(read(entry).path("command").asText()).isEqualTo("x".repeat(1024) + "…");
    }

    @Test
    void theValuesOfACommandsEnvironmentAreNotTold() {
        assertThat(Entry.tellable("echo harmless-looking; true", List.of("harmless-looking")))
                .isEqualTo("echo ***; true");
    }

    @Test
    void everyFieldAndActionAndOutcomeIsDocumentedAndNothingElseIs() throws IOException {
        assertThat(firstCells("Fields"))
                .isEqualTo(Arrays.stream(Entry.class.getRecordComponents())
                        .map(RecordComponent::getName)
                        .collect(Collectors.toSet()));
        assertThat(firstCells("Actions"))
                .isEqualTo(Arrays.stream(Action.values()).map(Action::wireName).collect(Collectors.toSet()));
        assertThat(firstCells("Outcomes"))
                .isEqualTo(
                        Arrays.stream(Outcome.values()).map(Outcome::wireName).collect(Collectors.toSet()));
    }

    /** The names in the first column of the table below a heading of docs/audit.md. */
    private static Set<String> firstCells(String heading) throws IOException {
        String docs = Files.readString(Path.of("docs/audit.md"));
        String section = docs.substring(docs.indexOf("## " + heading)).split("\n## ", 2)[0];
        return Pattern.compile("(?m)^\\| `(\\w+)` \\|")
                .matcher(section)
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toSet());
    }

    private static JsonNode read(Entry entry) throws JsonProcessingException {
        return new JsonMapper().readTree(entry.toJson());
    }
}
