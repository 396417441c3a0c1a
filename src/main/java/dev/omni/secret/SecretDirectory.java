package dev.omni.secret;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A directory with a secret per file, the file's name being the secret's. Hidden files are not looked at: an orchestrator
 * keeps there what the visible names are links to, and so swaps all of them at once.
 */
record SecretDirectory(Path path) {
    static final int MAX_BYTES = 64 * 1024;
    static final int MAX_FILES = 256;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,252}");

    /** What a file holds. */
    sealed interface Content {
        /** The secret, without the one newline that editors add. */
        record Value(String text) implements Content {
            @Override
            public String toString() {
                return "***";
            }
        }

        /** Nothing that could be a secret: a file that is being written, say. */
        record Unusable(String why) implements Content {}
    }

    /** All there is, by name. Blocks. Fails where the directory itself cannot be read. */
    Map<String, Content> read() throws IOException {
        Map<String, Content> contents = new TreeMap<>();
        for (Path file : files()) {
            contents.put(file.getFileName().toString(), contentOf(file));
        }
        return contents;
    }

    /** The same, but only what can be used. */
    Map<String, String> values() throws IOException {
        Map<String, String> values = new TreeMap<>();
        read().forEach((name, content) -> {
            if (content instanceof Content.Value(String text)) {
                values.put(name, text);
            }
        });
        return values;
    }

    /** The files that everybody on the machine can read. */
    List<String> openToOthers() throws IOException {
        if (!permits(path, PosixFilePermission.OTHERS_EXECUTE)) {
            return List.of();
        }
        return files().stream()
                .filter(file -> permits(file, PosixFilePermission.OTHERS_READ))
                .map(file -> file.getFileName().toString())
                .toList();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> entries = Files.list(path)) {
            return entries.filter(entry ->
                            NAME.matcher(entry.getFileName().toString()).matches())
                    .filter(Files::isRegularFile)
                    .sorted()
                    .limit(MAX_FILES)
                    .toList();
        }
    }

    private static Content contentOf(Path file) {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_BYTES + 1);
        } catch (IOException e) {
            return new Content.Unusable("cannot be read (" + e.getClass().getSimpleName() + ")");
        }
        if (bytes.length > MAX_BYTES) {
            return new Content.Unusable("is larger than " + MAX_BYTES + " bytes");
        }
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return new Content.Unusable("is no UTF-8 text");
        }
        text = withoutLastNewline(text);
        if (text.isBlank()) {
            return new Content.Unusable("is empty");
        }
        return text.indexOf('\0') < 0 ? new Content.Value(text) : new Content.Unusable("holds a NUL");
    }

    private static String withoutLastNewline(String text) {
        if (!text.endsWith("\n")) {
            return text;
        }
        return text.substring(0, text.length() - (text.endsWith("\r\n") ? 2 : 1));
    }

    private static boolean permits(Path path, PosixFilePermission permission) {
        try {
            return Files.getPosixFilePermissions(path).contains(permission);
        } catch (IOException | UnsupportedOperationException unknown) {
            return false;
        }
    }
}
