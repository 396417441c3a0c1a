package dev.omni.bench;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Calls with a bearer token, to whichever side is measured: both are called by the same client. */
final class Http {
    private static final int PATIENCE_SECONDS = 60;

    private final HttpClient client;

    Http(Vertx vertx) {
        client = vertx.createHttpClient(new HttpClientOptions(), new PoolOptions().setHttp1MaxSize(256));
    }

    record Answer(HttpMethod method, String url, int status, Buffer body) {
        JsonObject json() {
            if (status / 100 != 2) {
                throw new IllegalStateException("%s %s: %d %s".formatted(method, url, status, body));
            }
            return body.length() == 0 ? new JsonObject() : body.toJsonObject();
        }

        JsonObject json(int expected) {
            if (status != expected) {
                throw new IllegalStateException("%s %s: %d %s".formatted(method, url, status, body));
            }
            return json();
        }
    }

    Answer get(String url, String token) {
        return await(call(HttpMethod.GET, url, token, Map.of(), null));
    }

    Answer post(String url, String token, JsonObject body) {
        return await(call(HttpMethod.POST, url, token, Map.of(), body));
    }

    Answer put(String url, String token, Map<String, String> headers) {
        return await(call(HttpMethod.PUT, url, token, headers, null));
    }

    Future<Answer> call(
            HttpMethod method, String url, String token, Map<String, String> headers, @Nullable JsonObject body) {
        RequestOptions options = new RequestOptions()
                .setMethod(method)
                .setAbsoluteURI(url)
                .setTimeout(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS))
                .putHeader("Authorization", "Bearer " + token);
        headers.forEach(options::putHeader);
        return client.request(options)
                .compose(request -> body == null
                        ? request.send()
                        : request.putHeader("Content-Type", "application/json").send(body.toBuffer()))
                .compose(response ->
                        response.body().map(bytes -> new Answer(method, url, response.statusCode(), bytes)));
    }

    static <T> T await(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new IllegalStateException("it takes too long", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
