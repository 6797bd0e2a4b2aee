"""Who is sent what another app shows beside the queue, and who is not."""

import pytest
from channels.db import database_sync_to_async as db
from django.db import transaction

from live import hub
from requests_app import actions, live
from tests.live.conftest import BOARD, PATIENCE, STUDENT, cookies_of, open_socket, topic_in
from tests.live.test_catch_up import connect, shown_to
from tests.live.test_classroom_socket import hear, hears, raised

pytestmark = pytest.mark.django_db(transaction=True)


async def announce(room, **whom):
    def call():
        with transaction.atomic():
            live.announce_beside(room, **whom)

    await db(call)()


async def test_a_raised_hand_asks_no_student_or_class_aside(
    notes,
    listen,
    lesson,
    ada,
    ben,
    grace,
):
    teacher, student, classmate = await listen(grace), await listen(ada), await listen(ben)
    notes.asked.clear()
    help_request = await raised(ada)
    await hears(teacher, "Ada Lovelace")
    await db(actions.claim)(help_request, by=grace)
    await hears(student, "on the way")
    assert await classmate.receive_nothing(timeout=0.3)
    # Of Ada it is asked what she is shown, and nothing is drawn.
    assert set(notes.asked) == {"helpers", "facts", "own"}


async def test_a_class_wide_change_reaches_every_page(notes, listen, lesson, ada, grace):
    teacher, student = await listen(grace), await listen(ada)
    board = await listen(grace, shown=BOARD)
    notes.words |= {"class": "new for all", "helpers": "new for helpers"}
    notes.asked.clear()
    await announce(lesson.classroom, class_wide=True)
    for socket in (student, board):
        told = await hear(socket)
        assert "new for all" in told
        assert 'id="help-state"' not in told  # that is as it was
    assert "new for helpers" in await hear(teacher)
    assert notes.asked == {"helpers": 1, "class": 1, "helpers drawn": 1, "class drawn": 1}


async def test_a_students_own_is_heard_by_nobody_else(notes, listen, lesson, ada, ben, grace):
    teacher, student, classmate = await listen(grace), await listen(ada), await listen(ben)
    notes.words["own"][ada.pk] = "for Ada alone"
    await announce(lesson.classroom, students=[ada.pk])
    told = await hear(student)
    assert "for Ada alone" in told
    assert 'id="my-request"' not in told
    assert await teacher.receive_nothing(timeout=0.3)
    assert await classmate.receive_nothing(timeout=0.3)


async def test_when_help_opens_everybodys_own_is_asked_for_at_once(
    notes,
    listen,
    room,
    ada,
    ben,
    grace,
):
    pages = [await listen(ada), await listen(ben)]
    notes.asked.clear()
    notes.words["own"] = {ada.pk: "for Ada", ben.pk: "for Ben"}
    await db(actions.open_help)(room, by=grace)
    for socket, words in zip(pages, ("for Ada", "for Ben"), strict=True):
        await hears(socket, words)
    assert notes.asked["facts"] == 1


async def test_who_comes_back_is_told_what_changed_meanwhile(notes, lesson, ada):
    before = await db(shown_to)(ada)
    notes.words["own"][ada.pk] = "for Ada"
    greeting = await hear(await connect(ada, **before))
    assert "for Ada" in greeting
    assert "for all" not in greeting
    notes.words["class"] = "new for all"
    assert "new for all" in await hear(await connect(ada, **before))


async def test_a_lost_change_is_found_by_the_beat(notes, monkeypatch, listen, lesson, ada):
    monkeypatch.setattr(hub, "BEAT", 0.2)
    student = await listen(ada)
    notes.words["own"][ada.pk] = "for Ada"
    with monkeypatch.context() as lost:
        lost.setattr(hub, "tell_all", lambda message: None)
        await announce(lesson.classroom, students=[ada.pk])
    await hears(student, "for Ada")


async def test_a_class_of_thirty_that_comes_back_is_looked_up_once(notes, lesson, room):
    from tests.conftest import student

    sockets, topic = [], await db(topic_in)(room)
    for number in range(30):
        who = await db(student)(room, f"Student {number}")
        sockets.append(open_socket(topic, await db(cookies_of)(who), shown=STUDENT))
    for socket in sockets:
        assert (await socket.connect(timeout=PATIENCE))[0]
    for socket in sockets:
        assert 'id="own-note"' in await hear(socket)
    assert notes.asked["own drawn"] <= 30
    assert notes.asked["facts"] <= 30
