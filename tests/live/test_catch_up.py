"""What a page that was away is sent, and how a change whose message was lost is found."""

import asyncio
import threading
from unittest.mock import patch

import pytest
from channels.db import database_sync_to_async as db
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from classrooms import access
from classrooms import actions as people
from classrooms.live import ClassroomRights
from classrooms.models import Membership
from live import gate, history, hub, layer, sending, ticket
from live.page import stamps
from requests_app import actions, regions
from requests_app.models import Queue
from requests_app.present import Present
from requests_app.topic import QueueTopic, admission
from tests.live.conftest import PATIENCE, cookies_of, open_socket, page_of, shows, topic_in
from tests.live.test_classroom_socket import hear, hears, raised

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def quick(monkeypatch):
    """Beats and checks that a test need not wait for."""
    monkeypatch.setattr(hub, "BEAT", 0.2)
    monkeypatch.setattr(gate, "ASK_AGAIN", 0.05)
    monkeypatch.setattr(hub, "LAYER_AGAIN", 0.05)


async def issued(who, cookies):
    """The ticket that a page of theirs would carry."""

    def issue():
        given = dict([cookies.split("=", 1)])
        member = Membership.objects.select_related("classroom").get(pk=who.pk)
        device = member.devices.first() if member.is_student else None
        entry = access.Entry(member, device)
        return ticket.issue(admission(entry, Queue.objects.of(member.classroom).pk, given))

    return await db(issue)()


async def connect(who, *, pass_=None, cookies=None, have=None, **versions):
    """``have``: as it stands in the address; ``versions``: of each kind of audience."""
    cookies = cookies or await db(cookies_of)(who)
    if have is None:
        have = shows(await db(topic_in)(who.classroom), **page_of(who) | versions)
    socket = open_socket("", cookies, query=f"ticket={pass_ or ''}&have={have}".encode())
    connected, code = await socket.connect(timeout=PATIENCE)
    return socket if connected else code


def shown_to(who) -> dict[str, str]:
    """Kind of audience → version and digest of what a page of theirs shows that is loaded now."""
    present = Present(Queue.objects.of(who.classroom).pk)
    with translation.override("en"):
        views = regions.views_of(who, present)
        stamps({topic_in(who.classroom): views})
    return {
        name.partition(".")[0]: f"{view.version}.{view.shown.digest}"
        for name, view in views.items()
    }


async def test_a_page_that_has_everything_is_only_told_so(lesson, ada, grace):
    await raised(ada)
    for who in (grace, ada):
        assert await hear(await connect(who, **await db(shown_to)(who))) == hub.BEAT_TEXT


async def test_a_page_that_lacks_something_gets_that_alone(lesson, ada, ben, grace):
    await raised(ben)
    before = {who: await db(shown_to)(who) for who in (ada, grace)}
    await raised(ada)
    told = await hear(await connect(ada, **before[ada]))
    assert "You are in line" in told
    assert 'id="help-state"' not in told
    told = await hear(await connect(grace, **before[grace]))
    assert "Ada Lovelace" in told
    assert "Ben Okri" not in told
    assert "Close help" not in told


async def test_who_shows_what_nobody_remembers_gets_everything(lesson, ada, ben, grace):
    await raised(ben)
    before = await db(shown_to)(grace)
    await raised(ada)
    history.forget_all()
    told = await hear(await connect(grace, **before))
    assert 'since=""' in told
    assert "Ben Okri" in told
    assert "Close help" in told


@pytest.mark.parametrize(
    "have",
    ["", "x", "=", ",,,", "queue:1/class", "queue:{}/student=-1", "queue:{}/student=" + "9" * 30],
)
async def test_who_says_nothing_sensible_gets_everything(have, lesson, ada):
    cookies = await db(cookies_of)(ada)
    pass_ = await issued(ada, cookies)
    have = have.format(await db(lambda: Queue.objects.of(ada.classroom).pk)())
    told = await hear(await connect(ada, have=have, pass_=pass_, cookies=cookies))
    assert 'id="help-state"' in told
    assert 'id="my-request"' in told


async def test_a_page_from_a_later_time_is_loaded_anew(lesson, grace):
    """The database was restored from an older copy."""
    socket = await connect(grace, helpers=999999)
    assert await socket.receive_output(timeout=PATIENCE) == {
        "type": "websocket.close",
        "code": hub.LOAD_ANEW,
    }


async def test_a_ticket_lets_in_without_asking_the_database(lesson, ada):
    cookies = await db(cookies_of)(ada)
    pass_ = await issued(ada, cookies)
    with patch.object(QueueTopic, "admit", side_effect=AssertionError):
        assert "help-state" in await hear(await connect(ada, pass_=pass_, cookies=cookies))


