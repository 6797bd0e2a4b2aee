"""Whatever ends a right ends every way in: an open page, a new socket with an old ticket, every
address that was open before, and the links that were made."""

import asyncio

import pytest
from channels.db import database_sync_to_async as db
from django.test import Client

from live import hub
from tests import rights
from tests.live.conftest import PATIENCE, open_socket

pytestmark = pytest.mark.django_db(transaction=True)


def opened(way: rights.Way):
    _path, _, query = way.socket.partition("?")
    return open_socket("", way.cookie, query=query.encode())


async def told(socket) -> list[dict]:
    """All that it is sent until it is closed."""
    heard = [await socket.receive_output(timeout=PATIENCE)]
    while heard[-1]["type"] != "websocket.close":
        heard.append(await socket.receive_output(timeout=PATIENCE))
    return heard


def answers(way: rights.Way, paths: list[str]) -> dict[str, int]:
    return {path: Client(headers={"cookie": way.cookie}).get(path).status_code for path in paths}


@pytest.mark.shared
@pytest.mark.parametrize("name", rights.CAUSES)
async def test_nothing_outlives_its_cause(name):
    cause = rights.CAUSES[name]
    subject = await db(rights.Subject)(cause.role)
    way = await db(subject.come)()
    before = await db(answers)(way, way.paths)
    assert set(before.values()) == {200}, before
    page = opened(way)
    assert (await page.connect(timeout=PATIENCE))[0]
    greeting = await page.receive_from(timeout=PATIENCE)
    assert (rights.CANARY in greeting) == (cause.role in ("teacher", "assistant"))

    await db(cause.end)(subject)
    (closing,) = await told(page)  # not one frame more, and long before the next beat
    assert closing["code"] == hub.NOT_LET_IN

    again = opened(way)
    if (await again.connect(timeout=PATIENCE))[0]:
        (closing,) = await told(again)
        assert closing["code"] == hub.NOT_LET_IN

    closed = rights.closed_paths(cause, way)
    after = await db(answers)(way, closed)
    assert closed
    assert not [path for path, status in after.items() if status == 200], after


async def test_who_waits_at_the_gate_while_their_right_ends_is_not_let_in_by_an_old_answer(
    monkeypatch,
):
    """The look-up had begun before the change was committed, and comes back after it."""
    from classrooms.live import ClassroomRights

    subject = await db(rights.Subject)("teacher")
    way = await db(subject.come)()
    asked, changed, ask = asyncio.Event(), asyncio.Event(), ClassroomRights.still_let_in
    loop = asyncio.get_running_loop()

    def slow(self, passes):
        found = ask(self, passes)
        loop.call_soon_threadsafe(asked.set)
        asyncio.run_coroutine_threadsafe(changed.wait(), loop).result(PATIENCE)
        return found

    monkeypatch.setattr(ClassroomRights, "still_let_in", slow)
    page = opened(way)
    assert (await page.connect(timeout=PATIENCE))[0]
    await asyncio.wait_for(asked.wait(), PATIENCE)
    ending = asyncio.ensure_future(db(rights.new_password)(subject))
    await ending
    changed.set()
    (closing,) = await told(page)
    assert closing["code"] == hub.NOT_LET_IN


async def test_an_ending_whose_message_was_lost_is_found_by_the_beat(monkeypatch):
    from unittest.mock import patch

    monkeypatch.setattr(hub, "BEAT", 0.2)
    subject = await db(rights.Subject)("assistant")
    way = await db(subject.come)()
    page = opened(way)
    assert (await page.connect(timeout=PATIENCE))[0]
    with patch.object(hub, "tell_all"):
        await db(rights.removed)(subject)
        heard = await told(page)
    assert heard[-1]["code"] == hub.NOT_LET_IN
