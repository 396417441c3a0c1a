package dev.omni.startup;

import java.util.List;
import java.util.function.Function;

/**
 * One thing that must be right where real users are served.
 *
 * @param subject what it is about, in a few words
 * @param faults one line for each fault it finds, which names the setting and never a secret
 */
record Check(String subject, Function<Settings, List<String>> faults) {}
