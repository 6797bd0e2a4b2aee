import asyncio
import threading
from unittest.mock import patch

import pytest
from channels.db import database_sync_to_async as db
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest

from bench.showing import shown_by
from classrooms import actions as people
from classrooms.models import Role
from live import hub, layer, sending
from live.gate import Socket
from requests_app import actions, topic
from requests_app.models import Queue
from tests.live.conftest import BOARD, PATIENCE, cookies_of, open_socket, topic_in

pytestmark = pytest.mark.django_db(transaction=True)


async def hear(socket):
    return await socket.receive_from(timeout=PATIENCE)


async def hears(socket, words):
    """Before long the page is sent these words."""
    async with asyncio.timeout(PATIENCE):
        while words not in await hear(socket):
            pass


async def all_is_said():
    """Nothing is rendered or waits for it: whatever there was to send has been sent."""
    async with asyncio.timeout(PATIENCE):
        while hub.joined().work:
            await asyncio.sleep(0.01)


async def raised(who, form_key="live", **facts):
    def call():
        queue = Queue.objects.of(who.classroom)
        help_request = actions.raise_hand(queue, student=who, form_key=form_key)
        return actions.describe(help_request, by=who, **facts) if facts else help_request

    return await db(call)()


async def test_opening_sends_the_present_regions(listen, lesson, ada, grace):
    await raised(ada, text="Why?")
    assert "Why?" in (await listen(grace)).greeting
    greeting = (await listen(ada)).greeting
    assert "You are in line" in greeting
    assert 'id="help-state"' in greeting


async def test_a_raised_hand_reaches_the_helpers_and_the_student(listen, lesson, ada, grace, alan):
    sockets = [await listen(who) for who in (grace, alan, ada)]
    await raised(ada)
    for socket in sockets[:2]:
        assert "Ada Lovelace" in await hear(socket)
    assert "You are in line" in await hear(sockets[2])


async def test_the_push_goes_before_the_answer(listen, lesson, ada, grace, monkeypatch):
    monkeypatch.setattr(hub, "PUSH_FIRST", PATIENCE)
    teacher = await listen(grace)
    await raised(ada)
    assert not teacher.output_queue.empty()


async def test_who_makes_a_change_does_not_wait_for_a_render_that_hangs(
    listen, lesson, ada, grace, monkeypatch
):
    monkeypatch.setattr(hub, "PUSH_FIRST", 0.05)
    await listen(grace)
    gate = threading.Event()
    with patch.object(
        topic.QueueTopic, "parts", side_effect=lambda *_: gate.wait(2 * PATIENCE) and ()
    ):
        try:
            await asyncio.wait_for(raised(ada), PATIENCE)
        finally:
            gate.set()


async def test_a_classmate_hears_nothing_of_it(listen, lesson, ada, ben, grace):
    teacher, classmate = await listen(grace), await listen(ben)
    help_request = await raised(ada, text="my secret question")
    await db(actions.claim)(help_request, by=grace)
    await hear(teacher)
    assert await classmate.receive_nothing(timeout=0.5)


async def test_help_opens_on_every_page_at_once(listen, room, ada, grace):
    student, teacher = await listen(ada), await listen(grace)
    assert 'data-open="false"' in student.greeting
    lesson = await db(actions.open_help)(room, by=grace)
    assert 'data-open="true"' in await hear(student)
    assert "Close help" in await hear(teacher)
    # Whose page was open when help opened was there in this lesson.
    async with asyncio.timeout(PATIENCE):
        while await db(lesson.attendances.count)() != 1:
            await asyncio.sleep(0.01)


async def test_each_audience_is_rendered_once_however_many_watch(listen, lesson, ada, ben, grace):
    teachers = [await listen(grace) for _ in range(20)]
    students = [await listen(ben) for _ in range(5)]
    with patch.object(topic, "helpers_view", wraps=topic.helpers_view) as renders:
        await raised(ada)
        texts = {await hear(socket) for socket in teachers}
    assert renders.call_count == 1
    assert len(texts) == 1
    assert all([await socket.receive_nothing(timeout=0.05) for socket in students])


async def test_each_language_gets_its_own_render(listen, lesson, ada, grace):
    english, other = await listen(grace), await listen(grace, language="ar")
    with patch.object(topic, "helpers_view", wraps=topic.helpers_view) as renders:
        await raised(ada)
        await hear(english)
        await hear(other)
    assert renders.call_count == 2


