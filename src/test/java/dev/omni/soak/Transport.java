package dev.omni.soak;

import java.io.IOException;
import java.net.URI;

/** One way of reading a job. */
interface Transport {
    /**
     * Connects once and reads on from where the transcript is.
     *
     * @param atMost so many messages, then the reader cuts the connection
     * @throws RefusedException when there was no connection
     * @throws IOException when it ended before the job did
     */
    void read(URI service, JobAddress job, Transcript transcript, int atMost) throws IOException;

    /** That the transcript is what the script printed. */
    void require(Transcript transcript, Script script);
}
