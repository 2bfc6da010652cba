"""Runs of the suite on stacks that state how they should be judged."""
