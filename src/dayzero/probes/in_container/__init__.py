"""Programs that run inside the helper container. Standard library only."""
