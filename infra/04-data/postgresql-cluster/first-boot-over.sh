#!/bin/sh
# Patroni calls it when PostgreSQL is up: what was made or copied here is complete.
rm -f /var/lib/postgresql/data/.first-boot
