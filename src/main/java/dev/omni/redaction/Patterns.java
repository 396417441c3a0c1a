package dev.omni.redaction;

import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What secrets look like. So that no text takes more than its length, every pattern begins with something fixed or at the
 * beginning of a word, repeats without going back (possessively) or a bounded number of times, and reads no character for
 * more than a bounded number of matches.
 */
final class Patterns {
    /**
     * A pattern, which of its matches count, and what is left of them: {@code $1} is told, the rest is not.
     *
     * @param signs one of these is in the lower case of every text that the pattern matches: nearly every text has none, and
     *     looking for them costs next to nothing
     */
    private record Rule(List<String> signs, Pattern pattern, Predicate<MatchResult> counts, String replacement) {
        boolean mayApply(String lowerCase) {
            for (String sign : signs) {
                if (lowerCase.contains(sign)) {
                    return true;
                }
            }
            return false;
        }

        String apply(String text) {
            Matcher matcher = pattern.matcher(text);
            StringBuilder scrubbed = null;
            while (matcher.find()) {
                if (scrubbed == null) {
                    scrubbed = new StringBuilder(text.length());
                }
                if (counts.test(matcher)) {
                    matcher.appendReplacement(scrubbed, replacement);
                } else {
                    matcher.appendReplacement(scrubbed, Matcher.quoteReplacement(matcher.group()));
                }
            }
            return scrubbed == null ? text : matcher.appendTail(scrubbed).toString();
        }
    }

    /** Not inside a word; what is percent-encoded before it is none. */
    private static final String WORD_BEGINS = "(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2}))";

    private static final String TOKEN_BEGINS = "(?:(?<![A-Za-z0-9_-])|(?<=%[0-9A-Fa-f]{2}))";

    /** The last words of a name whose value is secret, such as {@code ANTHROPIC_API_KEY}. In the plural it is counted. */
    private static final String SECRET_NAME = "(?:passw(?:or)?d|passphrase|secret|token|credentials?|dsn|signature"
            + "|pwd(?![\"']?\\s{0,3}+[=:]\\s{0,3}+[\"']?[/~.])"
            + "|(?:api|access|secret|private|signing|encryption|account|master|auth|ssh|service)[\\s_.-]?keys?"
            + "|(?<![A-Za-z])pass(?=[\"']?\\s{0,3}+[=:])"
            + "|authorization)(?:[_.-]?(?:\\d{1,2}|base|prod(?:uction)?|staging|dev|test|live|value|base64|b64|hash))?+";

    /** What stands behind the name of a secret in a sentence about it. */
    private static final String NO_PROSE =
            "(?!(?i:an?|the|is|are|was|were|has|have|had|must|may|can|cannot|could|should|will"
                    + "|would|not|no|none|null|true|false|missing|invalid|required|unknown|expired|empty|absent|of|in|on|for|at|to"
                    + "|and|or|it|this|that|does|do|from|with|given|needed|refused|valid|bearer|basic)(?![\\w@#$%&+=/-]))";

    private static final String BARE = "[^\\s\"',;&|()<>{}\\[\\]\\\\]";

    /** In quotes, perhaps escaped ones, or up to the next blank or separator. */
    private static final String VALUE =
            "(?:\\\\\"(?:[^\"\\\\]|\\\\[^\"])*+(?:\\\\\")?|\"(?:[^\"\\\\]|\\\\.)*+\"?|'[^']*+'?|" + BARE + "++)";

    private static final List<String> SECRET_NAME_SIGNS =
            List.of("pass", "secret", "token", "credential", "dsn", "signature", "pwd", "key", "authorization");

