"""Shell scripts as syntax trees, and what is known of the commands in them."""
