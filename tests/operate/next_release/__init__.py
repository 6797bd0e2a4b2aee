"""Stands for the next release in tests: one more migration, for a table that is in use."""
