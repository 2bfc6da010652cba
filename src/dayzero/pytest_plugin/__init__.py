"""The pytest plugin: options, collection, fixtures, evaluation, reports."""
