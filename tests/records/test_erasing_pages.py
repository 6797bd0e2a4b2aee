"""School admins erase an adult, a class or their school: shown first, asked for the name, done."""

import pytest
from django.urls import reverse
from django.utils.html import escape

from accounts.models import User
from classrooms import actions as people
from classrooms import erasing
from classrooms.models import Classroom, Invite, Membership, School
from records import registry
from requests_app import actions, tasks
from requests_app.models import HelpRequest, Queue
from tests.conftest import staff, student
from tests.records.test_leaving import busy_life, rows_about
from tests.services import PATIENCE

pytestmark = pytest.mark.django_db


def address(name, *args):
    return reverse(f"classrooms:{name}", args=args)


@pytest.fixture
def admin(edsger, grace, browser_of):
    return browser_of(edsger)


@pytest.fixture
def pages(admin, room, alan):
    """Kind → the address of its page, and the name that it asks for."""
    return {
        "class": (address("erase_classroom", room.pk), room.name),
        "school": (address("erase_school"), room.school.name),
        "adult": (address("erase_staff", alan.user_id), alan.name),
    }


@pytest.mark.parametrize("kind", ["class", "school", "adult"])
def test_a_wrong_name_erases_nothing_and_stays_in_the_field(kind, pages, admin, ada):
    url, name = pages[kind]
    for typed in ("Somebody <else>", name[:-1], ""):
        answer = admin.post(url, {"name": typed})
        assert answer.status_code == 422
        assert not typed or f'value="{escape(typed)}"' in answer.text
    erasing.finish(PATIENCE)
    assert Classroom.objects.in_use().count() == School.objects.count() == 1
    assert Membership.objects.present().count() == 4


@pytest.mark.parametrize("kind", ["class", "school", "adult"])
def test_a_page_that_is_looked_at_changes_nothing(kind, pages, admin, ada):
    url, name = pages[kind]
    page = admin.get(url)
    assert name in page.text
    assert not Membership.objects.exclude(erase_asked_at=None, removed_at=None).exists()
    assert not Classroom.objects.exclude(archived_at=None, erase_asked_at=None).exists()


def test_a_class_shows_what_depends_on_it_closes_at_once_and_is_gone_after_the_clock(
    pages, admin, room, ada, ben, grace, browser_of, school
):
    url, name = pages["class"]
    assert_counts(admin.get(url).text, Students="2", Lessons=None)
    busy_life(ada, grace)
    assert_counts(admin.get(url).text, Students="2", Lessons="1", Tasks="1")
    opened = browser_of(ada)
    answer = admin.post(url, {"name": f" {name.upper()} "}, follow=True)
    assert "The class is closed." in answer.text
    assert "Being erased" in answer.text
    assert opened.get(f"/c/{room.slug}/").status_code == 404
    assert admin.get(url).status_code == 404
    tasks.finish_erasing.call_local()
    assert rows_about(ada.pk, "Ada Lovelace", "canary-", room.name) == set()
    assert "Being erased" not in admin.get(address("school")).text
    assert School.objects.get() == school
    assert User.objects.filter(pk=grace.user_id).exists()


def assert_counts(text, **counts):
    for what, rows in counts.items():
        line = f'<span>{what}</span><span class="chip">'
        assert (line in text) == (rows is not None), what
        assert rows is None or f"{line}{rows}</span>" in text


def test_a_class_that_is_being_erased_cannot_be_brought_back(pages, admin, room, school):
    erasing.ask_classroom(room)
    answer = admin.post(address("restore"), {"classroom": room.pk})
    assert answer.status_code == 409
    assert "This class is being erased." in answer.text
    with pytest.raises(people.NotPossible):
        people.restore(room)
    room.refresh_from_db()
    assert room.archived_at is not None


