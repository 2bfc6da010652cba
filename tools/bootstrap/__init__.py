"""Finds a Docker engine with Compose or installs one, before the environment is there: standard library only."""
