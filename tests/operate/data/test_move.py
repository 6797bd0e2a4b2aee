"""``./run move``: every table arrives as it was, there and back, or nothing does."""

import pytest

from tests.operate.data.conftest import Installation, new_database
from tests.servers import running, until

pytestmark = pytest.mark.own_servers
#: Fills every table of a database with rows that are as odd as their fields allow, in a process
#: that has its settings. Two rows each; the second refers to the first.
FILL = r"""
import uuid
import django; django.setup()
from datetime import datetime, timedelta, timezone
from django.db import connection, models, transaction
from helpdesk.operate import copying

ODD = "a'\"\\,\t\r\nü\u00e9 e\u0301 \u202e 🤔 {} %s NULL \\N"
HALF_HOUR = timezone(timedelta(hours=5, minutes=30))
WHEN = datetime(2026, 10, 25, 2, 30, 0, 123457, tzinfo=HALF_HOUR)
SPECIAL = {  # what a constraint wants
    ("requests_app_helprequest", "status"): lambda number: "resolved",
    ("classrooms_membership", "role"): lambda number: "student",
    ("checkins_helpmoment", "seconds"): lambda number: 60,
    ("checkins_helpmoment", "started_at"): lambda number: None,
    ("resources_searchtext", "entry"): lambda number: 1000 * number,
    ("resources_searchtext", "pathway"): lambda number: None,
}

def value(field, number):
    special = SPECIAL.get((field.model._meta.db_table, field.name))
    if special is not None:
        return special(number)
    if field.primary_key and isinstance(field, models.IntegerField):
        return 1000 * number  # gaps, and far from where a new database begins
    if field.remote_field:
        if field.null and number == 1:
            return None
        there = field.remote_field.model._base_manager.order_by("pk").values_list("pk", flat=True)
        return [*there[:2], 1000, 2000][number - 1 if there else -3 + number]
    if field.choices:
        return field.flatchoices[0][0]
    if isinstance(field, models.UUIDField):
        return uuid.UUID(int=number)
    if isinstance(field, models.BooleanField):
        return number == 1
    if isinstance(field, models.DateTimeField):
        return WHEN + timedelta(microseconds=number)
    if isinstance(field, models.DateField):
        return WHEN.date()
    if isinstance(field, models.TimeField):
        return WHEN.time()
    if isinstance(field, models.JSONField):
        return {"b": [ODD, None, True, 1.5, 10**15], "a": {"z": "", "y": number}}
    if isinstance(field, models.IntegerField):
        return 30000 + number if not field.null else None
    if isinstance(field, models.FloatField):
        return 0.1 + number
    if isinstance(field, models.BinaryField):
        return bytes(range(256))
    text = f"{number}{ODD}"
    return text[: field.max_length] if field.max_length else text * 100

with transaction.atomic():
    for model in copying.tables():
        if model._base_manager.exists():
            continue
        fields = copying._fields(model)
        for number in (1, 2):
            row = model(**{f.attname: value(f, number) for f in fields})
            model._base_manager._insert([row], fields=fields, using="default", raw=True)
"""


@pytest.fixture
def full(on_sqlite, tmp_path):
    """A database of which no table is empty."""
    on_sqlite.python(FILL)
    empty = {name for name, count in on_sqlite.rows().items() if not count}
    assert {name for name in empty if not name.startswith("resources_words")} == set()
    return on_sqlite


def url_file(folder, url):
    path = folder / "address"
    path.write_text(f"{url}\n")
    return path


