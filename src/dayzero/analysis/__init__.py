"""Facts about a project: its inits, their programs, endpoints, targets, consumers, mounts."""
