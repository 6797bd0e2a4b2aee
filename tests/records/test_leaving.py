"""Who leaves can come back; who is erased is gone, from every page and from the file."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from checkins import actions as check_ins
from checkins import replies
from checkins.models import CheckIn
from classrooms import actions as people
from classrooms import leaving
from classrooms.actions import NotPossible
from classrooms.models import Device, Membership
from classrooms.signals import access_ended
from coaching import actions as coaching
from records import registry
from requests_app import actions
from requests_app.models import Event, HelpRequest, LessonTotals, Queue
from tests.conftest import device_cookie, staff, student

pytestmark = pytest.mark.django_db

#: Whatever Zoe is called, wrote or was told; each can be searched for.
NAME = "Zoe Canary-Name"
CANARIES = (
    "Zoe Canary-Name", "zoe canary-name", "zoe.canary@example.org", "CANARY-ID-1", "canary-text",
    "canary-hint", "canary-step", "canary-note", "canary-answer", "canary-self",
)  # fmt: skip


@pytest.fixture
def zoe(room):
    one = student(room, NAME)
    one.email, one.external_id, one.pin = "zoe.canary@example.org", "CANARY-ID-1", "4711"
    one.save()
    return one


def busy_life(zoe, grace, others=()):
    """Everything that a student can leave behind, in a lesson with ``others``."""
    room = zoe.classroom
    lesson = actions.open_help(room, by=grace)
    queue = Queue.objects.of(room)
    device_cookie(zoe)
    raised = actions.raise_hand(queue, student=zoe, form_key="one")
    actions.describe(raised, by=zoe, text="canary-text", feeling="worried", kind="hint")
    actions.start(raised, by=grace)
    actions.pause(raised, by=grace, minutes=3, hint="canary-hint")
    actions.start(raised, by=grace)
    actions.resolve(raised, by=grace)
    actions.note_given(raised, by=grace, given="hint", next_step="canary-step")
    coaching.add_note(zoe, "canary-note", about=raised)
    coaching.mark_seen(zoe, 1)
    check_ins.say_how(by=zoe, going="stuck")
    check_ins.checked_in(zoe, by=grace)
    questions = [{"kind": "text", "text": "Say more"}, {"kind": "note", "text": "For you"}]
    check_in = check_ins.open_check_in(room, check_ins.Plan("Mine", "named", questions), by=grace)
    for who in (zoe, *others):
        mine = ("canary-answer", "canary-self") if who == zoe else ("x", "y")
        given = replies.Given({"0": mine[0]}, note=mine[1])
        replies.reply(check_in, given, by=who, edit_key="")
    check_ins.close(check_in)
    ready = check_ins.open_check_in(room, check_ins.preset("ready"), by=grace)
    wish = replies.Given(soon="today", adult=grace, task=room.tasks.create(title="Loops"))
    replies.reply(ready, wish, by=zoe, edit_key="key")
    for who in others:
        actions.raise_hand(queue, student=who, form_key="one")
    actions.close_help(room, by=grace)
    return lesson


def rows_about(pk: int, *canaries: str) -> set[str]:
    """Tables with a row that points at this membership, or that holds one of these words."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table in ("django_migrations", "auth_permission"):
                continue
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                if any(word in str(value) for word in canaries for value in row):
                    found.add(table)
                named = dict(zip(names, row, strict=True))
                points = {"student_id", "membership_id", "helper_id", "actor_id", "by_id"}
                if any(named.get(name) == pk for name in points):
                    found.add(table)
    return found


# --- Leaving and coming back -------------------------------------------------


