"""Backups, moving and the doctor, on databases of the tests own."""
