package dev.omni.soak;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Output of any size that need not be kept to be checked: line {@code n} holds the number {@code n}. */
final class NumberedLines extends OutputStream {
    static final int LINE = 100;

    private final CountDownLatch awake;
    private byte[] line = line(0);
    private long checked;

    /** @param awake until when whoever writes is kept waiting */
    NumberedLines(CountDownLatch awake) {
        this.awake = awake;
    }

    /** Prints some of the lines. */
    static String command(long from, long to) {
        return "seq -f '%%0%d.0f' %d %d".formatted(LINE - 1, from, to - 1);
    }

    /** The first lines. */
    static String lines(int count) {
        return IntStream.range(0, count)
                .mapToObj(n -> new String(line(n), StandardCharsets.US_ASCII))
                .collect(Collectors.joining());
    }

    /** How much has come, all of it as it must be. */
    long checked() {
        return checked;
    }

    @Override
    public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        try {
            awake.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
        int at = offset;
        int end = offset + length;
        while (at < end) {
            int column = (int) (checked % LINE);
            int run = Math.min(end - at, LINE - column);
            if (!Arrays.equals(bytes, at, at + run, line, column, column + run)) {
                throw new AssertionError("behind %d bytes comes <%s> where line %d is <%s>"
                        .formatted(
                                checked,
                                new String(bytes, at, run, StandardCharsets.UTF_8),
                                checked / LINE,
                                new String(line, StandardCharsets.UTF_8)));
            }
            at += run;
            checked += run;
            if (checked % LINE == 0) {
                line = line(checked / LINE);
            }
        }
    }

    private static byte[] line(long number) {
        return String.format(Locale.ROOT, "%0" + (LINE - 1) + "d\n", number).getBytes(StandardCharsets.US_ASCII);
    }
}
