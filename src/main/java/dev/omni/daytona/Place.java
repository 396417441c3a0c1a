package dev.omni.daytona;

/**
 * Where a call goes to.
 *
 * @param host of the toolbox; empty for the control plane
 * @param sandbox whose share of the toolbox's calls it counts as; empty for the control plane
 */
record Place(String host, String sandbox) {
    static final Place CONTROL_PLANE = new Place("", "");
}
