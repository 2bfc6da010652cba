"""What is broken on purpose: targets that are dead or late, crashes, bad input, a restart of the engine."""