def test_a_student_who_leaves_is_off_the_list_and_the_hand_goes_down(
    zoe, grace, lesson, browser_of, django_capture_on_commit_callbacks
):
    raised = actions.raise_hand(Queue.objects.of(zoe.classroom), student=zoe, form_key="x")
    with django_capture_on_commit_callbacks(execute=True):
        browser_of(grace).post(
            f"/c/{zoe.classroom.slug}/manage/people/{zoe.pk}/remove/", {"how": "leave"}
        )
    raised.refresh_from_db()
    assert raised.status == "withdrawn"
    page = browser_of(grace).get(f"/c/{zoe.classroom.slug}/manage/").text
    assert page.index("Left lately") < page.index(NAME)


def test_an_adult_who_is_removed_strands_nobody(
    ada, alan, lesson, raise_hand, django_capture_on_commit_callbacks
):
    raised = raise_hand(ada)
    actions.claim(raised, by=alan)
    with django_capture_on_commit_callbacks(execute=True):
        people.remove(alan)
    raised.refresh_from_db()
    assert raised.status == "waiting"


def test_one_tap_brings_a_student_back_with_everything(zoe, grace, browser_of):
    busy_life(zoe, grace)
    people.remove(zoe)
    there = browser_of(grace)
    answer = there.post(f"/c/{zoe.classroom.slug}/manage/people/{zoe.pk}/come-back/", follow=True)
    assert "is back on the list" in answer.text
    zoe.refresh_from_db()
    assert zoe.removed_at is None
    assert zoe.help_requests.exists()
    assert "Left lately" not in answer.text


def test_a_name_that_somebody_else_has_now_is_said(zoe, grace, browser_of):
    people.remove(zoe)
    student(zoe.classroom, NAME)
    answer = browser_of(grace).post(f"/c/{zoe.classroom.slug}/manage/people/{zoe.pk}/come-back/")
    assert answer.status_code == 409
    assert "Rename that one first." in answer.text


def test_after_the_days_the_student_is_erased(zoe, grace, settings):
    busy_life(zoe, grace)
    people.remove(zoe)
    with time_machine.travel(timezone.now() + timedelta(days=settings.KEEP_LEFT_DAYS + 1)):
        registry.run_due()
    assert rows_about(zoe.pk, *CANARIES) == set()
    with pytest.raises(Membership.DoesNotExist):
        leaving.come_back(Membership.objects.get(pk=zoe.pk))


# --- Erasing a student -------------------------------------------------------


def erase_page(zoe):
    return f"/c/{zoe.classroom.slug}/manage/people/{zoe.pk}/erase/"


def test_the_teacher_chooses_and_sees_first_what_there_is(zoe, grace, browser_of):
    busy_life(zoe, grace)
    there = browser_of(grace)
    choice = f"/c/{zoe.classroom.slug}/manage/people/{zoe.pk}/remove/"
    assert "Leave the class" in there.get(choice).text
    chosen = there.post(choice, {"how": "erase"})
    assert chosen["Location"] == erase_page(zoe)
    assert Membership.objects.get(pk=zoe.pk).removed_at is None
    page = there.get(erase_page(zoe)).text
    assert "When somebody raised a hand" in page
    for private in ("canary-", "Notes that a student writes", "wish to talk"):
        assert private not in page


def test_another_name_erases_nothing_and_stays_in_the_field(zoe, grace, browser_of):
    answer = browser_of(grace).post(erase_page(zoe), {"name": "Zoé Somebody"})
    assert answer.status_code == 422
    assert 'value="Zoé Somebody"' in answer.text
    assert "Nothing is erased." in answer.text
    assert Membership.objects.filter(pk=zoe.pk).exists()


def test_the_name_typed_erases_everything(zoe, grace, browser_of):
    busy_life(zoe, grace)
    assert len(rows_about(zoe.pk, *CANARIES)) > 8
    answer = browser_of(grace).post(erase_page(zoe), {"name": f" {NAME.lower()} "}, follow=True)
    assert "Everything about this student is erased." in answer.text
    assert NAME not in answer.text
    assert rows_about(zoe.pk, *CANARIES) == set()
    assert not Device.objects.filter(membership=zoe.pk).exists()
    assert not Event.objects.filter(help_request__student=zoe.pk).exists()