    private static final List<Rule> RULES = List.of(
            // Keys in PEM, to their end or that of the text.
            rule(
                    List.of("-----begin"),
                    "-----BEGIN[ A-Z0-9]{0,40}PRIVATE KEY[ A-Z]{0,10}-----"
                            + "(?:[^-]|-(?!----END))*+(?:-----END[ A-Z0-9]{0,60}-----)?"),
            // User and password, or a token alone, in a URL.
            rule(List.of("://"), "(?<=://)[^\\s/@:\"'<>]{0,256}+:[^\\s/\"'<>]{1,512}@", "***@"),
            rule(List.of("://"), "(?<=://)[^\\s/@:\"'<>]{16,512}+@", "***@"),
            // What an Authorization header holds.
            new Rule(
                    List.of("bearer", "basic", "digest", "dpop", "negotiate"),
                    Pattern.compile(WORD_BEGINS + "((?i:bearer|basic|digest|dpop|negotiate)(?:[\\s+:]|%20){1,8}+)"
                            + "([A-Za-z0-9._~+/-]{3,8192}+={0,3}+)"),
                    match -> looksRandom(match.group(2)),
                    "$1***"),
            rule(List.of("cookie"), "(\\b(?i:set-cookie|cookie)[\"']?\\s{0,3}+:\\s{0,3}+)[^\\r\\n]++", "$1***"),
            // Tokens that say what they are.
            rule(List.of("eyj"), TOKEN_BEGINS + "eyJ[A-Za-z0-9_-]{5,}+(?:\\.[A-Za-z0-9_-]*+){1,4}+"),
            rule(List.of("dtn_"), WORD_BEGINS + "dtn_\\w++"),
            rule(
                    List.of("sk-", "sk_", "rk-", "rk_", "pk-", "pk_"),
                    WORD_BEGINS + "(?:sk|rk|pk)[-_](?:ant|live|test|proj)[-_][A-Za-z0-9_-]{6,}+"),
            rule(List.of("sk-"), WORD_BEGINS + "sk-[A-Za-z0-9_-]{16,}+"),
            rule(
                    List.of(
                            "ghp_",
                            "gho_",
                            "ghu_",
                            "ghs_",
                            "ghr_",
                            "github_pat_",
                            "glpat-",
                            "gldt-",
                            "npm_",
                            "hf_",
                            "pypi-",
                            "sntryu_",
                            "sntrys_",
                            "shpat_",
                            "shpss_",
                            "dop_v1_",
                            "atatt",
                            "xai-",
                            "gsk_",
                            "whsec_",
                            "figd_",
                            "lin_api_"),
                    WORD_BEGINS
                            + "(?:gh[pousr]_|github_pat_|glpat-|gldt-|npm_|hf_|pypi-|sntry[su]_|shp(?:at|ss)_|dop_v1_"
                            + "|ATATT|xai-|gsk_|whsec_|figd_|lin_api_)[A-Za-z0-9_-]{10,}+"),
            rule(List.of("xox"), WORD_BEGINS + "xox[a-z]-[A-Za-z0-9-]{8,}+"),
            rule(
                    List.of("akia", "asia", "aroa", "aida"),
                    WORD_BEGINS
                            + "(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}+(?:[\\s:,]{1,3}+[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+]))?"),
            rule(List.of("aiza"), WORD_BEGINS + "AIza[A-Za-z0-9_-]{30,}+"),
            rule(List.of("sg."), WORD_BEGINS + "SG\\.[A-Za-z0-9_-]{16,}+\\.[A-Za-z0-9_-]{16,}+"),
            // name=value, "name":"value", name: value.
            rule(
                    SECRET_NAME_SIGNS,
                    "((?i:" + SECRET_NAME + ")(?:\\\\?[\"'])?(?:%3[Dd]|\\s{0,3}+(?:=|:=?+)\\s{0,3}+)"
                            + "(?:(?i:bearer|basic|token)\\s{1,3}+)?+)(?!\\*\\*\\*)" + NO_PROSE + VALUE,
                    "$1***"),
            // --name value.
            rule(
                    SECRET_NAME_SIGNS,
                    "((?<!\\S)--?[\\w-]{0,40}?(?i:" + SECRET_NAME + ")\\s{1,3}+)" + NO_PROSE + VALUE,
                    "$1***"),
            rule(
                    List.of("-u"),
                    "((?<!\\S)(?:-u|--user|--proxy-user)[\\s=]\\s{0,3}+)[\"']?[^\\s:\"']{1,256}+:" + BARE + "++",
                    "$1***"),
            rule(List.of("aws"), "(\\baws\\s{1,3}+configure\\s{1,3}+set\\s{1,3}+\\S{1,64}+\\s{1,3}+)" + VALUE, "$1***"),
            // What programs take with a letter only: a password, and a prompt.
            rule(
                    List.of("mysql", "mariadb"),
                    "(\\b(?:mysql|mariadb)(?:-?(?:dump|admin|import))?(?=\\s)[^|;&\\r\\n]{0,200}?\\s-p)" + VALUE,
                    "$1***"),
            rule(List.of("redis-cli"), "(\\bredis-cli(?=\\s)[^|;&\\r\\n]{0,200}?\\s-a\\s{1,3}+)" + VALUE, "$1***"),
            rule(
                    List.of("login"),
                    "(\\b(?:docker|podman|helm|az|oc)\\s[^|;&\\r\\n]{0,80}?\\blogin(?=\\s)[^|;&\\r\\n]{0,200}?\\s-p\\s{1,3}+)"
                            + VALUE,
                    "$1***"),
            rule(List.of("openssl"), "(\\bopenssl(?=\\s)[^|;&\\r\\n]{0,200}?\\s-[kK]\\s{1,3}+)" + VALUE, "$1***"),
            rule(
                    List.of("claude"),
                    "(\\bclaude(?=\\s)[^|;&\\r\\n]{0,200}?\\s(?:-p|--print|--system-prompt|--append-system-prompt)\\s{1,3}+)"
                            + VALUE,
                    "$1***"),
            rule(List.of("sshpass"), "(\\bsshpass\\s{1,3}+-p\\s{0,3}+)" + VALUE, "$1***"),
            // E-mail addresses, as they are or in a URL.
            rule(
                    List.of("@", "%40"),
                    "(?<![\\p{L}\\p{N}._+'-])[\\p{L}\\p{N}._+'-]{1,64}+(?:@|%40)"
                            + "(?:[\\p{L}\\p{N}-]{1,63}\\.){1,8}\\p{L}[\\p{L}\\p{N}-]{1,62}+"));

