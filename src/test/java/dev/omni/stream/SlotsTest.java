package dev.omni.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SlotsTest {
    private final Slots slots = new Slots(new SmallRyeConfigBuilder()
            .addDiscoveredConverters()
            .withMapping(StreamConfig.class)
            .withDefaultValue("omni.stream.max-connections-per-user", "3")
            .withDefaultValue("omni.stream.max-connections-per-address", "4")
            .withDefaultValue("omni.stream.max-connections", "6")
            .build()
            .getConfigMapping(StreamConfig.class));

    @Test
    void aUserHasAShareWhereverTheCallsComeFrom() {
        assertThat(taken("carol", "a", "b", "c")).isEqualTo(3);

        assertThat(slots.hasRoom(new Peer("carol", "d"))).isFalse();
        assertThat(slots.tryAcquire(new Peer("carol", "d"))).isFalse();
        assertThat(slots.tryAcquire(new Peer("dave", "d"))).isTrue();
    }

    @Test
    void anAddressHasAShareWhoeverCallsFromIt() {
        for (String user : new String[] {"carol", "dave", "erin", "frank"}) {
            assertThat(slots.tryAcquire(new Peer(user, "a"))).isTrue();
        }

        assertThat(slots.hasRoom(new Peer("grace", "a"))).isFalse();
        assertThat(slots.tryAcquire(new Peer("grace", "a"))).isFalse();
        assertThat(slots.tryAcquire(new Peer("grace", "b"))).isTrue();
    }

    @Test
    void theReplicaHasAnEnd() {
        assertThat(taken("carol", "a", "b", "c") + taken("dave", "a", "b", "c")).isEqualTo(6);

        assertThat(slots.tryAcquire(new Peer("erin", "d"))).isFalse();
    }

    @Test
    void whoIsRefusedHoldsNothing() {
        assertThat(taken("carol", "a", "a", "a", "a")).isEqualTo(3);
        assertThat(taken("dave", "a", "a")).isEqualTo(1);
        assertThat(slots.used("dave")).isEqualTo(1);

        assertThat(taken("erin", "b", "b", "b")).isEqualTo(2);
    }

    @Test
    void whatIsGivenBackIsThereForAnother() {
        assertThat(taken("carol", "a", "a", "a")).isEqualTo(3);
        slots.release(new Peer("carol", "a"));

        assertThat(slots.used("carol")).isEqualTo(2);
        assertThat(taken("carol", "a", "a")).isEqualTo(1);
    }

    @Test
    void manyAtOnceGetNoMoreThanThereIs() {
        var calls = IntStream.range(0, 64)
                .mapToObj(i -> CompletableFuture.supplyAsync(() -> taken("user-" + i, "address-" + i % 16)))
                .toList();

        assertThat(calls.stream().mapToInt(CompletableFuture::join).sum()).isEqualTo(6);
    }

    private int taken(String user, String... addresses) {
        int taken = 0;
        for (String address : addresses) {
            if (slots.tryAcquire(new Peer(user, address))) {
                taken++;
            }
        }
        return taken;
    }
}