def test_who_replied_is_forgotten_and_how_many_stays(zoe, grace, room):
    others = [student(room, f"Student {number}") for number in range(5)]
    busy_life(zoe, grace, others)
    named = CheckIn.objects.get(title="Mine")
    assert zoe.pk in named.replied
    leaving.erase_member(zoe)
    after = CheckIn.objects.get(title="Mine")
    assert after.replied == sorted(each.pk for each in others)
    assert after.reply_count == 6


def test_totals_of_five_or_more_stay_and_lead_back_to_nobody(zoe, grace, room):
    others = [student(room, f"Student {number}") for number in range(9)]
    lesson = busy_life(zoe, grace, others)
    leaving.erase_member(zoe)
    kept = LessonTotals.objects.get(lesson=lesson)
    # One was helped: that number, and nine beside ten, would tell of one.
    assert (kept.asked, kept.helped, kept.missed) == (10, None, None)
    assert HelpRequest.objects.count() == 9


def test_a_lesson_of_few_keeps_no_totals(zoe, grace, ben):
    lesson = busy_life(zoe, grace, [ben])
    leaving.erase_member(zoe)
    assert LessonTotals.objects.get(lesson=lesson).asked is None


def test_open_pages_of_the_erased_close(zoe, django_capture_on_commit_callbacks):
    told = []

    def hear(sender, membership=None, **kwargs):
        told.append(membership and membership.pk)

    access_ended.connect(hear)
    pk = zoe.pk
    try:
        with django_capture_on_commit_callbacks(execute=True):
            leaving.erase_member(zoe)
    finally:
        access_ended.disconnect(hear)
    assert told == [pk]


def test_an_erased_browser_is_a_stranger(zoe, grace, browser_of):
    there = browser_of(zoe)
    page = f"/c/{zoe.classroom.slug}/"
    assert there.get(page).status_code == 200
    leaving.erase_member(zoe)
    assert there.get(page).status_code == 404


def test_the_last_teacher_stays(grace):
    with pytest.raises(NotPossible):
        leaving.erase_member(grace)


def test_only_a_students_page_erases(grace, alan, browser_of):
    page = f"/c/{grace.classroom.slug}/manage/people/{alan.pk}/erase/"
    assert browser_of(grace).post(page, {"name": alan.name}).status_code == 404


# --- The file ----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_nothing_of_the_erased_is_left_in_the_file(zoe, grace, room):
    """Not in free pages and not in the write-ahead log; PostgreSQL: in no row."""
    busy_life(zoe, grace, [student(room, f"Student {number}") for number in range(3)])
    actions.open_help(room, by=grace)  # Zoe is in the middle of something
    actions.raise_hand(Queue.objects.of(room), student=zoe, form_key="two")
    leaving.erase_member(zoe)
    assert rows_about(zoe.pk, *CANARIES) == set()
    if connection.vendor == "sqlite":
        file = Path(connection.settings_dict["NAME"])
        written = b"".join(
            each.read_bytes() for each in (file, Path(f"{file}-wal")) if each.exists()
        )
        assert b"Student 1" in written
        assert [each for each in CANARIES if each.encode() in written] == []


# --- A member of staff -------------------------------------------------------


def test_staff_who_go_are_forgotten_in_the_history_of_others(room, grace, ada, lesson, raise_hand):
    gone = staff(room, "gone@example.org", "Canary Adult", "teacher")
    raised = raise_hand(ada, text="mine")
    actions.claim(raised, by=gone)
    leaving.erase_member(gone)
    raised.refresh_from_db()
    assert (raised.status, raised.helper, raised.text) == ("waiting", None, "mine")
    assert rows_about(gone.pk) == set()
    for event in Event.objects.all():
        assert event.facts.get("helper_id") != gone.pk
        assert event.before.get("helper_id") != gone.pk
