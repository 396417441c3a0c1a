package dev.omni.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.daytona.RemoteState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SandboxStatusTest {
    @ParameterizedTest
    @CsvSource({
        "PENDING_BUILD, creating",
        "RESTORING, creating",
        "STARTED, ready",
        "STOPPING, stopping",
        "STOPPED, stopped",
        "ARCHIVING, stopped",
        "ARCHIVED, archived",
        "DESTROYING, deleting",
        "DESTROYED, deleting",
        "ERROR, error",
        "BUILD_FAILED, error"
    })
    void everyStateOfDaytonaHasAStatusOnTheWire(RemoteState state, String status) {
        assertThat(SandboxStatus.of(state).wireName()).isEqualTo(status);
    }

    @Test
    void aStateThatIsNotKnownIsNeverTakenForAnErrorOrForReady() {
        assertThat(SandboxStatus.of(RemoteState.OTHER)).isEqualTo(SandboxStatus.CREATING);
    }

    @ParameterizedTest
    @EnumSource
    void askingForAStatusFindsAllThatIsStoredAndShownAsIt(RemoteState state) {
        // Daytona's list refuses to be asked for the destroyed, and for states it does not know.
        if (state != RemoteState.DESTROYED && state != RemoteState.OTHER) {
            assertThat(SandboxStatus.of(state).storedStates()).contains(state);
        }
    }

    @ParameterizedTest
    @EnumSource
    void askingForAStatusNeverAsksForWhatDaytonaRefuses(SandboxStatus status) {
        assertThat(status.storedStates()).doesNotContain(RemoteState.DESTROYED, RemoteState.OTHER);
    }

    @ParameterizedTest
    @EnumSource
    void aStatusIsFoundByTheNameItHasOnTheWire(SandboxStatus status) {
        assertThat(SandboxStatus.ofWireName(status.wireName())).contains(status);
    }

    @Test
    void otherNamesAreNoStatus() {
        assertThat(SandboxStatus.ofWireName("READY")).isEmpty();
        assertThat(SandboxStatus.ofWireName("")).isEmpty();
    }
}
