package dev.omni.daytona;

/**
 * Where a call goes to.
 *
 * @param host of the toolbox; empty for the control plane
 * @param owner whose share of the toolbox's calls it counts as: a user may have many sandboxes; empty for the control plane
 */
record Place(String host, String owner) {
    static final Place CONTROL_PLANE = new Place("", "");
}
