"""What a load balancer and Prometheus are told, and what only the inside is."""

import os
import threading
import time

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection, transaction
from django.test import Client

from helpdesk import health, storage
from requests_app import tasks
from requests_app.models import Queue

TOKEN = "a-token-of-the-tests"


@pytest.fixture
def inside(settings):
    """A load balancer: by address, by plain HTTP, where people use HTTPS and a name."""
    settings.SECURE_SSL_REDIRECT = True
    return Client(headers={"host": "10.0.0.7:8000"})


@pytest.fixture
def all_well(db, monkeypatch):
    monkeypatch.setattr(tasks, "clock_age", lambda: 3)


def test_it_lives_without_a_database(inside):
    # pytest-django refuses the database to a test that did not ask for it.
    answer = inside.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_no_cookie_is_set_and_the_headers_stand(inside, all_well, path):
    answer = inside.get(path)
    assert answer.status_code in (200, 404)
    assert not answer.cookies
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_they_can_only_be_read(inside, path):
    assert inside.post(path).status_code == 405


def test_a_page_for_people_still_needs_the_right_host_and_https(inside, settings):
    assert inside.get("/").status_code in (301, 400)
    settings.SECURE_SSL_REDIRECT = False
    assert inside.get("/").status_code == 400


def test_it_is_ready_when_all_answer(inside, all_well):
    answer = inside.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "layer": "ok", "clock": "ok"}
    assert inside.get("/readyz").status_code == 200  # again, through the same channel


#: Who asks, and through what: (address, headers).
OUTSIDE = [
    ("203.0.113.9", {}),
    ("192.168.1.20", {}),
    ("10.0.0.7", {}),
    ("::ffff:203.0.113.9", {}),
    ("", {}),
    ("nonsense", {}),
    *(("127.0.0.1", {name: "203.0.113.9"}) for name in ("x-forwarded-for", "forwarded", "via")),
    ("127.0.0.1", {"x-real-ip": "127.0.0.1"}),
    ("203.0.113.9", {"authorization": "Bearer wrong"}),
    ("203.0.113.9", {"host": "127.0.0.1:8000"}),
]


@pytest.mark.parametrize("is_well", [True, False])
@pytest.mark.parametrize(("address", "headers"), OUTSIDE)
def test_outside_it_says_no_word(address, headers, is_well, all_well, settings, monkeypatch):
    settings.METRICS_TOKEN = TOKEN
    if not is_well:
        monkeypatch.setattr(storage, "ask", broken)
    answer = Client(REMOTE_ADDR=address, headers=headers).get("/readyz")
    assert answer.status_code == (200 if is_well else 503)
    assert answer.content == b""


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("127.0.0.1", {}),
        ("127.0.0.53", {}),
        ("::1", {}),
        ("::ffff:127.0.0.1", {}),
        ("203.0.113.9", {"authorization": f"Bearer {TOKEN}"}),
        ("127.0.0.1", {"authorization": f"Bearer {TOKEN}", "x-forwarded-for": "203.0.113.9"}),
    ],
)
def test_inside_it_says_which_part(address, headers, all_well, settings):
    settings.METRICS_TOKEN = TOKEN
    answer = Client(REMOTE_ADDR=address, headers=headers).get("/readyz")
    assert answer.json()["database"] == "ok"


def broken(*_args):
    raise OperationalError("password=hunter2")


@pytest.mark.parametrize(
    ("part", "asked"),
    [
        ("database", "helpdesk.storage.ask"),
        ("layer", "helpdesk.health._ask_layer"),
        ("clock", "helpdesk.health._ask_clock"),
    ],
)
def test_what_is_away_is_named_and_nothing_else_is_told(inside, all_well, monkeypatch, part, asked):
    """The database alone takes a server out of a balancer: without the others it serves."""
    monkeypatch.setattr(asked, broken)
    answer = inside.get("/readyz")
    assert answer.status_code == (503 if part == "database" else 200)
    expected = {"database": "ok", "layer": "ok", "clock": "ok"} | {part: "away"}
    if part == "database":
        expected["clock"] = "away"  # it works in the database
    assert answer.json() == expected


@pytest.mark.parametrize(("age", "state"), [(None, "away"), (91, "away"), (89, "ok")])
def test_the_clock_must_have_worked_lately(inside, all_well, monkeypatch, age, state):
    monkeypatch.setattr(tasks, "clock_age", lambda: age)
    assert inside.get("/readyz").json()["clock"] == state


@pytest.mark.django_db
def test_the_clock_notes_that_it_worked(monkeypatch):
    tasks.run_clock.call_local()
    age = tasks.clock_age()
    assert age is not None
    assert age < 5


def test_a_layer_that_swallows_messages_is_away(monkeypatch):
    class Hole:
        async def new_channel(self):
            return "hole"

        async def send(self, channel, message):
            pass

        async def receive(self, channel):
            import asyncio

            await asyncio.sleep(60)

    monkeypatch.setattr(health, "ROUND_TRIP", 0.05)
    monkeypatch.setattr(health, "get_channel_layer", Hole)
    with pytest.raises(TimeoutError):
        health._ask_layer()
    assert not health._channels


def test_a_database_that_hangs_does_not_hang_the_question(inside, all_well, monkeypatch):
    free = threading.Event()
    monkeypatch.setattr(health, "STORAGE", 0.05)
    monkeypatch.setattr(storage, "ask", lambda: free.wait(20))
    try:
        for _ in range(3):
            told = inside.get("/readyz")
            assert told.status_code == 503
            assert told.json() == {"database": "away", "layer": "ok", "clock": "away"}
    finally:
        free.set()
    monkeypatch.undo()
    monkeypatch.setattr(tasks, "clock_age", lambda: 3)
    assert Client().get("/readyz").status_code == 200


