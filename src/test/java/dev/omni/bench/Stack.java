package dev.omni.bench;

import dev.omni.packaged.Issuer;
import dev.omni.packaged.PackagedApplication;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.util.Map;

/** What every measurement needs: a Daytona and somebody who signs users in, for any number of applications. */
final class Stack implements AutoCloseable {
    private final Vertx vertx = Vertx.vertx();
    private final Settings settings;
    private final Issuer issuer;
    private final ChildJvm daytona;
    private final URI daytonaApi;
    private final String daytonaKey;
    private final Http http = new Http(vertx);
    private final Loops loops = new Loops(vertx, Runtime.getRuntime().availableProcessors());

    Stack(Settings settings) throws Exception {
        this.settings = settings;
        issuer = new Issuer();
        daytona = ChildJvm.start(LocalDaytonaProcess.class, "");
        String[] at = daytona.read("daytona").split(" ", -1);
        daytonaApi = URI.create(at[0]);
        daytonaKey = at[1];
    }

    Vertx vertx() {
        return vertx;
    }

    Http http() {
        return http;
    }

    /** Where connections are to be spread. */
    Loops loops() {
        return loops;
    }

    /** The application, alive, with room for as many connections as are opened here. */
    PackagedApplication application() throws IOException {
        return application("");
    }

    /** @param options JVM options beside those of the settings */
    PackagedApplication application(String options) throws IOException {
        return application(options, Map.of());
    }

    PackagedApplication application(String options, Map<String, String> more) throws IOException {
        Map<String, String> environment = issuer.settings(daytonaApi, daytonaKey);
        environment.put("OMNI_STREAM_MAX_CONNECTIONS", "20000");
        environment.put("OMNI_STREAM_MAX_CONNECTIONS_PER_USER", "20000");
        environment.put("OMNI_STREAM_MAX_CONNECTIONS_PER_ADDRESS", "20000");
        // A client that has stopped reading answers no ping either.
        environment.put("OMNI_STREAM_PONG_TIMEOUT", "600s");
        environment.put("OMNI_JOB_PROMPT_CLI", FanOut.PROMPT_PROGRAM);
        environment.put("QUARKUS_SHUTDOWN_DELAY", "0S");
        environment.put("JAVA_TOOL_OPTIONS", (settings.serverOptions() + " " + options).trim());
        environment.putAll(more);
        return PackagedApplication.start(environment);
    }

    /** A user of the application, in a sandbox that is ready. */
    User user(PackagedApplication application, String name) {
        String token = issuer.token(name);
        JsonObject sandbox = http.put(application.url("/api/v1/sandboxes/default"), token, Map.of("Prefer", "wait=30"))
                .json();
        if (!sandbox.getString("status", "").equals("ready")) {
            throw new IllegalStateException("no sandbox: " + sandbox.encode());
        }
        return new User(http, application, token, sandbox.getString("id"));
    }

    /** The same calls without the application. */
    Direct direct() {
        return new Direct(http, daytonaApi.toString(), daytonaKey);
    }

    @Override
    public void close() throws IOException {
        Http.await(vertx.close());
        daytona.close();
        issuer.close();
    }

    /** One user's calls to the application. */
    record User(Http http, PackagedApplication application, String token, String sandboxId) {
        String url(String path) {
            return application.url("/api/v1/sandboxes/" + sandboxId + path);
        }

        /** Starts a job; its id. */
        String start(JsonObject job) {
            return http.post(url("/jobs"), token, job).json(202).getString("id");
        }

        /** Runs a command to its end. */
        void exec(String command) {
            JsonObject result = http.post(url("/exec"), token, new JsonObject().put("command", command))
                    .json();
            if (result.getInteger("exitCode", -1) != 0) {
                throw new IllegalStateException("it failed: " + result.encode());
            }
        }

        String status(String jobId) {
            return http.get(url("/jobs/" + jobId), token).json().getString("status");
        }
    }

    /** Daytona itself, as whoever has its key. */
    record Direct(Http http, String api, String key) {
        String toolbox(String sandboxId) {
            return api.replaceFirst("/api$", "/toolbox/") + sandboxId;
        }

        /** The log stream of a job of the application. */
        String followUrl(String sandboxId, String jobId) {
            String session = toolbox(sandboxId) + "/process/session/omni-" + jobId;
            String command = http.get(session, key)
                    .json()
                    .getJsonArray("commands")
                    .getJsonObject(0)
                    .getString("id");
            return session.replaceFirst("^http", "ws") + "/command/" + command + "/logs?follow=true";
        }
    }
}
