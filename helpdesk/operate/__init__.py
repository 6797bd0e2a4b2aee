"""What a school's technician does with an installation: back up, restore, move, look it over.

One module for each command; ``python -m helpdesk.operate COMMAND`` (``./run COMMAND``) runs it.
"""


class Refusal(Exception):
    """Nothing was done, or all of it was undone; the text is one sentence that says what to do."""


def database_errors() -> tuple[type[Exception], ...]:
    """Django's and those of the drivers; loaded only where something went wrong."""
    import sqlite3

    import psycopg
    from django.db import DatabaseError

    return DatabaseError, sqlite3.Error, psycopg.Error
