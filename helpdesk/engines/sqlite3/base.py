"""SQLite, which writes nothing into a file that was deleted (helpdesk.breaker)."""

from django.db.backends.sqlite3 import base

from helpdesk.breaker import file


class DatabaseWrapper(base.DatabaseWrapper):
    def connect(self) -> None:
        file.check()  # or SQLite would make a new, empty one
        super().connect()

    def _cursor(self, name=None):
        if not self.in_atomic_block:
            file.check()
        return super()._cursor(name)  # type: ignore[misc]

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        file.check()
