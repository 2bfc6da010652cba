"""Abstract interpreter: executes a script with one injected failure and yields all reachable completions."""
