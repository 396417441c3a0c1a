package dev.omni.daytona.local;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The scripts that run in sandboxes. */
final class Resources {
    private Resources() {}

    static void copy(String name, Path target) throws IOException {
        try (InputStream in = Resources.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new FileNotFoundException(name);
            }
            Files.copy(in, target);
        }
    }
}
