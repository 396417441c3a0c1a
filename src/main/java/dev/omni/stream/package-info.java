/** The live stream: the WebSocket endpoint, its messages, connections and the subscriptions that read jobs at their own pace. */
@NullMarked
package dev.omni.stream;

import org.jspecify.annotations.NullMarked;
