package dev.omni.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.omni.bench.LogMessage.Counting;
import io.vertx.core.http.WebSocketFrame;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** A figure is only worth something if every byte has come, once. */
class CountingTest {
    private static final String LINE = "0123456789\\n";

    private final CountDownLatch complete = new CountDownLatch(1);
    private final Counting counting = new Counting(3L * LINE.length(), complete, false);

    @Test
    void outputIsWholeHoweverItIsCut() {
        log(LINE + LINE);
        other("{\"type\":\"heartbeat\",\"ts\":1}");
        assertThat(complete.getCount()).isOne();
        log("0");
        log(LINE.substring(1));
        assertThat(complete.getCount()).isZero();
        counting.verify();
    }

    @Test
    void aMessageThatIsLostIsNoticed() {
        log(LINE);
        log(LINE);
        other("{\"type\":\"done\",\"exitCode\":0}");
        assertThatThrownBy(counting::verify).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aMessageThatComesTwiceIsNoticed() {
        for (int i = 0; i < 4; i++) {
            log(LINE);
        }
        assertThatThrownBy(counting::verify).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aMessageOfAnotherFormIsNoticed() {
        assertThatThrownBy(() -> other("{\"type\":\"log\",\"stream\":\"stdout\",\"data\":\"x\"}"))
                .isInstanceOf(IllegalStateException.class);
    }

    private void log(String json) {
        other("{\"type\":\"log\",\"level\":\"info\",\"data\":\"%s\",\"stream\":\"stdout\",\"cursor\":\"AQg\"}"
                .formatted(json));
    }

    private void other(String json) {
        counting.handle(WebSocketFrame.textFrame(json, true));
    }
}
