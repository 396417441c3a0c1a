package dev.omni.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smallrye.mutiny.subscription.Cancellable;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class SpoolSpaceTest {
    private final SpoolSpace space = new SpoolSpace(100, 90, Duration.ofMinutes(1));

    @Test
    void whoFindsItTakenWaitsUntilSomebodyCloses() {
        SpoolSpace.Share one = space.share("user-1");
        assertThat(grow(one, 80).granted()).isTrue();
        Growth other = grow(space.share("user-2"), 30);
        assertThat(other.granted()).isFalse();

        one.close();

        assertThat(other.granted()).isTrue();
        assertThat(space.taken()).isEqualTo(30);
    }

    @Test
    void theFirstToWaitIsTheFirstServedEvenWhenALaterOneWouldFit() {
        SpoolSpace.Share one = space.share("user-3");
        grow(one, 80);
        Growth large = grow(space.share("user-4"), 60);
        Growth small = grow(space.share("user-5"), 5);
        assertThat(small.granted()).isFalse();

        one.close();

        assertThat(large.granted()).isTrue();
        assertThat(small.granted()).isTrue();
        assertThat(space.taken()).isEqualTo(65);
    }

    @Test
    void whatWasGrantedOnceIsNotTakenAgain() {
        SpoolSpace.Share share = space.share("user-6");
        grow(share, 60);
        assertThat(grow(share, 60).granted()).isTrue();
        assertThat(grow(share, 90).granted()).isTrue();
        assertThat(space.taken()).isEqualTo(90);

        share.close();
        assertThat(space.taken()).isZero();
    }

    @Test
    void whoStopsWaitingHoldsUpNobody() {
        grow(space.share("user-7"), 80);
        Growth given = grow(space.share("user-8"), 50);
        Growth next = grow(space.share("user-9"), 20);

        given.cancel();

        assertThat(given.granted()).isFalse();
        assertThat(next.granted()).isTrue();
        assertThat(space.taken()).isEqualTo(100);
    }

    @Test
    void oneUserMayNotTakeItAllAndHoldsUpNobody() {
        grow(space.share("alice"), 80);
        Growth more = grow(space.share("alice"), 20);
        assertThat(more.granted()).isFalse();

        assertThat(grow(space.share("bob"), 15).granted()).isTrue();
    }

    @Test
    void whoWaitsTooLongIsRefused() {
        SpoolSpace impatient = new SpoolSpace(100, 100, Duration.ofMillis(20));
        grow(impatient.share("alice"), 100);
        assertThatThrownBy(() -> impatient.share("bob").growTo(1).await().indefinitely())
                .isInstanceOf(SpoolSpace.NoRoomException.class);
        assertThat(impatient.taken()).isEqualTo(100);
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
