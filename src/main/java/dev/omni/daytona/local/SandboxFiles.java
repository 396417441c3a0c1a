package dev.omni.daytona.local;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of a sandbox by the paths its commands see. Only its home and /tmp are there: links are followed by hand, as
 * they are meant inside, so none leads out. (Whoever swaps a link during a call could; that would be the developer.)
 */
final class SandboxFiles {
    private static final int MAX_LINKS = 40;

    private final Path homeDirectory;
    private final Path tmpDirectory;
    private final String home;

    SandboxFiles(Container container) {
        this.homeDirectory = container.directory().resolve("home");
        this.tmpDirectory = container.confinement().tmp(container.directory());
        this.home = container.confinement().home(container.directory());
    }

    /** The machine's path of a file, links resolved; refused outside the sandbox. */
    Path resolve(String path) throws IOException {
        return resolve(path, true);
    }

    /** The same, but a link at the end stays one. */
    Path resolveLink(String path) throws IOException {
        return resolve(path, false);
    }

    private Path resolve(String path, boolean followLast) throws IOException {
        Deque<String> left = new ArrayDeque<>(List.of(absolute(path).split("/", -1)));
        List<String> done = new ArrayList<>();
        int links = 0;
        while (!left.isEmpty()) {
            String name = left.removeFirst();
            if (name.isEmpty() || name.equals(".")) {
                continue;
            }
            if (name.equals("..")) {
                if (!done.isEmpty()) {
                    done.removeLast();
                }
                continue;
            }
            done.add(name);
            Path host = hostPath(done);
            if (host != null && (followLast || !left.isEmpty()) && Files.isSymbolicLink(host)) {
                if (++links > MAX_LINKS) {
                    throw Refusal.empty(400);
                }
                String target = Files.readSymbolicLink(host).toString();
                if (target.startsWith("/")) {
                    done.clear();
                } else {
                    done.removeLast();
                }
                List.of(target.split("/", -1)).reversed().forEach(left::addFirst);
            }
        }
        Path host = hostPath(done);
        if (host == null) {
            throw Refusal.empty(403);
        }
        return host;
    }

    private String absolute(String path) {
        if (path.indexOf('\0') >= 0) {
            throw Refusal.empty(400);
        }
        return path.startsWith("/") ? path : home + "/" + path;
    }

    private @Nullable Path hostPath(List<String> names) {
        Path inside = Path.of("/" + String.join("/", names));
        if (inside.startsWith(home)) {
            return homeDirectory.resolve(Path.of(home).relativize(inside).toString());
        }
        if (inside.startsWith("/tmp")) {
            return tmpDirectory.resolve(Path.of("/tmp").relativize(inside).toString());
        }
        return null;
    }

    JsonObject info(String path) throws IOException {
        Path host = resolve(path);
        return info(absolute(path).replaceAll("/+$", ""), host);
    }

    /** Entries that lead nowhere, or out of the sandbox, are left out. */
    JsonArray list(String path) throws IOException {
        JsonArray infos = new JsonArray();
        try (Stream<Path> entries = Files.list(resolve(path))) {
            for (Path entry : entries.sorted().toList()) {
                String inside = absolute(path) + "/" + entry.getFileName();
                try {
                    infos.add(info(inside, resolve(inside)));
                } catch (IOException | Refusal e) {
                    // Left out.
                }
            }
        }
        return infos;
    }

    private static JsonObject info(String inside, Path host) throws IOException {
        PosixFileAttributes file = Files.readAttributes(host, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        Instant modified = file.lastModifiedTime().toInstant();
        return new JsonObject()
                .put("name", inside.substring(inside.lastIndexOf('/') + 1))
                .put("size", file.size())
                .put("mode", (file.isDirectory() ? "d" : "-") + PosixFilePermissions.toString(file.permissions()))
                .put("modTime", Wire.goText(modified))
                .put("modifiedAt", modified.toString())
                .put("isDir", file.isDirectory())
                .put("owner", Files.getAttribute(host, "unix:uid").toString())
                .put("group", Files.getAttribute(host, "unix:gid").toString())
                .put("permissions", octal(file.permissions()));
    }

    private static String octal(Set<PosixFilePermission> permissions) {
        int bits = 0;
        for (PosixFilePermission permission : PosixFilePermission.values()) {
            bits = bits << 1 | (permissions.contains(permission) ? 1 : 0);
        }
        return String.format("0%o", bits);
    }

    /** @param octal such as {@code 0755}; refused when it is none */
    static Set<PosixFilePermission> permissions(String octal) {
        int bits;
        try {
            bits = Integer.parseInt(octal, 8);
        } catch (NumberFormatException e) {
            throw Refusal.empty(400);
        }
        PosixFilePermission[] all = PosixFilePermission.values();
        Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
        for (int i = 0; i < all.length; i++) {
            if ((bits >> (all.length - 1 - i) & 1) == 1) {
                permissions.add(all[i]);
            }
        }
        return permissions;
    }
}
