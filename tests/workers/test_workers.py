"""Several workers, seen from outside: real processes, a real PostgreSQL and a real Redis."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack

import pytest

from tests import servers
from tests.run_all import clean_environment
from tests.servers import PATIENCE, ROOT, hears, is_gone, is_open, redis_at, until

TOKEN = "a-token-of-the-tests"

# --- They work together ------------------------------------------------------


def test_a_hand_raised_at_one_worker_is_shown_at_every(serve, redis):
    with serve(2, REDIS_URL=redis) as server, ExitStack() as stack:
        cast = server.cast()
        sockets = [stack.enter_context(server.listen(cast)) for _ in range(10)]
        for number in range(4):
            assert server.raise_hand(cast, number) in (200, 302)
            assert all(hears(socket, f"Ada {number}") for socket in sockets)


def test_a_worker_that_dies_is_started_again(serve, redis):
    with serve(2, REDIS_URL=redis) as server:
        before = server.children("worker")
        assert len(before) == 2
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(server.children("worker") - {victim}) == 2)
        assert server.get("/healthz") == (200, "ok")
        assert f"worker {victim} ended by itself (-9)" in server.said()


def test_hanging_up_replaces_every_worker_and_refuses_nobody(serve, redis):
    with serve(2, REDIS_URL=redis) as server:
        before = server.children("worker")
        answers, stop = [], threading.Event()

        def ask():
            while not stop.is_set():
                try:
                    answers.append(server.get("/healthz"))
                except OSError as error:
                    answers.append(error)

        asking = [threading.Thread(target=ask) for _ in range(3)]
        for thread in asking:
            thread.start()
        server.process.send_signal(signal.SIGHUP)
        try:
            until(lambda: len(now := server.children("worker")) == 2 and not now & before)
        finally:
            stop.set()
            for thread in asking:
                thread.join()
        assert len(answers) > 20
        assert set(answers) == {(200, "ok")}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_them_all_in_time_with_a_page_open(serve, redis, number):
    with serve(2, REDIS_URL=redis, HELPDESK_CLOCK="in-server") as server:
        cast = server.cast()
        children = server.children("worker") | server.children("clock")
        assert len(children) == 3
        with server.listen(cast):
            server.process.send_signal(number)
            assert server.process.wait(PATIENCE) == 0
        assert all(is_gone(pid) for pid in children)
        assert "does not answer" not in server.said()  # nobody had to be killed
        assert "Traceback" not in server.said()


def test_who_comes_while_they_end_is_refused_and_who_was_there_is_answered(serve, redis):
    """A balancer then asks another machine. The parent held the port until all had ended."""
    head = (
        "POST /join/ HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 6\r\n"
    )
    with (
        serve(2, REDIS_URL=redis) as server,
        socket.create_connection(("127.0.0.1", server.port), PATIENCE) as there,
    ):
        there.sendall(f"{head}\r\n".encode())
        assert b" 100 Continue" in there.recv(1000)
        server.process.terminate()
        until(lambda: not is_open(server.port))
        assert server.process.poll() is None
        there.sendall(b"code=x")
        assert there.recv(1000).startswith(b"HTTP/1.1 403 ")  # in time; it has no token


def test_children_whose_parent_was_killed_end_by_themselves(serve, redis):
    with serve(2, REDIS_URL=redis, HELPDESK_CLOCK="in-server") as server:
        children = server.children("worker") | server.children("clock")
        server.process.kill()
        server.process.wait()
        until(lambda: all(is_gone(pid) for pid in children))


# --- The clock ---------------------------------------------------------------


def test_there_is_exactly_one_clock_also_after_its_death(serve, redis):
    with serve(2, REDIS_URL=redis, HELPDESK_CLOCK="in-server") as server:
        (clock,) = server.children("clock")
        until(lambda: server.ready()["clock"] == "ok")
        os.kill(clock, signal.SIGKILL)
        until(lambda: server.children("clock") - {clock})
        assert len(server.children("clock")) == 1


def test_a_separate_clock_is_not_ours_to_run(serve, redis):
    with serve(2, REDIS_URL=redis, HELPDESK_CLOCK="separate") as server:
        assert server.children("clock") == set()
        assert len(server.children("worker")) == 2


# --- Redis that is away ------------------------------------------------------


def test_without_redis_it_starts_saves_and_says_so_once_and_pushes_come_back(serve, unanswered):
    url, began = f"redis://127.0.0.1:{unanswered}/0", time.monotonic()
    with serve(2, REDIS_URL=url, HELPDESK_CLOCK="in-server") as server, ExitStack() as stack:
        cast = server.cast()
        assert server.said().count("REDIS_URL: Redis does not answer") == 1
        sockets = [stack.enter_context(server.listen(cast)) for _ in range(6)]
        for number in range(3):
            assert server.raise_hand(cast, number) in (200, 302)
        page = server.get(f"/c/{cast['slug']}/", Cookie=f"sessionid={cast['teacher']}")
        assert page[0] == 200
        assert all(f"Ada {number}" in page[1] for number in range(3))
        # Tries to sign in are limited, by what is counted in Redis.
        who = {"login": f"{cast['slug']}@example.org", "password": "pw-for-tests"}
        assert server.post("/accounts/login/", **who)[0] == 200
        until(lambda: server.ready()["clock"] == "ok")  # its jobs are not in Redis
        assert server.ready() == {"database": "ok", "layer": "away", "clock": "ok"}
        assert server.get("/readyz")[0] == 200  # it serves
        assert layer_lines(server) <= at_most(began)
        with redis_at(unanswered):
            until(lambda: all(server.ready()["layer"] == "ok" for _ in range(6)))
            time.sleep(1.5)  # the hubs ask once a second
            assert server.raise_hand(cast, 3) in (200, 302)
            assert all(hears(socket, "Ada 3") for socket in sockets)


def at_most(began: float) -> int:
    """Lines of one kind by two workers since ``began``, each once a minute."""
    return 2 * (2 + int((time.monotonic() - began) / 60))


def layer_lines(server) -> int:
    """How often the same line says that the layer is away: once by each worker, and once more
    after a minute, not once for each request. The kind of error may change, and is told."""
    said = [line.partition("live: ")[2] for line in server.said().splitlines()]
    lines = Counter(line for line in said if line.startswith("the channel layer is away"))
    return max(lines.values(), default=0)


def test_a_redis_that_goes_away_is_survived_and_comes_back(serve, unanswered):
    url, began = f"redis://127.0.0.1:{unanswered}/0", time.monotonic()
    with ExitStack() as stack:
        with redis_at(unanswered):
            server = stack.enter_context(serve(2, REDIS_URL=url, HELPDESK_CLOCK="in-server"))
            cast = server.cast()
            sockets = [stack.enter_context(server.listen(cast)) for _ in range(6)]
            until(lambda: server.ready()["layer"] == "ok")
        assert server.raise_hand(cast, 0) in (200, 302)
        assert all(hears(socket, "Ada 0") for socket in sockets)
        until(lambda: server.ready()["layer"] == "away")
        assert 1 <= layer_lines(server) <= at_most(began)
        with redis_at(unanswered):
            until(lambda: all(server.ready()["layer"] == "ok" for _ in range(6)))
            time.sleep(1.5)  # the hubs ask once a second
            assert server.raise_hand(cast, 1) in (200, 302)
            assert all(hears(socket, "Ada 1") for socket in sockets)
            # And between the workers, not by the beats alone.
            assert server.raise_hand(cast, 2) in (200, 302)
            assert all(hears(socket, "Ada 2") for socket in sockets)


# --- Numbers -----------------------------------------------------------------


def test_any_worker_tells_the_numbers_of_all(serve, redis):
    with serve(2, REDIS_URL=redis, HELPDESK_METRICS_TOKEN=TOKEN) as server:
        assert server.get("/metrics")[0] == 404
        for _ in range(30):
            assert server.get("/accounts/login/")[0] == 200
        for _ in range(6):  # whichever answers
            status, text = server.get("/metrics", Authorization=f"Bearer {TOKEN}")
            assert status == 200
            assert 'helpdesk_http_seconds_count{view="account_login"} 30.0' in text
            assert "helpdesk_waiting " in text
            told = set(re.findall(r'^process_open_fds{pid="(\d+)"} \d', text, re.MULTILINE))
            assert told == {str(pid) for pid in server.children("worker")}


# --- Refusals ----------------------------------------------------------------


def refused(**environment):
    """(exit code, what it said) of a start with two workers."""
    return servers.refused("--workers", "2", **environment)


def test_several_workers_need_a_database_that_takes_several():
    code, said = refused(DATABASE_URL="sqlite:////tmp/several.sqlite3", REDIS_URL="redis://x:1")
    assert (code, said.partition(":")[0]) == (
        1,
        "--workers 2 needs DATABASE_URL to name a PostgreSQL database",
    )


def test_several_workers_need_a_way_to_tell_each_other():
    assert refused(DATABASE_URL="postgres://x@127.0.0.1/helpdesk", REDIS_URL="") == (
        1,
        "--workers 2 needs REDIS_URL: without it a hand raised at one worker"
        " would not be shown at the other.",
    )


def test_several_workers_need_an_address_without_a_typing_error():
    code, said = refused(DATABASE_URL="postgress://x@127.0.0.1/helpdesk", REDIS_URL="redis://x:1")
    assert (code, said) == (1, "DATABASE_URL must start with sqlite:/// or postgres://.")


@pytest.mark.parametrize("told", ["0", "-1", "two", "1000"])
def test_a_number_of_workers_that_is_none_is_refused(told):
    done = subprocess.run(
        [sys.executable, "-m", "helpdesk.server", f"--workers={told}"],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert f"must be a number from 1 to 64, not '{told}'" in done.stderr