async def test_the_next_student_is_told_when_it_becomes_true(listen, lesson, ada, ben, grace):
    first = await raised(ada)
    await raised(ben)
    waiting = await listen(ben)
    assert "You are next" not in waiting.greeting
    await db(actions.claim)(first, by=grace)
    told = await hear(waiting)
    assert "You are next" in told
    assert "Ada" not in told
    await db(actions.start)(first, by=grace)
    assert await waiting.receive_nothing(timeout=0.3)  # nothing new for Ben


async def test_a_burst_ends_in_the_present_state(listen, lesson, room, grace):
    from tests.conftest import student

    teacher = await listen(grace)
    students = [await db(student)(room, f"Student {n}") for n in range(20)]
    await asyncio.gather(*(raised(who) for who in students))
    await all_is_said()
    page = shown_by(teacher.greeting)
    while not teacher.output_queue.empty():
        assert page.apply(await hear(teacher))
    assert len(page.lists["in-line"]) == 20


async def test_the_next_student_is_told_also_the_second_time(listen, lesson, ada, ben, grace):
    waiting = await listen(ben)
    for form_key in ("first", "second"):
        first = await raised(ada, form_key)
        mine = await raised(ben, form_key)
        await hears(waiting, "You are in line")
        await db(actions.claim)(first, by=grace)
        await hears(waiting, "You are next")
        await db(actions.lower)(mine, by=ben)
        await db(actions.lower)(first, by=ada)


async def test_closing_help_sends_the_queue_once(listen, lesson, room, ada, ben, grace):
    teacher, student = await listen(grace), await listen(ada)
    await raised(ada)
    await raised(ben)
    await hears(teacher, "Ben Okri")
    await hears(student, "You are in line")
    await all_is_said()
    while not teacher.output_queue.empty():
        await hear(teacher)
    await db(actions.close_help)(room, by=grace)
    told = await hear(teacher)
    assert '<live-rows list="missed"' in told
    assert '<live-rows list="in-line" gone="request-' in told
    await all_is_said()
    assert teacher.output_queue.empty()
    await hears(student, "Help closed before")


async def test_a_stranger_is_refused(room, mallory):
    cookies = await db(lambda: cookies_of_user(mallory))()
    theirs = await db(topic_in)(room)
    connected, _ = await open_socket(theirs, cookies).connect(timeout=PATIENCE)
    assert not connected
    connected, _ = await open_socket(theirs, "").connect(timeout=PATIENCE)
    assert not connected


def cookies_of_user(user):
    from django.test import Client

    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://testserver",
        "http://testserver:9",
        "http://sub.testserver",
        "http://testserver.evil.example",
        "null",
        "",
        "http://testserver:99999999",
        "http://testserver:\u0662",
        "http://[::1",
        "http://t\xebstserver",
        "9" * 5000,
    ],
)
async def test_another_origin_is_refused(room, ada, origin):
    cookies = await db(cookies_of)(ada)
    page = open_socket(await db(topic_in)(room), cookies, origin=origin)
    connected, _ = await page.connect(timeout=PATIENCE)
    assert not connected


@pytest.mark.parametrize("more", [b"http://evil.example", b"http://testserver", b"\xff"])
async def test_two_origins_or_one_that_is_no_text_are_refused(room, ada, more):
    socket = open_socket(await db(topic_in)(room), await db(cookies_of)(ada))
    socket.scope["headers"].append((b"origin", more))
    connected, _ = await socket.connect(timeout=PATIENCE)
    assert not connected


@pytest.mark.parametrize(
    "path", ["/ws/", "/", "/ws/c/x/", "/ws/c/%00/en/", "/ws/c/" + "9" * 5000, "/ws/en/x/"]
)
async def test_a_socket_that_leads_nowhere_is_refused(path):
    socket = open_socket("queue:1", "")
    socket.scope["path"] = path
    connected, _ = await socket.connect(timeout=PATIENCE)
    assert not connected


@pytest.mark.parametrize("have", [b"9" * 5000, b"9.9.9" * 999, b"\xb2.0.0", b"-1.0.0", b"\xff"])
async def test_versions_that_are_none_are_no_matter(have, room, lesson, ada, listen):
    """The page says what it shows; nonsense counts as nothing, and a ticket that is none too."""
    mine = f"{await db(topic_in)(room)}/class=,{await db(topic_in)(room)}/student=".encode() + have
    page = await listen(ada, query=b"have=" + mine + b"&ticket=" + have)
    assert 'id="my-request"' in page.greeting


def sign_out(who, cookies):
    from importlib import import_module

    request = HttpRequest()
    engine = import_module(settings.SESSION_ENGINE)
    request.session = engine.SessionStore(cookies.partition("=")[2])
    request.user = who.user
    logout(request)


