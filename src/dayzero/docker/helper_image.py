"""The image in which the suite's own programs run: Python, curl, iproute2, iptables, procps."""

PROBE = "dayzero/probe:1"
