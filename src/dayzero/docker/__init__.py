"""The Docker engine: containers, logs, events, networks, a second engine, how busy the machine is."""
