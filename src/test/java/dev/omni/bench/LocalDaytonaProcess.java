package dev.omni.bench;

import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.LocalDaytonaOptions;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;

/** The local Daytona in a process of its own, so that its work is not counted as anybody else's. */
final class LocalDaytonaProcess {
    private LocalDaytonaProcess() {}

    public static void main(String[] args) throws IOException {
        Vertx vertx = Vertx.vertx();
        LocalDaytona daytona = LocalDaytona.start(
                vertx,
                new LocalDaytonaOptions()
                        .startDelay(Duration.ZERO)
                        .warmPool(true)
                        .standInClaude(false));
        System.out.println("daytona " + daytona.apiUrl() + " " + daytona.apiKey());
        while (System.in.read() >= 0) {
            // Until whoever started us ends.
        }
        daytona.close();
        vertx.close();
    }
}
