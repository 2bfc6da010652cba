"""Inits that are killed in the midst of their work (RUN-10)."""
