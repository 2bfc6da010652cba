"""PostgreSQL, alone and as a Patroni cluster."""
