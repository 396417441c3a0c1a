package dev.omni.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** {@code docs/websocket.md} is the contract, so it must tell what the code does. */
class WebSocketDocsTest {
    private final List<String> lines = Files.readAllLines(Path.of("docs/websocket.md"));

    WebSocketDocsTest() throws IOException {}

    @Test
    void everyCloseCodeIsInTheTableWithItsReason() {
        Map<String, String> documented = lines.stream()
                .filter(line -> line.matches("\\| \\d{4} \\|.*"))
                .map(line -> line.split("\\|"))
                .collect(Collectors.toMap(cells -> cells[1].strip(), cells -> cells[2].strip()));

        assertThat(documented)
                .containsAllEntriesOf(Arrays.stream(CloseCode.values())
                        .collect(Collectors.toMap(code -> String.valueOf(code.code()), CloseCode::reason)));
        // 1000 is the client's own.
        assertThat(documented).hasSize(CloseCode.values().length + 1).containsKey("1000");
    }

    @Test
    void everyMessageOfTheServerHasAnExampleWithItsFields() throws IOException {
        Map<String, Set<String>> examples = new HashMap<>();
        for (JsonNode example : examples()) {
            examples.computeIfAbsent(example.path("type").asText(), type -> new HashSet<>())
                    .addAll(names(example));
        }

        for (JsonSubTypes.Type type :
                ServerMessage.class.getAnnotation(JsonSubTypes.class).value()) {
            Set<String> fields = Arrays.stream(type.value().getRecordComponents())
                    .map(RecordComponent::getName)
                    .collect(Collectors.toSet());
            fields.add("type");
            // Told in the text, as it has no place in an example of text.
            fields.remove("encoding");
            assertThat(examples).containsKey(type.name());
            assertThat(examples.get(type.name())).as(type.name()).containsExactlyInAnyOrderElementsOf(fields);
        }
    }

    @Test
    void everyMessageOfTheClientHasAnExampleThatIsUnderstood() throws IOException {
        Set<String> types = Arrays.stream(
                        ClientMessage.class.getAnnotation(JsonSubTypes.class).value())
                .map(JsonSubTypes.Type::name)
                .collect(Collectors.toSet());

        Set<String> understood = new HashSet<>();
        for (JsonNode example : examples()) {
            String type = example.path("type").asText();
            if (types.contains(type)) {
                assertThat(WireFormat.decode(example.toString())).isNotNull();
                understood.add(type);
            }
        }
        assertThat(understood).isEqualTo(types);
    }

    private List<JsonNode> examples() throws IOException {
        var mapper = new JsonMapper();
        List<JsonNode> examples = new ArrayList<>();
        for (String line : lines) {
            if (line.startsWith("{\"type\":")) {
                examples.add(mapper.readTree(line));
            }
        }
        return examples;
    }

    private static List<String> names(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
