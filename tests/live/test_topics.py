"""One socket carries all topics of a page, and none that its person may not hear."""

import pytest
from channels.db import database_sync_to_async as db
from django.core import signing

from classrooms import access
from classrooms import actions as people
from classrooms.live import pass_of
from classrooms.models import Classroom, Role
from live import hub, sending, ticket
from live.rights import Admission
from live.topics import kind_of, versions_of
from requests_app import actions
from requests_app.models import Queue
from requests_app.topic import QueueTopic
from tests.conftest import staff, student
from tests.live.conftest import PATIENCE, cookies_of, open_socket, topic_in
from tests.live.test_classroom_socket import hear, hears, raised

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other(school, room):
    """Another class of the same school."""
    other = Classroom.objects.create(school=school, name="Year 8", slug="year-8", code="B2QM4XRD")
    Queue.objects.create(pk=2000, classroom=other)
    return other


async def opened(who, have):
    page = open_socket("", await db(cookies_of)(who), query=f"have={have}".encode())
    assert (await page.connect(timeout=PATIENCE))[0], have
    return page


async def refused(who, have):
    page = open_socket("", await db(cookies_of)(who), query=f"have={have}".encode())
    assert await page.connect(timeout=PATIENCE) == (False, sending.NOT_LET_IN), have


async def both_classes(grace, other):
    """The teacher's page about two classes of hers."""
    await db(staff_of)(other, grace)
    mine, theirs = await db(topic_in)(grace.classroom), await db(topic_in)(other)
    return await opened(grace, f"{mine}/helpers=,{theirs}/helpers=")


def staff_of(room, who):
    """The same person in another class."""
    again = staff(room, "made-up@example.org", who.name, Role.ASSISTANT)
    again.user = who.user
    again.save()
    return again


async def test_one_page_hears_two_classes(lesson, other, ada, grace):
    page = await both_classes(grace, other)
    greetings = await hear(page) + await hear(page)
    assert "Year 9 Computing" in greetings
    assert "Year 8" in greetings
    cy = await db(student)(other, "Cy Young")
    await db(actions.open_help)(other, by=await db(other.memberships.get)(name=grace.name))
    await raised(ada)
    await hears(page, "Ada Lovelace")
    await raised(cy)
    await hears(page, "Cy Young")


async def test_the_end_of_one_right_closes_it(lesson, other, ada, grace):
    page = await both_classes(grace, other)
    await hear(page), await hear(page)
    await db(people.remove)(await db(other.memberships.get)(name=grace.name))
    assert (await page.receive_output(timeout=PATIENCE))["code"] == sending.NOT_LET_IN
    await raised(ada)
    assert await page.receive_nothing(timeout=0.2)


async def test_it_is_live_when_it_has_been_given_what_it_lacks_of_all(monkeypatch, other, grace):
    """No beat comes between the greetings of two topics."""
    monkeypatch.setattr(hub, "BEAT", 0.01)
    page = await both_classes(grace, other)
    told = [await hear(page) for _each in range(3)]
    assert [each == hub.BEAT_TEXT for each in told] == [False, False, True]


@pytest.mark.parametrize("topic", ["", "queue", "queue:", "queue:x", "queue:0", "x:1", "queue:1:2"])
async def test_a_topic_that_is_none_is_nobodys(topic, lesson, ada):
    mine = f"{await db(topic_in)(ada.classroom)}/student="
    for have in (f"{topic}/class=", f"{mine},{topic}/class="):
        await refused(ada, have)


async def test_nobody_hears_a_class_that_is_not_theirs(lesson, other, ada, grace):
    mine, theirs = await db(topic_in)(ada.classroom), await db(topic_in)(other)
    for who in (ada, grace):
        for have in (f"{theirs}/class=", f"{mine}/class=,{theirs}/helpers="):
            await refused(who, have)


async def test_a_page_of_another_role_or_person_is_not_let_in(lesson, ada, ben, grace):
    """As of somebody who was a helper when it was loaded, and is a student now."""
    mine = await db(topic_in)(ada.classroom)
    for who, kinds in ((ada, ["helpers"]), (grace, ["class", "student"]), (ada, ["class", "x"])):
        await refused(who, ",".join(f"{mine}/{kind}=" for kind in kinds))
    await refused(ada, f"{mine}/class=,{mine}/student.{ben.pk}=")


async def test_fifty_topics_are_not_looked_up(lesson, grace):
    """What stands beyond a page's share counts for nothing."""
    mine = await db(topic_in)(grace.classroom)
    many = ",".join(f"queue:{number}/class=" for number in range(50))
    await refused(grace, f"{mine}/helpers=,{many}")
    page = await opened(grace, f"{mine}/helpers=," * 48 + many)
    assert "Close help" in await hear(page)


