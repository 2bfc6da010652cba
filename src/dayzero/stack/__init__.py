"""A Compose project that is booted, and how its services are reached."""
