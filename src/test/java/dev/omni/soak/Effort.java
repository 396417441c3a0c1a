package dev.omni.soak;

import java.util.Random;
import org.jboss.logging.Logger;

/** How much is tried, and the seed of all that is random. Each is a system property; unset, it is what a build can afford. */
final class Effort {
    /** Connections of readers that are cut. */
    static final int DISCONNECTS = Integer.getInteger("soak.disconnects", 60);
    /** Streams of Daytona's that break. */
    static final int BREAKS = Integer.getInteger("soak.breaks", 6);
    /** How often a replica is killed, and as often one is told to end. */
    static final int KILLS = Integer.getInteger("soak.kills", 1);
    /** Jobs that run meanwhile. */
    static final int JOBS_UNDER_LOAD = Integer.getInteger("soak.jobs", 2);
    /** The output that a reader sleeps through. */
    static final int MEGABYTES = Integer.getInteger("soak.megabytes", 20);
    /** Readers of one job. */
    static final int SUBSCRIBERS = Integer.getInteger("soak.subscribers", 200);
    /** Jobs whose end is timed. */
    static final int TIMED_JOBS = Integer.getInteger("soak.timed-jobs", 10);

    static final long SEED = Long.getLong("soak.seed", System.nanoTime() & Integer.MAX_VALUE);

    private static final Logger LOG = Logger.getLogger(Effort.class);

    static {
        LOG.infof("Everything random here comes from -Dsoak.seed=%d", SEED);
    }

    private Effort() {}

    /** Randomness of one test's own, so that the others have no part in it. */
    static Random random(String test) {
        return new Random(SEED * 31 + test.hashCode());
    }

    /** For the description of whatever may fail. */
    static String seed() {
        return "[-Dsoak.seed=" + SEED + "]";
    }
}
