"""What is watched from outside while a stack runs: processes, packets, attempts, logs."""