async def test_a_ticket_is_worth_nothing_elsewhere(lesson, room, ada, ben, mallory):
    cookies = await db(cookies_of)(ada)
    pass_ = await issued(ada, cookies)
    other = await db(cookies_of)(ben)
    told = await hear(await connect(ben, pass_=pass_, cookies=other))
    assert "help-state" in told  # Ben is let in as Ben, not as Ada
    socket = open_socket("", "", query=f"ticket={pass_}".encode())
    assert not (await socket.connect(timeout=PATIENCE))[0]
    assert ticket.read(pass_, dict([cookies.split("=", 1)])) is not None
    assert ticket.read(pass_, dict([other.split("=", 1)])) is None
    assert ticket.read(pass_ + "x", dict([cookies.split("=", 1)])) is None


async def test_who_was_removed_meanwhile_does_not_stay_on_a_ticket(quick, lesson, ada):
    cookies = await db(cookies_of)(ada)
    pass_ = await issued(ada, cookies)
    await db(people.remove)(ada)
    socket = await connect(ada, pass_=pass_, cookies=cookies)
    async with asyncio.timeout(PATIENCE):
        while (told := await socket.receive_output(timeout=PATIENCE))["type"] != "websocket.close":
            pass
    assert told["code"] == hub.NOT_LET_IN


def message_is_lost(who):
    with patch.object(hub, "tell_all"):
        people.remove(who)


def password_is_changed(who):
    who.user.set_password("another one, for the old one is known")
    who.user.save()


def session_runs_out(who):
    Session.objects.update(expire_date=timezone.now())


@pytest.mark.parametrize("how", [message_is_lost, password_is_changed, session_runs_out])
async def test_who_is_not_let_in_any_more_is_found_within_a_minute(
    quick, monkeypatch, listen, lesson, alan, how
):
    monkeypatch.setattr(hub, "BEATS", 1)
    socket = await listen(alan)
    await db(how)(alan)
    async with asyncio.timeout(PATIENCE):
        while (told := await socket.receive_output(timeout=PATIENCE))["type"] != "websocket.close":
            pass
    assert told["code"] == hub.NOT_LET_IN


async def test_who_stays_is_not_noted_as_new_and_again(quick, monkeypatch, listen, lesson, ada):
    monkeypatch.setattr(hub, "BEATS", 1)
    with patch("requests_app.topic.note_here") as noted:
        page = await listen(ada)
        for _ in range(3):
            assert await hear(page) == hub.BEAT_TEXT
    assert noted.call_count <= 1


async def test_a_database_that_does_not_answer_holds_up_no_beat(
    quick, monkeypatch, listen, lesson, ada
):
    page = await listen(ada)
    answers = threading.Event()
    monkeypatch.setattr(
        QueueTopic, "versions_of", lambda self, numbers: answers.wait(PATIENCE) and {}
    )
    try:
        for _ in range(3):
            assert await hear(page) == hub.BEAT_TEXT
    finally:
        answers.set()


async def test_no_page_is_told_that_it_is_live_before_it_was_given_what_it_lacks(
    quick, monkeypatch, lesson, ada
):
    """A beat came first where the database or the machine was slow, and the page, which still
    showed what had been true when it was rendered, said that it was live."""
    beats, is_known, drawn = asyncio.Event(), threading.Event(), QueueTopic.parts
    deliver, told = sending.Sending.deliver, []
    monkeypatch.setattr(QueueTopic, "parts", lambda *args: is_known.wait(PATIENCE) and drawn(*args))
    monkeypatch.setattr(
        sending.Sending, "deliver", lambda *args: told.append(args) or deliver(*args)
    )
    monkeypatch.setattr(hub, "_a_beat", lambda slept=hub._a_beat: counted(beats, slept))
    page = await connect(ada)
    for _ in range(3):
        beats.clear()
        await asyncio.wait_for(beats.wait(), PATIENCE)
    assert told == []
    is_known.set()
    assert "help-state" in await hear(page)
    assert await hear(page) == hub.BEAT_TEXT
    await page.disconnect()


async def counted(event, call):
    await call()
    event.set()


async def test_a_thousand_newcomers_are_looked_up_together(lesson, ada, ben, grace):
    passes = []
    for who in (ada, ben, grace) * 300:
        member = await db(lambda who=who: Membership.objects.get(pk=who.pk))()
        passes.extend(admission(access.Entry(member), 1, {}).passes)

    def count():
        with CaptureQueriesContext(connection) as queries:
            told = ClassroomRights().still_let_in(passes)
        return told, len(queries)

    told, queries = await db(count)()
    assert told == [True] * 900
    assert queries <= 6


async def test_those_who_come_together_are_looked_up_in_a_few_lots(lesson, ada, ben, grace):
    """Each lot costs the same queries, however many are in it."""
    cookies = {who.pk: await db(cookies_of)(who) for who in (ada, ben, grace)}
    ask = ClassroomRights().still_let_in
    with patch.object(ClassroomRights, "still_let_in", side_effect=ask) as asked:
        comers = [connect(who, cookies=cookies[who.pk]) for who in (ada, ben, grace) * 12]
        pages = await asyncio.gather(*comers)
        for page in pages:
            assert await hear(page)
    lots = [len(call.args[0]) for call in asked.call_args_list]
    assert sum(lots) == 36
    assert len(lots) <= 12  # one for each of them without gathering, on a quick machine