def test_a_school_closes_for_its_admins_at_once_and_goes_with_their_accounts(
    pages, admin, room, ada, grace, edsger, school
):
    busy_life(ada, grace)
    for number in range(3):
        more = people.add_classroom(school, name=f"More {number}", teacher=grace.user)
        student(more, "Ada Lovelace")
    url, name = pages["school"]
    page = admin.get(url).text
    assert_counts(page, Classes="4", Students="4", Admins="1")
    answer = admin.post(url, {"name": name}, follow=True)
    assert "The school is closed." in answer.text
    assert admin.get(address("school")).status_code == 404
    assert not Classroom.objects.in_use().exists()
    erasing.finish(PATIENCE)
    assert rows_about(ada.pk, "Ada Lovelace", "Grace Hopper", "Edsger", name) == set()
    assert not School.objects.exists()
    assert not User.objects.exists()


def test_an_adult_shows_what_there_is_and_goes(pages, admin, alan, ada, lesson, raise_hand):
    raised = raise_hand(ada)
    actions.claim(raised, by=alan)
    url, name = pages["adult"]
    page = admin.get(url).text
    assert "Which adult helped" in page
    assert "The account is erased too" in page
    assert "Alan Turing" in admin.get(address("school_people")).text
    answer = admin.post(url, {"name": name}, follow=True)
    assert "Out of the school now." in answer.text
    assert "Alan Turing" not in answer.text
    erasing.finish(PATIENCE)
    raised.refresh_from_db()
    assert (raised.status, raised.helper) == ("waiting", None)
    assert rows_about(alan.pk, "Alan Turing", "alan@example.org") == set()


def test_an_account_that_is_used_elsewhere_stays(pages, admin, alan):
    far = School.objects.create(name="Far School")
    away = Classroom.objects.create(school=far, name="Away", slug="away-33333", code="AWAYAWAY")
    there = Membership.objects.create(classroom=away, user=alan.user, role="teacher", name="Al")
    url, name = pages["adult"]
    assert "The account stays" in admin.get(url).text
    admin.post(url, {"name": name})
    erasing.finish(PATIENCE)
    assert list(Membership.objects.filter(user=alan.user)) == [there]


@pytest.mark.parametrize("who", ["grace", "edsger"])
def test_the_only_teacher_or_admin_is_refused_with_a_sentence(who, pages, admin, request):
    member = request.getfixturevalue(who)
    answer = admin.post(address("erase_staff", member.user_id), {"name": member.name})
    assert answer.status_code == 409
    assert "Add another one first." in answer.text
    assert f'value="{member.name}"' in answer.text
    member.refresh_from_db()
    assert member.removed_at is None


def test_the_only_teacher_of_a_class_that_is_put_away_can_go(pages, admin, grace, room):
    people.archive(room)
    url = address("erase_staff", grace.user_id)
    assert admin.post(url, {"name": grace.name}).status_code == 302
    erasing.finish(PATIENCE)
    assert not User.objects.filter(pk=grace.user_id).exists()


def test_an_admin_who_erases_themself_is_led_out(pages, admin, edsger, school, mallory):
    school.admins.create(user=mallory)
    answer = admin.post(address("erase_staff", edsger.user_id), {"name": edsger.name})
    assert answer["Location"] == reverse("classrooms:index")
    erasing.finish(PATIENCE)
    assert not User.objects.filter(pk=edsger.user_id).exists()


def test_an_admin_without_a_class_goes_at_once(pages, admin, school, mallory):
    school.admins.create(user=mallory)
    assert "mallory@example.org" in admin.get(address("school_people")).text
    admin.post(address("erase_staff", mallory.pk), {"name": "mallory"})
    assert not User.objects.filter(pk=mallory.pk).exists()


