"""The static criteria that need an analysis of their own, one module each."""