ENDINGS = {
    "removed": ("ada", lambda who, _: people.remove(who)),
    "removed colleague": ("alan", lambda who, _: people.remove(who)),
    "device forgotten": ("ada", lambda who, _: people.forget(who.devices.get())),
    "code taken back": (
        "ada",
        lambda who, _: people.renew_code(who.classroom, sign_out_students=True),
    ),
    "role changed": ("alan", lambda who, _: people.change_role(who, Role.TEACHER)),
    "class put away": ("ada", lambda who, _: people.archive(who.classroom)),
    "signed out": ("grace", sign_out),
    "account disabled": ("grace", lambda who, _: disable(who)),
}


def disable(who):
    from django.contrib.admin import site
    from django.test import RequestFactory

    from accounts.models import User

    who.user.is_active = False
    admin = site._registry[User]
    admin.save_model(RequestFactory().post("/"), who.user, None, change=True)


@pytest.mark.parametrize("cause", ENDINGS)
async def test_who_is_let_out_hears_nothing_more(cause, lesson, room, ada, ben, grace, alan):
    name, end = ENDINGS[cause]
    who = {"ada": ada, "grace": grace, "alan": alan}[name]
    cookies = await db(cookies_of)(who)
    socket = open_socket(await db(topic_in)(room), cookies)
    assert (await socket.connect(timeout=PATIENCE))[0]
    await hear(socket)
    await db(end)(who, cookies)
    if cause != "class put away":
        await raised(ben)
    assert (await socket.receive_output(timeout=PATIENCE)) == {
        "type": "websocket.close",
        "code": hub.NOT_LET_IN,
    }
    assert await socket.receive_nothing(timeout=0.2)


async def test_a_layer_that_is_away_loses_no_request(listen, lesson, ada, grace):
    await listen(grace)
    with patch.object(layer, "get_channel_layer", side_effect=OSError("away")):
        assert (await raised(ada)).pk


async def test_a_render_that_fails_ends_nothing(listen, lesson, ada, ben, grace):
    teacher = await listen(grace)
    with patch.object(topic, "helpers_view", side_effect=ValueError):
        await raised(ada)
        assert await teacher.receive_nothing(timeout=0.3)
    await raised(ben)
    assert "Ada Lovelace" in await hear(teacher)


def passes_of(who):
    """What lets a colleague's socket in, without a session of theirs."""
    names = ("membership", "role", "user", "classroom")
    values = (who.pk, who.role, who.user_id, who.classroom_id)
    return (dict(zip(names, values, strict=True)) | {"device": None, "session": None},)


async def test_a_slow_socket_gets_the_newest_state_and_holds_up_nobody(
    lesson, ada, ben, grace, monkeypatch
):
    monkeypatch.setattr(sending, "STUCK_AFTER", 600)
    heard, gate = [], asyncio.Event()

    async def slow_send(message):
        heard.append(message["text"])
        await gate.wait()

    async def close(code):
        raise AssertionError("it must not be closed")

    working = hub.joined()
    theirs = await db(topic_in)(grace.classroom)
    slow = Socket({theirs: ("helpers:en",)}, passes_of(grace), grace.pk, slow_send, close)
    working.join(slow)
    async with asyncio.timeout(PATIENCE):
        while not heard:
            await asyncio.sleep(0.01)
    for who in (ada, ben):
        await raised(who)
        await all_is_said()
    assert len(heard) == 1  # one is under way, nothing is queued behind it
    gate.set()
    async with asyncio.timeout(PATIENCE):
        while len(heard) < 2:
            await asyncio.sleep(0.01)
    assert "Ben Okri" in heard[-1]
    working.leave(slow)


async def test_a_stuck_socket_is_dropped(lesson, grace, monkeypatch):
    monkeypatch.setattr(sending, "STUCK_AFTER", 0.1)
    closed = asyncio.Queue()

    async def stuck_send(message):
        await asyncio.Event().wait()

    working = hub.joined()
    theirs = await db(topic_in)(grace.classroom)
    stuck = Socket({theirs: ("helpers:en",)}, passes_of(grace), grace.pk, stuck_send, closed.put)
    working.join(stuck)
    assert await asyncio.wait_for(closed.get(), PATIENCE) == sending.TRY_AGAIN
    assert theirs not in working.sockets


async def test_the_board_is_not_even_sent_the_queue(lesson, room, ada, grace):
    cookies = await db(cookies_of)(grace)
    board = open_socket(await db(topic_in)(room), cookies, shown=BOARD)
    assert (await board.connect(timeout=PATIENCE))[0]
    assert "Help is open" in await hear(board)
    await raised(ada)
    assert await board.receive_nothing(timeout=0.3)
    await db(actions.close_help)(room, by=grace)
    assert "Help is closed" in await hear(board)
    await board.disconnect()