def test_every_table_arrives_and_comes_back(full, postgres_server, tmp_path):
    there = Installation(tmp_path, new_database(postgres_server))
    before = full.rows()
    said = full.run("move", "--to", url_file(tmp_path, there.url))
    assert "counted and compared. " in said  # and nothing was left out
    assert full.rows() == before  # as it was
    ours = {name for name in before if not name.startswith("resources_words")}
    ours -= {"resources_vocabulary"}
    arrived = there.rows()
    assert {name: arrived[name] for name in ours} == {name: before[name] for name in ours}

    # New rows get numbers after those that came.
    there.run("manage", "shell", "-c", NEW_SCHOOL)
    assert there.query("SELECT max(id) FROM classrooms_school") == [(2001,)]
    back = Installation(tmp_path, f"sqlite:///{tmp_path}/back.sqlite3")
    there.run("move", "--to", back.url)
    texts = "SELECT title, body FROM resources_searchtext ORDER BY id"
    assert back.query(texts) == full.query(texts)
    whens = "SELECT id, opened_at FROM classrooms_lesson ORDER BY id"
    assert back.query(whens) == full.query(whens)
    found = "SELECT count(*) FROM resources_words"
    assert back.query(found) == full.query(found)  # what is searched is made anew


NEW_SCHOOL = "from classrooms.models import School; School.objects.create(name='New')"


def test_what_the_new_database_cannot_hold_is_named_and_nothing_is_moved(
    on_sqlite, postgres_server, tmp_path
):
    there = Installation(tmp_path, new_database(postgres_server))
    made = "from classrooms.models import School; School.objects.create(pk=5, name={!r})".format
    on_sqlite.run("manage", "shell", "-c", made("x" * 500))
    said = on_sqlite.refuses("move", "--to", there.url)
    assert "classrooms_school 5, name (longer than" in said
    assert "xxx" not in said
    assert there.query("SELECT count(*) FROM classrooms_school") == [(0,)]


def test_what_nobody_sees_and_postgresql_does_not_hold_is_left_out_and_told(
    on_sqlite, postgres_server, tmp_path
):
    there = Installation(tmp_path, new_database(postgres_server))
    on_sqlite.python(FILL)
    half = r'{"te\u0000xt": ["a\u0000b", "\ud800c"]}'
    with on_sqlite.connect() as connection:
        connection.execute("UPDATE classrooms_school SET name = ?", ["Hill\0 School"])
        connection.execute("UPDATE requests_app_event SET facts = ?", [half])
    said = on_sqlite.run("move", "--to", there.url)
    assert "left out of " in said
    assert "classrooms_school 1000, name" in said
    assert "requests_app_event 1000, facts" in said
    assert "Hill" not in said
    assert set(there.query("SELECT name FROM classrooms_school")) == {("Hill School",)}
    facts = there.query("SELECT facts FROM requests_app_event")
    assert facts == [({"text": ["ab", "c"]},)] * 2

    rows = there.rows()
    assert "not empty" in on_sqlite.refuses("move", "--to", there.url)
    assert there.rows() == rows
    assert "give the new one" in there.refuses("move", "--to", there.url)


def test_nothing_is_moved_while_somebody_writes(on_sqlite, postgres_server, tmp_path):
    there = new_database(postgres_server)
    with running(tmp_path, DATABASE_URL=on_sqlite.url):
        assert "stop it first" in on_sqlite.refuses("move", "--to", there)
    with running(tmp_path, DATABASE_URL=there) as server:
        until(lambda: server.ready()["database"] == "ok")
        back = f"sqlite:///{tmp_path}/back.sqlite3"
        assert "stop it first" in Installation(tmp_path, there).refuses("move", "--to", back)


def test_addresses_that_are_none(on_sqlite, tmp_path):
    assert "a file that holds it" in on_sqlite.refuses("move", "--to", "helpdesk")
    assert "not a good DATABASE_URL" in on_sqlite.refuses("move", "--to", "mysql://x/y")
    on_sqlite.refuses("move", "--to", f"sqlite:///{tmp_path}/missing/folder.sqlite3")
    away = on_sqlite.refuses("move", "--to", "postgres://someone:pass-word@127.0.0.1:9/x")
    assert "The new database cannot be used" in away
    assert "pass-word" not in away
    assert "give the new one" in on_sqlite.refuses("move", "--to", on_sqlite.url)
    on_sqlite.file.unlink()
    new = f"sqlite:///{tmp_path}/new.sqlite3"
    assert "There is no database" in on_sqlite.refuses("move", "--to", new)
