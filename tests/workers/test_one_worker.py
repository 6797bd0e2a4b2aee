"""One worker and SQLite, restarted: planned or killed, every page comes back to the truth."""

import asyncio
import signal
from contextlib import ExitStack

import pytest

from bench.browser import open_browsers, true_after
from bench.raising import new_key
from bench.wire import Http
from tests import services
from tests.servers import running


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
        _seconds, untrue = await true_after(pages, 25)
        assert untrue == 0
        server.process.send_signal(number)
        await asyncio.to_thread(server.process.wait, 25)
        again = stack.enter_context(running(tmp_path, **environment))
        async with asyncio.timeout(25):
            while not all(page.reconnects and page.is_live for page in pages):
                await asyncio.sleep(0.05)
        http = await Http(again.bench.url).open()
        answer = await http.post(student.url("lower/"), student.cookie)
        assert answer.status == 200
        http.close()
        _seconds, untrue = await true_after(pages, 25)
        assert untrue == 0
        for page in pages:
            page.close()
