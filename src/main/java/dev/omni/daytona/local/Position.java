package dev.omni.daytona.local;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** A place in a sorted list. */
record Position(String key, String id) {
    String cursor() {
        String json = new JsonObject().put("key", key).put("id", id).encode();
        return Base64.getUrlEncoder().encodeToString(json.getBytes(StandardCharsets.UTF_8));
    }

    static Position of(String cursor) {
        try {
            byte[] json = Base64.getUrlDecoder().decode(cursor);
            JsonObject place = new JsonObject(new String(json, StandardCharsets.UTF_8));
            return new Position(place.getString("key", ""), place.getString("id", ""));
        } catch (IllegalArgumentException | DecodeException | ClassCastException e) {
            throw Refusal.controlPlane(400, "Invalid cursor");
        }
    }
}
