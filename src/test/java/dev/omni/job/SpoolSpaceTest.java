package dev.omni.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.mutiny.subscription.Cancellable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class SpoolSpaceTest {
    private final SpoolSpace space = new SpoolSpace(100);

    @Test
    void whoFindsItTakenWaitsUntilSomebodyCloses() {
        SpoolSpace.Share one = space.share();
        assertThat(grow(one, 80).granted()).isTrue();
        Growth other = grow(space.share(), 30);
        assertThat(other.granted()).isFalse();

        one.close();

        assertThat(other.granted()).isTrue();
        assertThat(space.taken()).isEqualTo(30);
    }

    @Test
    void theFirstToWaitIsTheFirstServedEvenWhenALaterOneWouldFit() {
        SpoolSpace.Share one = space.share();
        grow(one, 80);
        Growth large = grow(space.share(), 60);
        Growth small = grow(space.share(), 5);
        assertThat(small.granted()).isFalse();

        one.close();

        assertThat(large.granted()).isTrue();
        assertThat(small.granted()).isTrue();
        assertThat(space.taken()).isEqualTo(65);
    }

    @Test
    void whatWasGrantedOnceIsNotTakenAgain() {
        SpoolSpace.Share share = space.share();
        grow(share, 60);
        assertThat(grow(share, 60).granted()).isTrue();
        assertThat(grow(share, 90).granted()).isTrue();
        assertThat(space.taken()).isEqualTo(90);

        share.close();
        assertThat(space.taken()).isZero();
    }

    @Test
    void whoStopsWaitingHoldsUpNobody() {
        grow(space.share(), 80);
        Growth given = grow(space.share(), 50);
        Growth next = grow(space.share(), 20);

        given.cancel();

        assertThat(given.granted()).isFalse();
        assertThat(next.granted()).isTrue();
        assertThat(space.taken()).isEqualTo(100);
    }

    private record Growth(AtomicBoolean done, Cancellable waiting) {
        boolean granted() {
            return done.get();
        }

        void cancel() {
            waiting.cancel();
        }
    }

    private static Growth grow(SpoolSpace.Share share, long size) {
        AtomicBoolean done = new AtomicBoolean();
        return new Growth(done, share.growTo(size).subscribe().with(granted -> done.set(true)));
    }
}
