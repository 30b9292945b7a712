"""The other commands: verify, undo, recover, analyses and health checks."""
