"""Judges Docker Compose stacks that provision themselves, by their files and while they run."""
