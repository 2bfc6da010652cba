"""Valkey Cluster."""