def test_what_is_of_another_school_is_not_found(pages, admin, mallory):
    far = School.objects.create(name="Far School")
    away = Classroom.objects.create(school=far, name="Away", slug="away-33333", code="AWAYAWAY")
    both = staff(away, "far@example.org", "Far", "teacher")
    for url in (
        address("erase_classroom", away.pk),
        address("erase_staff", both.user_id),
        address("erase_staff", mallory.pk),
        f"{address('erase_school')}?school={far.pk}",
    ):
        assert admin.get(url).status_code == 404
        assert admin.post(url, {"name": "Far"}).status_code == 404


def test_invitations_end_with_the_school(pages, admin, school, edsger):
    admin.post(address("invite_admin"))
    url, name = pages["school"]
    admin.post(url, {"name": name})
    assert not Invite.objects.filter(ended_at=None).exists()


def test_a_list_of_adults_costs_the_same_for_one_and_for_many(
    pages, admin, room, django_assert_num_queries, connection_queries
):
    admin.get(address("school_people"))
    few = connection_queries(lambda: admin.get(address("school_people")))
    for number in range(20):
        staff(room, f"more-{number}@example.org", f"More {number}", "assistant")
    many = connection_queries(lambda: admin.get(address("school_people")))
    assert many == few


@pytest.mark.parametrize("kind", ["class", "school"])
def test_a_page_and_its_asking_cost_the_same_for_few_and_for_many(
    kind, pages, admin, room, ada, grace, connection_queries
):
    url, name = pages[kind]
    few = connection_queries(lambda: admin.get(url))
    for number in range(40):
        student(room, f"Student {number}")
    assert connection_queries(lambda: admin.get(url)) == few
    assert connection_queries(lambda: admin.post(url, {"name": name})) < 60
    assert Membership.objects.count() > 40  # nobody waits for them to be erased


@pytest.fixture
def connection_queries():
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count(do) -> int:
        with CaptureQueriesContext(connection) as seen:
            do()
        return len(seen)

    return count


# --- The clock -----------------------------------------------------------------


def test_the_clock_stops_in_time_and_goes_on_where_it_was(room, grace, ada, ben, school):
    student(room, "Third")
    erasing.ask_school(school)
    rounds = 0
    while erasing.finish(seconds=0):  # one step each, as if it were cut off
        rounds += 1
        assert rounds < 50
    assert rounds > 4
    assert not any(model.objects.exists() for model in (Membership, School, User))


def test_what_fails_does_not_stop_the_others_and_is_tried_again(room, school, ada, monkeypatch):
    other = people.add_classroom(school, name="Other")
    for classroom in (room, other):
        erasing.ask_classroom(classroom)
    erase = registry.erase
    monkeypatch.setattr(registry, "erase", lambda person: 1 / 0)
    erasing.finish(PATIENCE)
    assert list(Classroom.objects.all()) == [room]
    monkeypatch.setattr(registry, "erase", erase)
    erasing.finish(PATIENCE)
    assert not Classroom.objects.exists()


def test_an_adult_who_helped_a_lot_is_forgotten_in_small_steps(
    room, grace, alan, ada, school, monkeypatch
):
    from requests_app import forgetting

    monkeypatch.setattr(forgetting, "HELPED_AT_A_TIME", 2)
    actions.open_help(room, by=grace)
    for number in range(5):
        raised = actions.raise_hand(Queue.objects.of(room), student=ada, form_key=str(number))
        actions.start(raised, by=alan)
        actions.resolve(raised, by=alan)
    erasing.ask_staff(alan.user, school)
    left = []
    while erasing.finish(seconds=0):
        left.append(HelpRequest.objects.filter(helper=alan.pk).count())
    assert left == [3, 1, 0, 0]
    assert HelpRequest.objects.count() == 5
    assert rows_about(alan.pk, "Alan Turing") == set()


def test_whoever_is_invited_again_before_the_clock_came_stays(room, grace, alan, school):
    erasing.ask_staff(alan.user, school)
    people.add_staff(room, alan.user, "assistant")
    erasing.finish(PATIENCE)
    alan.refresh_from_db()
    assert alan.removed_at is None
