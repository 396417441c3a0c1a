/** The only door to Daytona: control plane, toolbox and log streams. Its oddities end here; nothing outside knows them. */
@NullMarked
package dev.omni.daytona;

import org.jspecify.annotations.NullMarked;
