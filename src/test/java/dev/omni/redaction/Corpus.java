package dev.omni.redaction;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/**
 * Texts with secrets in them and texts without. All are made up; those that a scanner of repositories would take for real
 * are put together from pieces.
 */
public final class Corpus {
    /** A secret that is known by its value alone: it has no look of its own. */
    public static final String KNOWN = "quiet harbour + 7 lamps/at dusk";

    private static final String HEX = "0123456789abcdef0123456789abcdef";
    private static final String LONG = "Ab0Cd1Ef2Gh3Ij4Kl5Mn6Op7Qr8St9Uv";
    private static final String JWT = "eyJ" + "hbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl-X_y";

    /**
     * A text as it may be on its way to a log.
     *
     * @param secret what must not be left in it
     */
    public record Sample(String text, String secret) {
        @Override
        public String toString() {
            return text;
        }
    }

    public static final List<Sample> SECRETS = List.of(
            // By value, in the forms that values turn up in.
            sample("the key is " + KNOWN + ", it says", KNOWN),
            sample("?key=quiet+harbour+%2B+7+lamps%2Fat+dusk&x=1", "harbour+%2B+7"),
            sample("?key=quiet%20harbour%20%2B%207%20lamps%2Fat%20dusk", "harbour%20%2B"),
            sample("b64 " + base64(KNOWN), base64(KNOWN)),
            sample("b64 " + base64("user:" + KNOWN), base64("user:" + KNOWN).substring(10, 40)),
            sample(
                    "b64 " + base64("me:" + KNOWN + ":x"),
                    base64("me:" + KNOWN + ":x").substring(8, 40)),
            sample(
                    "url-safe " + Base64.getUrlEncoder().encodeToString(bytes(KNOWN)),
                    base64(KNOWN).substring(0, 8)),
            // Headers.
            sample("Authorization: Bearer abc.def.ghi", "abc.def"),
            sample("authorization: bearer " + LONG, LONG),
            sample("Bearer " + HEX, HEX),
            sample("got Bearer   s3cr3t back", "s3cr3t"),
            sample("Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNz"),
            sample("curl -H 'Authorization: Basic dXNlcjpwdw==' x", "dXNlcjpwdw"),
            sample("Proxy-Authorization: Basic QWxhZGRpbjpv", "QWxhZGRpbjpv"),
            sample("authorization=Bearer%20" + LONG, LONG),
            sample("{\"Authorization\":\"Bearer " + LONG + "\"}", LONG),
            sample("Cookie: sid=31d4d96e407aad42; theme=dark", "31d4d96e"),
            sample("Set-Cookie: q_session=e8bb43229de9; Path=/; HttpOnly", "e8bb4322"),
            sample("Authorization: Digest abcDEF123xyz", "abcDEF123xyz"),
            // Tokens that say what they are.
            sample("token " + JWT + " expired", "c2lnbmF0dXJl"),
            sample("(" + JWT + ")", "eyJzdWIi"),
            sample("unsigned eyJ" + "hbGciOiJub25lIn0.eyJzdWIiOiJib2IifQ.", "eyJzdWIi"),
            sample("/ws?token=" + JWT, "eyJzdWIi"),
            sample("carrier quarkus-http-upgrade%23Authorization%23Bearer%20" + JWT, "eyJzdWIi"),
            sample("key dtn" + "_0123456789abcdef is refused", "0123456789abcdef"),
            sample("used dtn" + "_ffffffffffffffffffff", "ffffffff"),
            sample("sk-" + "ant-api03-" + LONG + "-AA", LONG),
            sample("x-api-key: sk-" + "ant-oat01-" + LONG, LONG),
            sample("key sk-" + "proj-" + LONG, LONG),
            sample("key=sk-" + LONG, LONG),
            sample("sk_" + "live_" + LONG, LONG),
            sample("rk_" + "test_" + LONG, LONG),
            sample("cloned with ghp_" + LONG, LONG),
            sample("gho_" + LONG + ",", LONG),
            sample("ghs_" + LONG + " in the action", LONG),
            sample("github_pat_" + "11ABCDEFG0" + LONG, LONG),
            sample("glpat-" + LONG, LONG),
            sample("npm_" + LONG, LONG),
            sample("hf_" + LONG, LONG),
            sample("AWS AKIA" + "IOSFODNN7EXAMPLE", "IOSFODNN7"),
            sample("AWS ASIA" + "Y34FZKBOKMUTVV7A", "FZKBOKMU"),
            sample("xoxb" + "-123456789012-abcdefABCDEF", "abcdefABCDEF"),
            sample("xoxp" + "-1234-5678-90ab-cdef", "5678-90ab"),
            sample("AIza" + "SyA-0123456789abcdefghijklmnopqrstu", "0123456789abc"),
            sample("SG" + ".aaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbb", "bbbbbbbb"),
            sample("whsec_" + LONG, LONG),
            // Keys.
            sample("-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEow\nIBAAK\n-----END RSA PRIVATE KEY-----", "MIIEow"),
            sample("-----BEGIN PRIVATE " + "KEY-----\\nMIIEvQ\\n-----END PRIVATE KEY-----\\n", "MIIEvQ"),
            sample("-----BEGIN OPENSSH PRIVATE " + "KEY-----\nb3BlbnNzaC1rZXk", "b3BlbnNz"),
            sample("-----BEGIN EC PRIVATE " + "KEY-----\nMHcC-AQEE\ncut off he", "AQEE"),
            // URLs.
            sample("redis://default:hunter2@cache:6379/0", "hunter2"),
            sample("postgres://app:p%40ss@db/omni", "p%40ss"),
            sample("https://x-access-token:" + HEX + "@git.example/r.git", HEX),
            sample("https://" + HEX + "@o1.ingest.example/42", HEX),
            sample("amqp://:onlypassword@mq", "onlypassword"),
            sample("https://u:p@ss:w0rd@host/", "w0rd"),
            // Names with values.
            sample("mysql --user=root --password=s3cret db", "s3cret"),
            sample("login --password hunter2 --force", "hunter2"),
            sample("tool --api-key \"two words\" run", "two words"),
            sample("tool --token 'it is' run", "it is"),
            sample("deploy --token=abc", "abc"),
            sample("curl -u admin:tops3cret https://host", "tops3cret"),
            sample("curl --user admin:tops3cret https://host", "tops3cret"),
            sample("sshpass -p swordfish ssh host", "swordfish"),
            sample("mysql -h db -pswordfish shop", "swordfish"),
            sample("mysqldump -u root -p'sword fish' shop", "sword fish"),
            sample("redis-cli -h cache -a swordfish ping", "swordfish"),
            sample("docker login -u me -p swordfish registry", "swordfish"),
            sample("openssl enc -aes-256-cbc -k swordfish -in a", "swordfish"),
            sample("aws configure set aws_secret_access_key swordfish", "swordfish"),
            sample("echo AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalr"),
            sample("env SECRET_KEY_BASE=swordfish rails s", "swordfish"),
            sample("pass=swordfish; run", "swordfish"),
            sample("claude --model opus -p \"find the swordfish\" --max-turns 3", "swordfish"),
            sample("ANTHROPIC_API_KEY=verysecret claude", "verysecret"),
            sample("export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPx", "wJalr"),
            sample("env DB_PASSWORD='it is quiet' psql", "quiet"),
            sample("PGPASSWORD=pg psql", "=pg"),
            sample("client_secret = \"so secret\"", "so secret"),
            sample("{\"password\":\"hunter2\",\"a\":1}", "hunter2"),
            sample("{\"password\": \"with \\\" quote\", \"a\":1}", "quote"),
            sample("body {\\\"apiKey\\\":\\\"abc123\\\",\\\"b\\\":2}", "abc123"),
            sample("password: correcthorse", "correcthorse"),
            sample("passphrase: tr0ub4dor&3", "tr0ub4dor"),
            sample("secret := topmost", "topmost"),
            sample("privateKey=MIIBVgIBADANBg", "MIIBVg"),
            sample("access key: 8fjK2", "8fjK2"),
            sample("GITHUB_TOKEN=x", "=x"),
            sample("API_KEY_PROD=abcd", "abcd"),
            sample("password2=zwei", "zwei"),
            sample("q=a&access_token=zzz&r=b", "zzz"),
            sample("credentials=me", "=me"),
            sample("SENTRY_DSN=abc", "abc"),
            // People.
            sample("owner alice@example.com asks", "alice@"),
            sample("mailto:Bob.Jones+tag@mail.example.co.uk", "Bob.Jones"),
            sample("?user=carol%40example.org", "carol"),
            sample("<dörte@bücher.example>", "dörte"),
            sample("o'neil@example.ie;x", "neil@"));