PARTS = {
    "database": (storage, "ask"),
    "clock": (health, "_ask_clock"),
    "layer": (health, "_ask_layer"),
}

# --- /metrics ----------------------------------------------------------------


@pytest.mark.parametrize(
    "shown", [None, "", "Bearer", "Bearer ", "Bearer wrong", TOKEN, f"Bearer {TOKEN}x", "Bearer é"]
)
def test_without_the_token_there_is_nothing(inside, settings, shown):
    settings.METRICS_TOKEN = TOKEN
    headers = {} if shown is None else {"authorization": shown}
    assert inside.get("/metrics", headers=headers).status_code == 404


def test_without_a_token_set_no_token_opens_it(inside, settings):
    settings.METRICS_TOKEN = ""
    assert inside.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


@pytest.fixture
def numbers(settings):
    """``numbers()``: line without its value → value."""
    settings.METRICS_TOKEN = TOKEN

    def read():
        answer = Client().get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        lines = [line for line in answer.content.decode().splitlines() if line[:1] != "#"]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    return read


@pytest.mark.django_db
def test_requests_are_counted_by_view_and_never_by_address(numbers, client):
    before = numbers()
    client.get("/accounts/login/?next=/marker/")
    client.get("/marker-nowhere/")
    client.generic("MARKER", "/accounts/login/")
    after = numbers()

    def more(name):
        return after.get(name, 0) - before.get(name, 0)

    assert more('helpdesk_http_seconds_count{view="account_login"}') == 2
    assert more('helpdesk_http_requests_total{method="GET",status="404"}') == 1
    assert more('helpdesk_http_requests_total{method="other",status="405"}') == 1
    assert not [name for name in after if "marker" in name.lower()]


@pytest.mark.django_db
def test_a_probe_that_hears_no_is_nobody_who_was_sent_away(numbers, client, monkeypatch):
    sent_away = 'helpdesk_http_requests_total{method="GET",status="503"}'
    asked = 'helpdesk_http_seconds_count{view="readyz"}'
    before = numbers()
    monkeypatch.setattr(health, "_parts", lambda: {"database": "away"})
    assert client.get("/readyz").status_code == 503
    after = numbers()
    assert after[sent_away] == before[sent_away]
    assert after[asked] == before.get(asked, 0) + 1


def test_the_queues_are_counted_when_asked(
    numbers, raise_hand, ada, ben, grace, django_assert_num_queries
):
    from requests_app import actions

    raise_hand(ada)
    actions.claim(raise_hand(ben), by=grace)
    with django_assert_num_queries(1):
        told = numbers()
    assert told["helpdesk_waiting"] == 1
    assert told["helpdesk_with_helper"] == 1
    actions.close_help(ada.classroom, by=grace)
    assert numbers()["helpdesk_waiting"] == 0


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["database", "clock", "layer"])
def test_each_part_that_is_away_is_a_number(numbers, all_well, monkeypatch, part):
    """So that an alarm can be made of what no status tells."""
    assert {numbers()[f'helpdesk_part_up{{part="{each}"}}'] for each in PARTS} == {1}
    monkeypatch.setattr(*PARTS[part], broken)
    assert {each: numbers()[f'helpdesk_part_up{{part="{each}"}}'] for each in PARTS} == {
        each: float(each != part and (each, part) != ("clock", "database")) for each in PARTS
    }


@pytest.mark.django_db
def test_with_the_database_away_the_other_numbers_are_told(numbers, monkeypatch):
    from django.db.models.query import QuerySet

    monkeypatch.setattr(QuerySet, "values_list", broken)
    told = numbers()
    assert "helpdesk_waiting" not in told
    assert "helpdesk_raises_total" in told


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [500, 503])
def test_what_an_alarm_waits_for_is_told_before_it_happens(numbers, method, status):
    """Growth from nothing is none for Prometheus: the first error would ring no alarm."""
    assert f'helpdesk_http_requests_total{{method="{method}",status="{status}"}}' in numbers()


@pytest.mark.django_db
def test_a_process_tells_its_memory_and_files_with_its_name(numbers):
    told = numbers()
    assert told[f'process_resident_memory_bytes{{pid="{os.getpid()}"}}'] > 10_000_000
    assert told[f'process_open_fds{{pid="{os.getpid()}"}}'] > 2


@pytest.mark.django_db(transaction=True)
def test_waiting_for_the_lock_is_told_whatever_the_database(numbers, raise_hand, room, ada):
    holds, asks = threading.Event(), threading.Event()
    queue = Queue.objects.of(room)

    def hold():
        with transaction.atomic():
            Queue.objects.locked(queue.pk)
            holds.set()
            asks.wait(60)
            time.sleep(1)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert holds.wait(60)
    before = numbers()
    asks.set()
    raise_hand(ada)
    holder.join()
    after = numbers()
    assert after["helpdesk_lock_seconds_sum"] - before["helpdesk_lock_seconds_sum"] > 0.1


def test_a_weak_token_stops_the_start():
    from tests.helpdesk.test_settings import start

    code, said = start(HELPDESK_METRICS_TOKEN="short")
    assert code != 0
    assert ImproperlyConfigured.__name__ in said
    assert "HELPDESK_METRICS_TOKEN must have at least 20 characters" in said
