"""What is kept about somebody is told to them, and to others as far as they may know it."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from checkins import actions as check_ins
from checkins import replies
from checkins.models import FollowUp
from classrooms import proof
from classrooms.models import Attendance, Device
from coaching import actions as coaching
from coaching.models import Note
from records import registry, telling
from records.registry import Person, Reader
from records.words import WORDS
from requests_app.models import HelpRequest
from tests.conftest import student
from tests.records.test_leaving import NAME, busy_life

pytestmark = pytest.mark.django_db

#: For the student alone, whoever asks.
OWN = ("canary-note", "canary-self", "Worrying", "Stuck", "A student's wish", "Prepared by canary")
#: For those who help in the class.
FOR_TEACHERS = ("canary-text", "canary-hint", "canary-step", "canary-answer", "A hint", "Loops")
#: What others keep; nobody but they reads it.
OF_OTHERS = ("Ben", "ben-secret", "alan@example.org", "grace@example.org", "edsger@example.org")


@pytest.fixture
def zoe(room):
    one = student(room, NAME)
    one.email, one.external_id, one.pin = "zoe.canary@example.org", "CANARY-ID-1", "4711"
    one.save()
    return one


@pytest.fixture
def life(zoe, grace, alan, ben, edsger):
    """Zoe's life, and Ben's words beside it."""
    coaching.add_note(ben, "ben-secret")
    busy_life(zoe, grace, others=[ben])
    HelpRequest.objects.filter(student=ben).update(text="ben-secret")
    return zoe


def files(who, pupil, browser_of):
    """The page and the file that somebody gets about ``pupil``, or about themselves."""
    slug = pupil.classroom.slug
    args = [slug] if who == pupil else [slug, pupil.pk]
    name = "" if who == pupil else "_of"
    opened = browser_of(who)
    page = opened.get(reverse(f"classrooms:kept{name}", args=args))
    saved = opened.get(reverse(f"classrooms:download_kept{name}", args=args))
    assert page.status_code == saved.status_code == 200
    return page.text, saved


def has(text: str, words) -> set[str]:
    return {word for word in words if word in text.replace("&#x27;", "'")}


def test_a_student_reads_and_saves_all_that_is_kept(life, browser_of):
    for text in (files(life, life, browser_of)[0], files(life, life, browser_of)[1].text):
        assert has(text, (*OWN[:5], *FOR_TEACHERS)) == {*OWN[:5], *FOR_TEACHERS}
        assert has(text, OF_OTHERS) == set()
        assert has(text, (NAME, "zoe.canary@example.org", "CANARY-ID-1")) != set()
        assert "4711" not in text


def test_it_says_who_helped_and_lists_nothing_that_is_about_adults(life, grace, browser_of):
    for who in (life, grace):
        for text in (files(who, life, browser_of)[0], files(who, life, browser_of)[1].text):
            assert "Grace Hopper" in text
            assert has(text, ("Which adult helped", "Which adult came by")) == set()


def test_the_file_is_a_file_that_nobody_keeps_a_copy_of(life, browser_of):
    saved = files(life, life, browser_of)[1]
    assert saved["Content-Type"] == "application/json"
    assert saved["Content-Disposition"].startswith("attachment; ")
    assert "no-store" in saved["Cache-Control"]
    told = json.loads(saved.text)
    assert told["about"]["name"] == NAME
    assert all(each["rows"] and each["kept"] for each in told["groups"])
    assert "_id" not in saved.text.replace("external_id", "")
    assert " object (" not in saved.text


def test_a_teacher_reads_nothing_that_is_for_the_student_alone(life, grace, browser_of):
    for text in (files(grace, life, browser_of)[0], files(grace, life, browser_of)[1].text):
        assert has(text, OWN) == set()
        assert has(text, ("ben-secret", "Ben", "alan@example.org")) == set()
        assert has(text, FOR_TEACHERS) == set(FOR_TEACHERS)


def test_a_school_admin_reads_who_it_is_and_how_many_requests(life, edsger, browser_of):
    for text in (files(edsger, life, browser_of)[0], files(edsger, life, browser_of)[1].text):
        assert has(text, (*OWN, *FOR_TEACHERS, "ben-secret")) == set()
        assert has(text, ("zoe.canary@example.org", "CANARY-ID-1")) != set()
        assert "When somebody raised a hand" in text
        assert "Answers to a check-in" not in text


def test_a_teacher_reads_of_no_other_class_and_no_colleague(life, grace, alan, room, browser_of):
    other = student(type(room).objects.create(school=room.school, name="B", slug="b-1"), "Far Away")
    for pk in (other.pk, alan.pk, grace.pk):
        for name in ("kept_of", "download_kept_of"):
            url = reverse(f"classrooms:{name}", args=[room.slug, pk])
            assert browser_of(grace).get(url).status_code == 404


def test_who_came_back_by_name_alone_is_told_nothing_from_before(life, browser_of):
    proof.seal(life)
    coaching.add_note(life, "written since")
    page, saved = files(life, life, browser_of)
    for text in (page, saved.text):
        assert has(text, (*OWN, *FOR_TEACHERS, "zoe.canary@example.org", "CANARY-ID-1")) == set()
        assert "written since" in text
    assert "stays safe and hidden" in page
    proof.open_past(life)
    assert "canary-text" in files(life, life, browser_of)[1].text


def test_over_an_open_network_what_is_for_one_alone_is_left_out(life, browser_of, settings):
    settings.LAN = True
    page, saved = files(life, life, browser_of)
    for text in (page, saved.text):
        assert has(text, OWN) == set()
        assert "is left out" in text
        assert "canary-text" in text


def own_files(user, browser_of):
    opened = browser_of(user)
    answers = [opened.get(reverse(f"accounts:{name}")) for name in ("kept", "download_kept")]
    assert [each.status_code for each in answers] == [200, 200]
    return [each.text for each in answers]


def test_staff_read_about_themselves_and_no_pupil(life, grace, alan, browser_of):
    for text in own_files(grace.user, browser_of):
        assert has(text, ("grace@example.org", "canary-hint")) != set()
        told_to_her = {*OWN[:2], "canary-text", "canary-answer", "ben-secret", NAME, "Ben"}
        assert has(text, (*told_to_her, "alan@example.org", "Alan Turing")) == set()
        assert "pbkdf2" not in text
    for text in own_files(alan.user, browser_of):
        assert "alan@example.org" in text
        assert "canary-" not in text


def test_an_operators_file_names_nobody_whom_they_changed(life, room, browser_of, client):
    from django.contrib.admin.models import CHANGE, LogEntry

    from accounts.models import User

    operator = User.objects.create_superuser("operator@example.org", "pw-for-tests")
    LogEntry.objects.create(user=operator, object_repr=NAME, object_id="1", action_flag=CHANGE)
    for text in own_files(operator, browser_of):
        assert NAME not in text
        assert "operators changed" in text


def test_the_pages_are_found(room, ada, grace, browser_of):
    class_page = browser_of(ada).get(f"/c/{room.slug}/").text
    assert reverse("classrooms:kept", args=[room.slug]) in class_page
    people = browser_of(grace).get(f"/c/{room.slug}/manage/").text
    assert reverse("classrooms:kept_of", args=[room.slug, ada.pk]) in people
    assert reverse("accounts:kept") in browser_of(grace).get("/accounts/").text


def test_who_left_nothing_is_told_so(room, ada, browser_of):
    page = browser_of(ada).get(reverse("classrooms:kept", args=[room.slug])).text
    assert "Name in a class" in page
    assert "Notes that a student" not in page


def many(zoe, grace, count: int) -> None:
    """So many rows more of what grows."""
    lesson = zoe.classroom.lessons.first()
    first = HelpRequest.objects.filter(student=zoe).first()
    for number in range(count):
        coaching.add_note(zoe, f"note {number}")
        Device.objects.create(membership=zoe, key_digest=f"{number:064}")
        first.pk, first.key, first.form_key = None, f"key-{number}", f"form-{number}"
        first._state.adding = True
        first.save()
        check_ins.checked_in(zoe, by=grace)
        later = zoe.classroom.lessons.create(
            opened_at=lesson.opened_at, closes_at=lesson.closes_at, closed_at=lesson.opened_at
        )
        Attendance.objects.get_or_create(lesson=later, membership=zoe)
        plan = check_ins.Plan("More", "named", [{"kind": "text", "text": "Say more"}])
        check_in = check_ins.open_check_in(zoe.classroom, plan, by=grace)
        replies.reply(check_in, replies.Given({"0": f"answer {number}"}), by=zoe, edit_key="")
        check_ins.close(check_in)
    FollowUp.objects.filter(student=zoe).update(status="ended")


def test_the_number_of_queries_is_the_same_with_many_rows(life, grace, browser_of, edsger):
    def queries():
        found = []
        for who, prefix in ((life, ""), (grace, "_of"), (edsger, "_of")):
            args = [life.classroom.slug] if not prefix else [life.classroom.slug, life.pk]
            for name in ("kept", "download_kept"):
                opened = browser_of(who)
                url = reverse(f"classrooms:{name}{prefix}", args=args)
                opened.get(url)
                with CaptureQueriesContext(connection) as seen:
                    opened.get(url)
                found.append(len(seen))
        for name in ("kept", "download_kept"):
            opened = browser_of(grace.user)
            with CaptureQueriesContext(connection) as seen:
                opened.get(reverse(f"accounts:{name}"))
            found.append(len(seen))
        return found

    check_ins.close(life.classroom.check_ins.get(status="open"))
    few = queries()
    many(life, grace, 30)
    assert queries() == few
    assert max(few) < 47


def test_page_and_file_have_an_end_and_say_so(life, browser_of, monkeypatch):
    Note.objects.bulk_create(Note(student=life, text=f"note-{n:02}.") for n in range(50))
    page, saved = files(life, life, browser_of)
    assert page.count("note-") == telling.SHOWN
    assert "note-49." in page
    assert "The file has more." in page
    assert saved.text.count("note-") == 50
    monkeypatch.setattr(registry, "MOST", 30)
    saved = files(life, life, browser_of)[1]
    (notes,) = [e for e in json.loads(saved.text)["groups"] if "note-49." in str(e["rows"])]
    assert (len(notes["rows"]), notes["only_the_newest"]) == (30, True)


def test_each_thing_that_is_told_has_a_word_and_can_be_read():
    someone = Person(members=(1,), account=1)
    for reader in Reader:
        assert registry.tell(someone, reader) == []
    told = {name for record in registry.all_records() for name in record.told_names}
    assert told == set(WORDS)


def test_whatever_a_student_can_be_told_has_a_moment_or_waits_for_a_proof():
    """Where a past is closed, rows without a moment are not told at all."""
    timeless = {
        record.model.__name__
        for record in registry.all_records()
        if record.told_names and not record.moment and record.member.endswith("student")
    }
    assert timeless == {"StudentView", "FamilyAnswer"}
