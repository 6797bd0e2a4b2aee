"""A start before its database, as after a power cut; and the end of one process by SIGHUP."""

import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests import services
from tests.run_all import clean_environment
from tests.servers import ROOT, START, database_behind, refused, running, until

WAITING = "Waiting for the database of DATABASE_URL"
TOKEN = "a-token-of-the-tests"


def test_a_start_waits_for_its_database(database, tmp_path):
    """It ended in 0.7 s, and systemd gave up after five tries."""
    with database_behind(database) as (network, url), ThreadPoolExecutor(1) as beside:
        network.cut()

        def mend_when_it_waits():
            until(lambda: any(WAITING in log.read_text() for log in tmp_path.glob("log-*")), START)
            network.mend()

        beside.submit(mend_when_it_waits)
        with running(tmp_path, DATABASE_URL=url) as server:
            assert server.get("/healthz") == (200, "ok")
            assert server.said().count(WAITING) == 1
            assert "Traceback" not in server.said()


@pytest.mark.parametrize("command", [["-m", "helpdesk.server"], ["manage.py", "run_huey"]])
def test_who_waits_ends_at_once_when_told(command, unanswered, tmp_path):
    url = f"postgres://helpdesk@127.0.0.1:{unanswered}/helpdesk"
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=clean_environment() | {"DATABASE_URL": url, "PORT": str(services._free_port())},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: WAITING in log.read_text() or process.poll() is not None, START)
        process.terminate()
        assert process.wait(20) in (0, -signal.SIGTERM)
        assert "Traceback" not in log.read_text()
    finally:
        process.kill()


def test_who_will_never_come_in_is_told_so_at_once(database):
    code, said = refused(DATABASE_URL=database.replace("/helpdesk?", "/another?"))
    assert code == 1
    assert said.startswith("The database of DATABASE_URL cannot be used:")
    assert 'database "another" does not exist' in said
    assert len(said.splitlines()) == 1


def test_who_finds_no_room_is_told_so_and_hanging_up_ends_it_in_good_order(tmp_path):
    """SIGHUP killed a single process in the middle of what it did."""
    environment = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/school.sqlite3",
        "HELPDESK_METRICS_TOKEN": TOKEN,
    }
    with running(tmp_path, files=300, **environment) as server, ExitStack() as stack:
        opened = []
        for _each in range(220):  # 128 of the 300 are kept for other files
            opened.append(socket.create_connection(("127.0.0.1", server.port)))
            stack.callback(opened[-1].close)
        opened[-1].settimeout(20)
        assert opened[-1].recv(20).startswith(b"HTTP/1.1 503")
        for each in opened[:100]:
            each.close()
        until(lambda: server.get("/healthz") == (200, "ok"))
        numbers = server.get("/metrics", Authorization=f"Bearer {TOKEN}")[1]
        name = "helpdesk_connections_refused_total "
        (told,) = [line for line in numbers.splitlines() if line.startswith(name)]
        assert float(told.removeprefix(name)) >= 40
        assert server.said().count("no more connections are taken") == 1
        server.process.send_signal(signal.SIGHUP)
        assert server.process.wait(30) == 0
        assert "SIGHUP: one process cannot replace itself" in server.said()
