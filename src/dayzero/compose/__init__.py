"""A Compose project read from its files, with the place of every value."""
