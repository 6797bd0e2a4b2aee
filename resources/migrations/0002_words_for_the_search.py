"""The full-text table of SQLite, kept by triggers, and the index of PostgreSQL."""

from django.db import migrations

_SQLITE = [
    "CREATE VIRTUAL TABLE resources_words USING fts5("
    "title, body, tokenize='unicode61 remove_diacritics 0', prefix='2 3 4')",
    "CREATE VIRTUAL TABLE resources_vocabulary USING fts5vocab(resources_words, row)",
    "CREATE TRIGGER resources_words_added AFTER INSERT ON resources_searchtext BEGIN"
    " INSERT INTO resources_words(rowid, title, body) VALUES (new.id, new.title, new.body); END",
    "CREATE TRIGGER resources_words_changed AFTER UPDATE ON resources_searchtext BEGIN"
    " UPDATE resources_words SET title = new.title, body = new.body WHERE rowid = old.id; END",
    "CREATE TRIGGER resources_words_removed AFTER DELETE ON resources_searchtext BEGIN"
    " DELETE FROM resources_words WHERE rowid = old.id; END",
]
_SQLITE_BACK = [
    "DROP TRIGGER resources_words_added",
    "DROP TRIGGER resources_words_changed",
    "DROP TRIGGER resources_words_removed",
    "DROP TABLE resources_vocabulary",
    "DROP TABLE resources_words",
]
_POSTGRESQL = [
    "CREATE INDEX resources_words ON resources_searchtext"
    " USING gin (to_tsvector('simple', title || ' ' || body))",
]
_POSTGRESQL_BACK = ["DROP INDEX resources_words"]


def _run(statements):
    def run(apps, schema_editor):
        for statement in statements.get(schema_editor.connection.vendor, []):
            schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    dependencies = [("resources", "0001_initial")]

    operations = [
        migrations.RunPython(
            _run({"sqlite": _SQLITE, "postgresql": _POSTGRESQL}),
            _run({"sqlite": _SQLITE_BACK, "postgresql": _POSTGRESQL_BACK}),
        )
    ]
