"""A witness (见证方): cosigns a log's checkpoint when it holds what the log showed before (C2SP tlog-witness)."""