    private static final Pattern SECRETS_NAME = Pattern.compile("(?i)[\\w.-]{0,256}?" + SECRET_NAME);

    private Patterns() {}

    static boolean namesSecret(String name) {
        return SECRETS_NAME.matcher(name).matches();
    }

    static String scrub(String text) {
        // What rules leave behind has no sign that was not there before.
        String lowerCase = text.toLowerCase(Locale.ROOT);
        String scrubbed = text;
        for (Rule rule : RULES) {
            if (rule.mayApply(lowerCase)) {
                scrubbed = rule.apply(scrubbed);
            }
        }
        return scrubbed;
    }

    private static Rule rule(List<String> signs, String pattern) {
        return rule(signs, pattern, Redaction.MASK);
    }

    private static Rule rule(List<String> signs, String pattern, String replacement) {
        return new Rule(signs, Pattern.compile(pattern), match -> true, replacement);
    }

    /** "Bearer authentication" is no token: one has digits, signs, or capitals inside, or is very long. */
    private static boolean looksRandom(String value) {
        return value.length() >= 20
                || value.chars().anyMatch(c -> Character.isDigit(c) || c == '_' || c == '=' || c == '/' || c == '+')
                || value.chars().skip(1).anyMatch(Character::isUpperCase)
                || (value.indexOf('.') > 0 && value.indexOf('.') < value.length() - 1);
    }
}