async def test_a_page_of_the_last_release_is_loaded_anew(lesson, grace):
    page = open_socket("", await db(cookies_of)(grace))
    for view in ("", "board/"):
        page = open_socket("", await db(cookies_of)(grace))
        page.scope["path"] = f"/ws/c/{grace.classroom.slug}/en/{view}"
        assert (await page.connect(timeout=PATIENCE))[0]
        closing = await page.receive_output(timeout=PATIENCE)
        assert closing == {"type": "websocket.close", "code": sending.LOAD_ANEW}


def test_versions_are_looked_up_in_one_query(room, other, django_assert_num_queries):
    topics = [topic_in(room), topic_in(other)]
    with django_assert_num_queries(1):
        assert versions_of([*topics, "queue:5"]) == {topics[0]: 0, topics[1]: 0}


def test_a_name_without_a_kind_or_a_number_is_no_topic():
    for name, error in (("town:7", KeyError), ("queue:x", ValueError), ("queue", ValueError)):
        with pytest.raises(error):
            kind_of(name)


def test_who_is_let_in_to_several_needs_all_of_their_passes():
    one = Admission({"queue:1": ("class",)}, ({"membership": 1},), 1, ("key",))
    two = Admission({"queue:2": ("class",)}, ({"membership": 2},), 2, ("other",))
    both = one.along_with(two)
    assert both.topics == {"queue:1": ("class",), "queue:2": ("class",)}
    assert both.passes == ({"membership": 1}, {"membership": 2})
    assert both.owner == 1
    assert both.keys == ("key", "other")


def test_no_key_stands_in_a_ticket_and_each_must_be_there(ada, grace):
    cookies = {**browser_cookies(ada), **browser_cookies(grace)}
    device, session = (pass_of(access.find_entry(user, cookies, ada.classroom.slug), cookies)
                       for user in (None, grace.user))  # fmt: skip
    keys = (device[1], session[1])
    topics = {"queue:1": ("class",), "queue:2": ("helpers",)}
    issued = ticket.issue(Admission(topics, (device[0], session[0]), 1, keys))
    told = signing.b64_decode(issued.split(":")[0].encode()).decode(errors="replace")
    assert not any(key in issued or key in told for key in keys)
    read = ticket.read(issued, cookies)
    assert read.passes == (device[0], session[0])
    for missing in cookies:
        left = {name: value for name, value in cookies.items() if name != missing}
        assert ticket.read(issued, left) is None


def browser_cookies(who):
    return dict([cookies_of(who).split("=", 1)])


async def test_a_page_of_a_kind_that_this_release_has_not_is_loaded_anew(lesson, grace):
    cookies = await db(cookies_of)(grace)
    entry = await db(access.find_entry)(
        grace.user, browser_cookies_of(cookies), grace.classroom.slug
    )
    let_in_by, key = pass_of(entry, browser_cookies_of(cookies))
    issued = ticket.issue(Admission({"exam:3": ("helpers",)}, (let_in_by,), grace.pk, (key,)))
    page = open_socket("", cookies, query=f"ticket={issued}&have=exam:3/helpers=".encode())
    assert await page.connect(timeout=PATIENCE) == (False, sending.LOAD_ANEW)


def browser_cookies_of(cookies):
    return dict([cookies.split("=", 1)])


async def test_who_came_while_nothing_could_be_drawn_is_greeted_by_the_beat(
    monkeypatch, lesson, grace
):
    monkeypatch.setattr(hub, "BEAT", 0.1)
    parts, failures = QueueTopic.parts, [1, 2]

    def fail_twice(self, *args):
        if failures:
            failures.pop()
            raise ValueError("away")
        return parts(self, *args)

    monkeypatch.setattr(QueueTopic, "parts", fail_twice)
    page = await opened(grace, f"{await db(topic_in)(grace.classroom)}/helpers=")
    assert "Close help" in await hear(page)


async def test_pages_that_show_a_later_time_than_there_is_are_loaded_anew(lesson, ada, ben, grace):
    """What they show was deleted, or the database restored from an older copy under them."""
    page = await opened(grace, f"{await db(topic_in)(grace.classroom)}/helpers=")
    await hear(page)
    await raised(ada)
    await hear(page)
    await db(Queue.objects.update)(version=0)
    await raised(ben)
    assert (await page.receive_output(timeout=PATIENCE))["code"] == sending.LOAD_ANEW
