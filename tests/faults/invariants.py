"""What must hold after each fault (docs/reliability.md): the database against the ledger.

I1: what was acknowledged is there exactly once. I2: what was not is there once or not at all, never
half. I3: at most one claim, and a legal history. I5: nobody was let in who should not be. I6: the
database's own files are whole. I4, what pages show, is the driver's (``Load.settle``).
"""

import json
import sqlite3
from collections import Counter
from contextlib import closing

import psycopg

from requests_app.models import ACTIVE, ENDED, MOVES, WITH_HELPER
from tests.faults.ledger import Ledger

REQUESTS = """
SELECT r.id, r.key, r.form_key, r.status, r.helper_id, r.student_id FROM requests_app_helprequest r
"""
EVENTS = "SELECT help_request_id, verb, status, facts FROM requests_app_event ORDER BY id"
NAMES = "SELECT name FROM classrooms_membership"
REPLIES = """
SELECT m.name, n.answers FROM checkins_namedreply n
JOIN classrooms_membership m ON m.id = n.student_id
"""


def asked(database: str, statement: str) -> list[tuple]:
    """The rows of a statement, asked past the product."""
    if database.startswith("sqlite:///"):
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"), timeout=30)) as known:
            return known.execute(statement).fetchall()
    with psycopg.connect(database, autocommit=True) as known:
        rows = known.execute(statement)
        return rows.fetchall() if rows.description else []


def broken(database: str, ledger: Ledger) -> list[str]:
    """Each thing that should hold and does not, in words; an empty list is what tests want."""
    requests = {row[0]: row for row in asked(database, REQUESTS)}
    events: dict[int, list[tuple]] = {}
    for pk, *event in asked(database, EVENTS):
        events.setdefault(pk, []).append(tuple(event))
    return [
        *ledger.wrong,
        *(f"a stranger was shown {each}" for each in ledger.let_in),
        *_hands(ledger, requests, events),
        *_joins(ledger, Counter(name for (name,) in asked(database, NAMES))),
        *_replies(ledger, dict(asked(database, REPLIES))),
        *_histories(requests, events),
        *_one_each(requests),
        *_damage(database),
    ]


# --- I1 and I2 ---------------------------------------------------------------


def _hands(ledger, requests, events):
    by_form = Counter(row[2] for row in requests.values())
    pk_of = {row[2]: pk for pk, row in requests.items()}
    by_key = {row[1]: pk for pk, row in requests.items()}
    for form_key in {each.what for each in ledger.of("raise")}:
        told = any(e.is_acknowledged for e in ledger.of("raise") if e.what == form_key)
        if by_form[form_key] > 1 or (told and not by_form[form_key]):
            yield f"the hand {form_key} is there {by_form[form_key]} times"
    for verb, event in (("lower", "lower"), ("claim", "claim"), ("done", "resolve")):
        for entry in ledger.of(verb):
            pk = pk_of.get(entry.what) if verb == "lower" else by_key.get(entry.what)
            verbs = Counter(each[0] for each in events.get(pk, []))
            most = 1 + verbs["let_go"] + verbs["undo"]
            if entry.is_acknowledged and not verbs[event]:
                yield f"{verb} of {entry.what} was acknowledged and is lost"
            if verbs[event] > most:
                yield f"{verb} of {entry.what} was done {verbs[event]} times"


def _joins(ledger, names):
    for entry in ledger.of("join"):
        if names[entry.what] > 1 or (entry.is_acknowledged and not names[entry.what]):
            yield f"{entry.what} is in the class {names[entry.what]} times"


def _replies(ledger, stored):
    for who in {each.who for each in ledger.of("reply")}:
        sent = [each for each in ledger.of("reply") if each.who == who]
        told = max((n for n, each in enumerate(sent) if each.is_acknowledged), default=None)
        if told is None:
            continue
        # An answer that was not acknowledged may have come in, also after the next one was.
        fair = {sent[told].what} | {each.what for each in sent if not each.is_acknowledged}
        shown = _parsed(stored[who]).get("0") if who in stored else None
        if shown not in fair:
            yield f"{who} replied {shown!r} in the end, not {sent[told].what!r}"


# --- I3 ----------------------------------------------------------------------


def _histories(requests, events):
    for pk, row in requests.items():
        listed = events.get(pk, [])
        if not listed or listed[0][0] not in ("raise_hand", "carry_over"):
            yield f"request {row[1]} has no beginning"
            continue
        before = listed[0][1]
        for verb, status, _facts in listed[1:]:
            if verb in MOVES and str(MOVES[verb].get(before)) != status:
                yield f"request {row[1]}: {verb} led from {before} to {status}"
            before = status
        facts = {}
        for _verb, _status, each in listed:
            facts |= _parsed(each)
        if (before, facts.get("helper_id")) != (row[3], row[4]):
            yield f"request {row[1]} is {row[3]} by {row[4]}, its history says otherwise"


def _one_each(requests):
    active = Counter(row[5] for row in requests.values() if row[3] in ACTIVE)
    yield from (f"student {who} has {n} hands up" for who, n in active.items() if n > 1)
    for row in requests.values():
        if row[3] in WITH_HELPER and row[4] is None:
            yield f"request {row[1]} is {row[3]} by nobody"
        if row[3] not in {*ACTIVE, *ENDED}:
            yield f"request {row[1]} is {row[3]}"


def _parsed(value) -> dict:
    return json.loads(value) if isinstance(value, str) else value


# --- I6 ----------------------------------------------------------------------


def _damage(database):
    if database.startswith("sqlite:///"):
        told = asked(database, "PRAGMA integrity_check")
        yield from (f"integrity_check: {line}" for (line,) in told if line != "ok")
        yield from (f"foreign key: {row}" for row in asked(database, "PRAGMA foreign_key_check"))
        return
    asked(database, "CREATE EXTENSION IF NOT EXISTS amcheck")
    indexes = """
        SELECT bt_index_check(c.oid, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        JOIN pg_am a ON a.oid = c.relam JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE a.amname = 'btree' AND n.nspname = 'public'
    """
    tables = """
        SELECT c.relname, (verify_heapam(c.oid)).msg FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = 'public'
    """
    try:
        asked(database, indexes)
        yield from (f"{name}: {words}" for name, words in asked(database, tables))
    except psycopg.Error as error:
        yield f"amcheck: {error}"
