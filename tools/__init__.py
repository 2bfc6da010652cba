"""What this repository alone needs: the environment, an engine, images, secrets, linters, pages."""