    public static final List<String> HARMLESS = List.of(
            "mysql -h db -P 3306 -u root -p shop",
            "docker login -u me registry; ls -p x",
            "claude --version",
            "aws s3 ls -p",
            "42 tests pass, none fail",
            "",
            "Job 0198c0de-0000-7000-8000-000000000001 started",
            "Job 0198c0de-0000-7000-8000-000000000001 ended: SUCCEEDED, exit code 0",
            "method=GET path=/api/v1/sandboxes/box-1 status=200 durationMillis=12 bytes=345",
            "upstream_timeout: dev.omni.daytona.DaytonaException: TIMEOUT, status 0: late",
            "token: is missing",
            "token: is not a field of this message",
            "A valid token is needed",
            "Send a valid token as Authorization: Bearer.",
            "Send a token that has not expired.",
            "the token has expired",
            "Every token is refused until these are configured: mp.jwt.verify.issuer",
            "password: must not be blank",
            "secret: not known",
            "a bearer token is needed",
            "Bearer authentication failed",
            "Basic authentication is not supported",
            "The user named is not the user of the token",
            "the key may not be sent: nothing was.",
            "keyboard=de hotkey=F1 monkey: yes",
            "PWD=/home/daytona",
            "pwd: ~/workspace",
            "max_tokens=4096 tokens: 120",
            "io.vertx.core.http.HttpClosedException: Connection was closed",
            "java.lang.IllegalStateException: no",
            "at dev.omni.job.JobLog.finish(JobLog.java:396)",
            "dev.omni.Foo@1a2b3c4d",
            "http://localhost:8080/api?x=1",
            "https://app.daytona.io/api/sandbox/x?verbose=true",
            "redis://cache:6379/0",
            "2026-06-25T10:00:00.000Z",
            "AQgAAAAAAAAAAFpWJZo",
            "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "node_modules/@xterm/xterm@6.0.0/lib",
            "lodash@4.17.21 and left-pad@1.3.0",
            "echo hello | tr a-z A-Z > out.txt",
            "for i in 1 2 3; do echo $i; sleep 1; done",
            "git commit -m 'Mend the desk-lamp'",
            "task-runner disk-usage risk-assessment-of-the-year",
            "-----BEGIN PUBLIC KEY-----",
            "The Idempotency-Key was used for another job in this sandbox.",
            "Retry-After: 60",
            "Content-Type: application/json; charset=utf-8",
            "[2001:db8::1]:443",
            "10.0.0.7:2280",
            "omni-prod-4f1d2c3b4a5968778695a4b3c2d1e0ff",
            "eyJ is how they begin",
            "C:\\Users\\nobody",
            "50% of 200@100",
            "größe=5 naïve café",
            "signature: invalid",
            "the cookie of a visitor");

    private Corpus() {}

    private static Sample sample(String text, String secret) {
        if (!text.contains(secret) && !text.startsWith("url-safe")) {
            throw new IllegalArgumentException(text + " holds no " + secret);
        }
        return new Sample(text, secret);
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(bytes(text));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
