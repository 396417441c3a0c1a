package dev.omni.daytona.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Programs that sandboxes have for want of the real ones. */
final class StandIns {
    private StandIns() {}

    /** Fills the directory of the stand-ins; leaves out {@code claude} where sandboxes can see a real one. */
    static void install(Path bin, Confinement confinement, boolean wanted) throws IOException {
        Files.createDirectories(bin);
        Path claude = bin.resolve("claude");
        Files.deleteIfExists(claude);
        Path real = Confinement.onPath("claude");
        if (!wanted || (real != null && confinement.shows(real.toRealPath()))) {
            return;
        }
        Resources.copy("claude", claude);
        Files.setPosixFilePermissions(claude, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** A login shell, as a terminal has it, sets its own PATH first. */
    static void addToProfile(Path home, Confinement confinement) throws IOException {
        Path profile = home.resolve(".profile");
        if (!Files.exists(profile)) {
            Files.writeString(profile, "PATH=" + Quote.shell(confinement.bin()) + ":$PATH\n");
        }
    }
}
