"""The static criteria, one module each; `judge` judges a project by all of them."""
