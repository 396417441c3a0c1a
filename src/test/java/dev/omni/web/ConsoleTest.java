package dev.omni.web;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static dev.omni.TestUsers.as;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.AriaRole;
import dev.omni.RawHttp;
import dev.omni.sandbox.Users;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIf;

/** What a developer does on the console, found by what the page says rather than by how it is made. */
@EnabledIf(value = "dev.omni.web.Chromium#isInstalled", disabledReason = "no Chromium is installed")
@QuarkusTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConsoleTest {
    private static final int PATIENCE_MILLIS = 30_000;

    private String user = "";
    private final List<String> complaints = new ArrayList<>();
    private Chromium chromium;
    private BrowserContext person;
    private Relay relay;

    @BeforeAll
    void launch() {
        chromium = Chromium.launch();
        PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MILLIS);
    }

    @AfterAll
    void quit() {
        chromium.close();
    }

    @BeforeEach
    void arrive() {
        complaints.clear();
        user = Users.somebody();
        relay = new Relay(RawHttp.port(), 1);
        person = chromium.person();
        person.onConsoleMessage(message -> {
            if (message.type().equals("error") && !message.text().contains("WebSocket")) {
                complaints.add(message.text());
            }
        });
        person.onWebError(error -> complaints.add(error.error()));
    }

    @AfterEach
    void leave() throws IOException {
        person.close();
        relay.close();
        assertThat(complaints).as("what the browser complains of").isEmpty();
    }

    @Test
    void whatACommandPrintsAppearsWhileItRuns() {
        Page page = signIn();

        run(page, "echo first; read line; echo \"second: $line\"; exit 3", true);
        assertThat(screen(page)).hasText("first");
        assertThat(page.locator("#job-meta")).containsText("running");
        input(page).fill("ä€😀");
        input(page).press("Enter");

        assertThat(screen(page)).containsText("second: ä€😀");
        assertThat(page.locator("#job-meta")).containsText("failed with 3");
        assertThat(input(page)).isHidden();
    }

    @Test
    void everyTabOfAUserShowsTheSame() {
        Page one = signIn();
        Page other = signIn();

        run(one, "echo from the first tab; read line", true);
        assertThat(screen(other)).hasText("from the first tab");
        assertThat(entry(other, "echo from the first tab")).hasAttribute("data-status", "running");
        cancel(other);

        assertThat(entry(one, "echo from the first tab")).hasAttribute("data-status", "cancelled");
        assertThat(entry(other, "echo from the first tab")).hasAttribute("data-status", "cancelled");
    }

    @Test
    void whatRanBeforeCanBeReadAgain() {
        Page page = signIn();
        run(page, "echo an older one", false);
        assertThat(screen(page)).containsText("an older one");
        assertThat(page.locator("#job-meta")).containsText("succeeded");
        run(page, "echo a newer one", false);
        assertThat(screen(page)).hasText("a newer one");

        page.reload();
        entry(page, "echo an older one").click();

        assertThat(screen(page)).containsText("an older one");
    }

    @Test
    void aCutConnectionShowsAndHealsWithoutALostLine() {
        Page page = signIn();
        run(page, "echo before; read line; seq 1 3000", true);
        assertThat(screen(page)).hasText("before");

        relay.refuse(true);
        relay.cut();
        assertThat(page.locator("#connection")).containsText("connect");
        assertThat(page.locator("#connection")).not().hasText("connected");
        input(page).fill("go");
        input(page).press("Enter");
        relay.refuse(false);

        assertThat(page.locator("#job-meta")).containsText("succeeded");
        assertThat(page.locator("#connection")).hasText("connected");
        Locator lines = screen(page).locator(".line");
        assertThat(lines).hasCount(3002);
        assertThat(lines.nth(1)).hasText("1");
        assertThat(lines.nth(3000)).hasText("3000");
    }

    @Test
    void aPromptShowsItsConversationAndResult() {
        Page page = signIn();
        page.getByText("Prompt", new Page.GetByTextOptions().setExact(true)).click();

        page.getByLabel("Command or prompt").fill("Summarise the notes.");
        page.getByLabel("Command or prompt").press("Enter");

        assertThat(screen(page)).containsText("Result");
        assertThat(page.locator("#job-meta")).containsText("succeeded");
    }

    @Test
    void whatAProgramPrintsIsTextAndNothingElse() {
        Page page = signIn();

        run(
                page,
                "printf '<img src=x onerror=document.title=1> \\033[1;31mred\\033[0m over\\rOVER\\n<script>1</script>\\n'",
                false);

        assertThat(screen(page)).containsText("OVER src=x onerror=document.title=1> red over");
        assertThat(screen(page)).containsText("<script>1</script>");
        assertThat(screen(page).locator("img, script")).hasCount(0);
        assertThat(screen(page).getByText("red", new Locator.GetByTextOptions().setExact(true)))
                .hasClass("bold");
        assertThat(page).hasTitle("Omni console");
        assertThat(page.locator("#jobs").locator("img, script")).hasCount(0);
    }

    @Test
    void aLongOutputLeavesOnlyItsEndOnTheScreen() {
        Page page = signIn();

        run(page, "seq 1 300000", false);

        assertThat(page.locator("#job-meta")).containsText("succeeded");
        Locator lines = screen(page).locator(".line");
        assertThat(lines.nth(4999)).hasText("300000");
        assertThat(lines.nth(0)).hasText("295001");
        assertThat(lines).hasCount(5001);
        assertThat(screen(page).locator(":first-child").first()).hasText("only the last 5000 lines are shown");
    }

    @Test
    void whatAnswersAfterSigningOutIsNotShownToTheNextUser() {
        Page page = signIn();
        run(page, "echo mine alone", false);
        assertThat(page.locator("#job-meta")).containsText("succeeded");
        signOut(page);
        List<Route> held = new ArrayList<>();
        page.route("**/api/v1/sandboxes/default", held::add, new Page.RouteOptions().setTimes(1));
        signIn(page, user);
        page.waitForCondition(() -> !held.isEmpty());
        signOut(page);

        String next = Users.somebody();
        signIn(page, next);
        held.getFirst().resume();
        assertThat(page.locator("#sandbox")).hasText("sandbox ready");
        run(page, "echo of the next one", false);

        assertThat(page.locator("#job-meta")).containsText("succeeded");
        assertThat(page.locator("#jobs li")).hasCount(1);
        assertThat(page.locator("#problem")).isHidden();
        page.reload();
        assertThat(page.locator("#user")).hasText(next);
    }

    @Test
    void aSandboxThatIsGoneAfterAnInterruptionIsReplacedAndItsJobsAreLost() {
        Page page = signIn();
        run(page, "echo begun; exec sleep 1000", false);
        assertThat(screen(page)).hasText("begun");

        relay.refuse(true);
        relay.cut();
        String sandbox = as(user).get("/api/v1/sandboxes").then().extract().path("items[0].id");
        as(user).delete("/api/v1/sandboxes/{id}", sandbox).then().statusCode(204);
        await().until(() -> as(user).get("/api/v1/sandboxes/{id}", sandbox).statusCode() == 404);
        relay.refuse(false);

        assertThat(entry(page, "echo begun")).hasAttribute("data-status", "lost");
        assertThat(page.locator("#sandbox")).hasText("sandbox ready");
        run(page, "echo in the new one", false);
        assertThat(screen(page)).hasText("in the new one");
        assertThat(page.locator("#problem")).isHidden();
        complaints.removeIf(complaint -> complaint.contains("404"));
    }

    @Test
    void whatIsRunWhenTheSandboxIsGoneRunsInANewOne() {
        Page page = signIn();
        String sandbox = as(user).get("/api/v1/sandboxes").then().extract().path("items[0].id");
        as(user).delete("/api/v1/sandboxes/{id}", sandbox).then().statusCode(204);
        await().until(() -> as(user).get("/api/v1/sandboxes/{id}", sandbox).statusCode() == 404);

        run(page, "echo all the same", false);

        assertThat(screen(page)).hasText("all the same");
        assertThat(page.locator("#sandbox")).hasText("sandbox ready");
        complaints.removeIf(complaint -> complaint.contains("404"));
    }

    @Test
    void everythingCanBeDoneFromTheKeyboard() {
        Page page = chromiumPage();
        page.keyboard().type(user);
        page.keyboard().press("Enter");
        assertThat(page.getByLabel("Command or prompt")).isFocused();
        assertThat(page.locator("#sandbox")).hasText("sandbox ready");

        page.keyboard().type("echo typed; exec sleep 1000");
        page.keyboard().press("Enter");
        assertThat(screen(page)).hasText("typed");
        Locator cancel = page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Cancel"));
        while (!(Boolean) cancel.evaluate("button => button === document.activeElement")) {
            page.keyboard().press("Shift+Tab");
        }
        page.keyboard().press("Enter");

        assertThat(page.locator("#job-meta")).containsText("cancelled");
    }

    @Test
    void itFitsAPhone() {
        Page page = signIn();
        page.setViewportSize(360, 640);

        run(page, "printf '%0500d\\n' 7", false);

        assertThat(screen(page)).containsText("0007");
        assertThat(page.evaluate("() => document.documentElement.scrollWidth")).isEqualTo(360);
        assertThat(page.getByRole(
                        AriaRole.BUTTON,
                        new Page.GetByRoleOptions().setName("Run").setExact(true)))
                .isInViewport();
    }

    @Test
    void thePageAllowsNothingButItsOwnFiles() {
        String policy = given().get("/")
                .then()
                .statusCode(200)
                .contentType("text/html")
                .extract()
                .header("Content-Security-Policy");

        assertThat(policy).contains("default-src 'none'", "script-src 'self'").doesNotContain("unsafe");
    }

    private Page chromiumPage() {
        Page page = person.newPage();
        page.navigate(relay.url());
        page.getByLabel("Name").fill("");
        return page;
    }

    private Page signIn() {
        Page page = chromiumPage();
        signIn(page, user);
        assertThat(page.locator("#sandbox")).hasText("sandbox ready");
        assertThat(page.locator("#connection")).hasText("connected");
        return page;
    }

    private static void signIn(Page page, String name) {
        page.getByLabel("Name").fill(name);
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Sign in"))
                .click();
        assertThat(page.locator("#user")).hasText(name);
    }

    private static void signOut(Page page) {
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Sign out"))
                .click();
        assertThat(page.getByLabel("Name")).isVisible();
    }

    private static void run(Page page, String command, boolean keepsInputOpen) {
        page.getByLabel("with input").setChecked(keepsInputOpen);
        page.getByLabel("Command or prompt").fill(command);
        page.getByRole(
                        AriaRole.BUTTON,
                        new Page.GetByRoleOptions().setName("Run").setExact(true))
                .click();
        assertThat(page.locator("#job-title")).hasText(command);
    }

    private static void cancel(Page page) {
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Cancel"))
                .click();
    }

    private static Locator input(Page page) {
        return page.getByLabel("Input", new Page.GetByLabelOptions().setExact(true));
    }

    private static Locator screen(Page page) {
        return page.getByLabel("Output");
    }

    private static Locator entry(Page page, String title) {
        return page.locator("#jobs")
                .getByRole(AriaRole.BUTTON)
                .filter(new Locator.FilterOptions().setHasText(title))
                .first();
    }
}