async def test_a_lost_message_is_found_by_the_beat(quick, listen, lesson, ada, ben, grace):
    teacher, student, classmate = await listen(grace), await listen(ada), await listen(ben)
    with patch.object(hub, "tell_all"):  # every message is dropped
        help_request = await raised(ada)
        await hears(teacher, "Ada Lovelace")
        await hears(student, "You are in line")
        await db(actions.claim)(help_request, by=grace)
        await hears(student, "is on the way")
        await db(actions.close_help)(grace.classroom, by=grace)
        await hears(classmate, 'data-open="false"')


async def test_a_lost_message_is_found_also_when_later_ones_arrive(
    quick, listen, lesson, ada, ben, grace
):
    student = await listen(ada)
    with patch.object(hub, "tell_all"):
        await raised(ada)
    await raised(ben)  # its render is of a state in which Ada's hand is up, and not for Ada
    await hears(student, "You are in line")


async def test_a_message_of_another_release_ends_nothing(quick, listen, lesson, ada, ben, grace):
    """While workers are replaced, they find each other's changes by the beat."""
    teacher = await listen(grace)
    with patch.object(hub, "tell_all"):
        help_request = await raised(ada)
    message = {"type": "live.changed", "queue": help_request.queue_id, "students": [ada.pk]}
    for group in ("helpdesk.live", layer.GROUP):
        await layer.layer().group_send(group, message)
    await hears(teacher, "Ada Lovelace")
    await raised(ben)
    await hears(teacher, "Ben Okri")


async def test_a_layer_that_goes_away_comes_back_by_itself(quick, listen, lesson, ada, ben, grace):
    teacher = await listen(grace)
    with patch.object(layer, "get_channel_layer", side_effect=OSError("away")):
        await raised(ada)
        await hears(teacher, "Ada Lovelace")
    await raised(ben)
    await hears(teacher, "Ben Okri")


async def test_a_database_that_goes_away_closes_nobody(quick, listen, lesson, ada, grace):
    from django.db import OperationalError

    with patch.object(QueueTopic, "versions_of", side_effect=OperationalError("away")):
        teacher = await listen(grace)
        assert await hear(teacher) == hub.BEAT_TEXT
    await raised(ada)
    await hears(teacher, "Ada Lovelace")


async def test_a_page_only_listens(listen, lesson, grace):
    teacher = await listen(grace)
    await teacher.send_to(text_data="anything at all")
    assert await teacher.receive_output(timeout=PATIENCE) == {
        "type": "websocket.close",
        "code": sending.ONLY_LISTEN,
    }


async def test_fifty_pages_of_one_person_are_too_much_for_nobody_else(
    monkeypatch, lesson, ada, grace
):
    monkeypatch.setattr(gate, "MOST_SOCKETS", 5)
    cookies = await db(cookies_of)(ada)
    opened = [await connect(ada, cookies=cookies) for _page in range(7)]
    assert [each for each in opened if isinstance(each, int)] == [sending.TRY_AGAIN] * 2
    assert "Close help" in await hear(await connect(grace))
    await opened[0].disconnect()
    assert not isinstance(await connect(ada, cookies=cookies), int)


async def test_a_loop_of_reconnects_is_slowed_down(monkeypatch, lesson, ada):
    monkeypatch.setattr(gate, "MOST_KNOCKS", 3)
    cookies = await db(cookies_of)(ada)
    told = []
    for _again in range(5):
        socket = await connect(ada, cookies=cookies)
        told.append(socket if isinstance(socket, int) else "in")
        if told[-1] == "in":
            await socket.disconnect()
    assert told == ["in"] * 3 + [sending.TRY_AGAIN] * 2


async def test_who_is_refused_waits_and_others_do_not(monkeypatch, lesson, ada, grace):
    monkeypatch.setattr(gate, "HOLD_OFF", 60)
    monkeypatch.setattr(gate, "MOST_HELD", 2)
    topic = await db(topic_in)(lesson.classroom)
    strangers = [open_socket(topic, "") for _each in range(3)]
    told = [asyncio.create_task(each.connect(timeout=PATIENCE)) for each in strangers]
    done, waiting = await asyncio.wait(told, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    # Two of them wait; the third is one too many, and is refused at once.
    assert [each.result() for each in done] == [(False, hub.NOT_LET_IN)]
    assert len(waiting) == 2
    assert "Close help" in await hear(await connect(grace))
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_page_open_since_before_the_lesson_counts_as_here(quick, room, ada, grace):
    lesson = await db(actions.open_help)(room, by=grace, closes_at=timezone.now())
    page = await connect(ada)
    async with asyncio.timeout(PATIENCE):
        while not await db(lesson.attendances.count)():
            await asyncio.sleep(0.05)
    await page.disconnect()
