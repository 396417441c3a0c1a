/** What browsers load: the client of the live stream, and in development a console that uses it. */
@NullMarked
package dev.omni.web;

import org.jspecify.annotations.NullMarked;
