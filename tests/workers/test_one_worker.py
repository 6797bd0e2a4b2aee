"""One worker and SQLite: restarted, planned or killed, every page comes back to the truth; and who
sends slowly holds nobody up."""

import asyncio
import signal
import socket
from contextlib import ExitStack

import pytest

from bench.browser import open_browsers, true_after
from bench.raising import new_key
from bench.wire import Http
from tests import services
from tests.servers import PATIENCE, running


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_pages_outlive_a_restart_of_the_only_worker(number, tmp_path):
    environment = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/school.sqlite3",
        "PORT": str(services._free_port()),
    }
    with ExitStack() as stack:
        server = stack.enter_context(running(tmp_path, **environment))
        room = server.rooms(students=11)[0]
        pages = await open_browsers(server.bench.url, [room.teacher, *room.students])
        student = room.students[0]
        http = await Http(server.bench.url).open()
        answer = await http.post(student.url("raise/"), student.cookie, form_key=new_key())
        assert answer.status == 200
        http.close()
        _seconds, untrue = await true_after(pages, PATIENCE)
        assert untrue == 0
        server.process.send_signal(number)
        await asyncio.to_thread(server.process.wait, PATIENCE)
        again = stack.enter_context(running(tmp_path, **environment))
        async with asyncio.timeout(PATIENCE):
            while not all(page.reconnects and page.is_live for page in pages):
                await asyncio.sleep(0.05)
        http = await Http(again.bench.url).open()
        answer = await http.post(student.url("lower/"), student.cookie)
        assert answer.status == 200
        http.close()
        _seconds, untrue = await true_after(pages, PATIENCE)
        assert untrue == 0
        for page in pages:
            page.close()


def test_who_sends_half_a_request_holds_nobody_up(tmp_path):
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/school.sqlite3"}
    half = b"POST /join/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\ncode="
    with running(tmp_path, **environment) as server, ExitStack() as stack:
        for _ in range(20):
            sender = socket.create_connection(("127.0.0.1", server.port))
            stack.callback(sender.close)
            sender.sendall(half)
        assert server.get("/healthz") == (200, "ok")
        assert server.get("/join/")[0] == 200
