"""Prometheus Alertmanager."""
