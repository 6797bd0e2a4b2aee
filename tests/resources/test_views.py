"""Get help, as students see it: in a class, without one, and for nobody at all."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from classrooms import actions as people
from classrooms.models import Classroom
from resources.models import Contact, Entry
from tests.conftest import student
from tests.resources.conftest import step

pytestmark = pytest.mark.django_db


def get(client, url, status=200, **kwargs):
    answer = client.get(url, **kwargs)
    assert answer.status_code == status
    return answer.content.decode()


def test_get_help_shows_ways_and_contacts_with_help_closed(
    room, ada, browser_of, publish, publish_pathway
):
    Contact.objects.create(country="Freedonia", name="Youth line", number="116 111", hours="always")
    pathway = publish_pathway()
    publish()
    page = get(browser_of(ada), f"/c/{room.slug}/help/")
    assert f"/c/{room.slug}/help/pathways/{pathway.pk}/" in page
    assert 'href="tel:116111"' in page
    assert "Who sees what" in page
    assert 'role="search"' in page


def test_no_number_is_built_in(room, ada, browser_of):
    page = get(browser_of(ada), f"/c/{room.slug}/help/")
    assert "tel:" not in page
    assert "an adult you trust" in page


def test_a_student_reads_what_happens_next_before_anything_is_sent(
    room, ada, browser_of, publish_pathway
):
    pathway = publish_pathway(
        steps=[step(), step(what="We call home.", owner="Mr Brand", backup="Ms Lee")]
    )
    page = get(browser_of(ada), f"/c/{room.slug}/help/pathways/{pathway.pk}/")
    for text in ("Ms Okafor", "Mr Brand", "the same school day", "We call home.", "Room 12"):
        assert text in page
    assert page.index("We talk") < page.index("We call home.")


def test_a_draft_pathway_is_not_there(room, ada, browser_of, publish_pathway):
    draft = publish_pathway(publish=False)
    get(browser_of(ada), f"/c/{room.slug}/help/pathways/{draft.pk}/", 404)
    assert draft.title not in get(browser_of(ada), f"/c/{room.slug}/help/")


def test_the_directory_has_two_groups_and_shows_free_ones_first(room, ada, browser_of, publish):
    publish(title="Aardvark tutors", cost="paid")
    publish(title="Zoe")
    publish(title="Chess club", kind="informal")
    page = get(browser_of(ada), f"/c/{room.slug}/help/directory/")
    formal, informal = page.split("People and places around you</h2>")
    assert formal.index("Zoe") < formal.index("Aardvark")
    assert "Chess club" in informal


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("topic=money", "Food bank"),
        ("language=Polski", "Counsellor"),
        ("cost=free", "Counsellor"),
        ("where=online", "Food bank"),
        ("open=on", "Food bank"),
        ("q=counsellor", "Counsellor"),
    ],
)
def test_filters_leave_what_fits(query, there, room, ada, browser_of, publish):
    publish(title="Counsellor", hours="by arrangement")
    food = {"topics": ["money"], "languages": ["English"], "cost": "some", "where": "both"}
    publish(title="Food bank", hours="always", use="Use this to eat.", **food)
    page = get(browser_of(ada), f"/c/{room.slug}/help/directory/?{query}")
    shown = {title for title in ("Counsellor", "Food bank") if f"<bdi>{title}</bdi>" in page}
    assert shown == {there}


def test_open_now_goes_by_the_schools_clock(room, school, ada, browser_of, publish, monkeypatch):
    entry = publish(hours="Wed 08:00-09:00")
    school.time_zone = "Pacific/Auckland"
    school.save()
    moment = timezone.now().replace(year=2026, month=11, day=24, hour=19, minute=30)
    Entry.objects.update(review_due=moment.date() + timedelta(days=9))
    monkeypatch.setattr(timezone, "now", lambda: moment)  # Wednesday, 8:30 in Auckland
    page = get(browser_of(ada), f"/c/{room.slug}/help/directory/{entry.pk}/")
    assert "Open now" in page


@pytest.mark.parametrize(
    "query",
    [
        "q=" + "x" * 10_000,
        "q=%22+AND+%28+NEAR",
        "topic=nonsense&page=abc&open=%00",
        "q=%00%ED%A0%80",
    ],
)
def test_odd_searches_are_answered_kindly(query, room, ada, browser_of, publish):
    publish()
    page = get(browser_of(ada), f"/c/{room.slug}/help/directory/?{query}")
    assert "What do you need?" in page


def test_what_was_typed_stays_and_is_only_text(room, ada, browser_of, publish):
    publish()
    page = get(browser_of(ada), f"/c/{room.slug}/help/directory/", data={"q": "<b>lost</b>"})
    assert "&lt;b&gt;lost&lt;/b&gt;" in page
    assert "<b>lost" not in page


def test_an_outside_link_goes_by_the_leaving_page(room, ada, browser_of, publish):
    entry = publish(link="https://help.example.org/a?b=1&c=2")
    client = browser_of(ada)
    url = f"/c/{room.slug}/help/directory/{entry.pk}/"
    assert "https://help.example.org" not in get(client, url)
    page = get(client, f"{url}leave/")
    link = page[page.index('href="https://help.example.org/a?b=1&amp;c=2"') :].split(">")[0]
    assert "noopener" in link
    assert "noreferrer" in link
    assert "Nothing is written down." in page
    get(client, f"/c/{room.slug}/help/directory/{publish(title='No link').pk}/leave/", 404)


def test_an_answer_counts_once_and_keeps_no_name(room, ada, ben, grace, browser_of, publish):
    entry = publish()
    url = f"/c/{room.slug}/help/directory/{entry.pk}/rate/"
    client = browser_of(ada)
    for helped in ("1", "0"):
        assert client.post(url, {"helped": helped}).status_code == 302
    browser_of(ben).post(url, {"helped": "0"})
    entry.refresh_from_db()
    assert (entry.helped, entry.did_not_help) == (1, 1)
    assert browser_of(grace).post(url, {"helped": "1"}).status_code == 404


def test_staff_see_totals_from_five_on_and_never_who(room, grace, browser_of, publish):
    entry = publish(classroom=room)
    Entry.objects.update(helped=3, did_not_help=1)
    page = get(browser_of(grace), f"/c/{room.slug}/manage/resources/")
    assert "3 of 4" not in page
    Entry.objects.update(helped=4)
    assert "4 of 5" in get(browser_of(grace), f"/c/{room.slug}/manage/resources/")
    assert entry.title in page


def test_a_classs_own_entry_is_not_another_classs(room, school, grace, ada, browser_of, publish):
    other = Classroom.objects.create(school=school, name="B", slug="other-b", code="BBBBBBBB")
    own = publish(classroom=room, title="Our corner")
    bob = browser_of(student(other, "Bob"))
    get(bob, f"/c/{other.slug}/help/directory/{own.pk}/", 404)
    get(bob, f"/c/{other.slug}/help/directory/{own.pk}/leave/", 404)
    assert "Our corner" not in get(bob, f"/c/{other.slug}/help/directory/")
    assert "Our corner" in get(browser_of(ada), f"/c/{room.slug}/help/directory/")


def test_a_student_whose_class_is_put_away_still_finds_help(
    room, ada, browser_of, publish, publish_pathway
):
    entry, pathway = publish(), publish_pathway()
    client = browser_of(ada)
    people.archive(room)
    page = get(client, "/help/")
    assert pathway.title in page
    assert entry.title in get(client, pathless(page, "directory"))
    get(client, f"/help/pathways/{pathway.pk}/?school={room.school_id}")


def pathless(page: str, name: str) -> str:
    """The first address on the page below /help/ that holds ``name``."""
    start = page.index(f"/help/{name}")
    return page[start:].split('"')[0].replace("&amp;", "&")


def test_a_stranger_finds_the_servers_contacts_alone(client, school, publish):
    entry = publish()
    Contact.objects.create(country="Freedonia", name="Youth line", number="116 111", hours="always")
    Contact.objects.create(
        school=school, country="Freedonia", name="Of the school", number="1", hours="always"
    )
    page = get(client, "/help/")
    assert "Youth line" in page
    assert "Of the school" not in page
    get(client, f"/help/?school={school.pk}", 404)
    get(client, f"/help/directory/{entry.pk}/", 404)
    assert entry.title not in get(client, "/help/directory/?q=counsellor")


def test_somebody_removed_sees_the_school_no_more(room, ada, browser_of, publish):
    publish()
    client = browser_of(ada)
    people.remove(ada)
    assert "Hill School" not in get(client, "/help/")
    get(client, f"/help/?school={room.school_id}", 404)


def test_pages_ask_as_much_for_five_as_for_one(room, ada, browser_of, publish, publish_pathway):
    client = browser_of(ada)
    get(client, f"/c/{room.slug}/help/")
    counts = []
    for number in range(5):
        publish(title=f"Place {number}")
        publish_pathway(title=f"Way {number}")
        if number in (0, 4):
            with CaptureQueriesContext(connection) as queries:
                get(client, f"/c/{room.slug}/help/")
                get(client, f"/c/{room.slug}/help/directory/?q=place")
            counts.append(len(queries))
    assert counts[0] == counts[1]
