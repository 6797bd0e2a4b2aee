"""The manage pages over HTTP: each verb, whom it lets in, and what bad input is told."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.html import escape

from classrooms import actions, invitations, manage_forms
from classrooms.access import digest, new_key
from classrooms.models import Classroom, Device, Membership, Role
from classrooms.qr import join_link, qr_svg
from classrooms.roster import read_paste
from tests.conftest import staff, student

pytestmark = pytest.mark.django_db

PAGES = ("people", "roster", "invite", "tasks", "settings", "archive")
PEOPLE_VERBS = ("rename", "remove", "change_role", "forget_devices")
DOOR_VERBS = ("let_in", "turn_away")
TASK_VERBS = ("rename_task", "archive_task", "move_task")
CLASS_VERBS = (
    "let_all_in",
    "add_students",
    "set_joining",
    "renew_code",
    "invite_colleague",
)


def url(room, name, *ids):
    return reverse(f"classrooms:{name}", args=[room.slug, *ids])


def at_door(membership) -> Device:
    """A browser that asked to come in and waits."""
    return Device.objects.create(membership=membership, key_digest=digest(new_key()))


def asking(room, name) -> Device:
    """Somebody new, who has never been in."""
    return at_door(Membership.objects.create(classroom=room, name=name))


@pytest.fixture
def teacher(browser_of, grace):
    """Grace's browser."""
    return browser_of(grace)


@pytest.fixture
def twin(school):
    """Another class of the same school, with one of everything."""
    classroom = Classroom.objects.create(school=school, name="Twin", slug="twin-2", code="TWNTWNTW")
    person = student(classroom, "Twin Student")
    return {
        "room": classroom,
        "member": person.pk,
        "device": at_door(person).pk,
        "task": classroom.tasks.create(title="Theirs").pk,
    }


def ids_of(name, things):
    """The ids that the address of ``name`` takes, from ``things``."""
    for kind, verbs in (("member", PEOPLE_VERBS), ("device", DOOR_VERBS), ("task", TASK_VERBS)):
        if name in verbs:
            return [things[kind]]
    return []


# --- Who is let in -----------------------------------------------------------


@pytest.mark.parametrize("name", [*PAGES, *PEOPLE_VERBS, *DOOR_VERBS, *TASK_VERBS, *CLASS_VERBS])
def test_assistants_and_students_find_nothing(name, room, browser_of, grace, alan, ada, ben):
    things = {
        "member": ben.pk,
        "device": asking(room, "Waits").pk,
        "task": room.tasks.create(title="Loops").pk,
    }
    address = url(room, name, *ids_of(name, things))
    before = state(room)
    for who in (alan, ada):
        browser = browser_of(who)
        statuses = {
            browser.post(address, {"role": "teacher", "open": "0"}).status_code,
            browser.get(address).status_code,
        }
        assert 404 in statuses
        assert statuses <= {404, 405}
        Device.objects.filter(membership=ada).delete()
    assert state(room) == before


def state(room):
    room.refresh_from_db()
    return (
        list(room.memberships.order_by("pk").values_list("name", "role", "removed_at")),
        list(Device.objects.exclude(membership__name="Ada Lovelace").values_list("approved_at")),
        list(room.tasks.values_list("title", "position", "archived_at")),
        (room.code, room.code_is_open, room.archived_at, room.invites.count()),
    )


@pytest.mark.parametrize("name", [*PEOPLE_VERBS, *DOOR_VERBS, *TASK_VERBS])
def test_ids_of_another_class_open_nothing(name, room, teacher, twin):
    before = state(twin["room"])
    for pk in (*ids_of(name, twin), 10**30):
        answer = teacher.post(url(room, name, pk), {"name": "X", "title": "X", "role": "teacher"})
        assert answer.status_code == 404
    assert state(twin["room"]) == before


@pytest.mark.parametrize("name", PAGES)
def test_a_school_admin_sees_every_page_but_no_way_to_the_queue(name, room, browser_of, edsger):
    text = browser_of(edsger).get(url(room, name)).text
    assert reverse("requests_app:show", args=[room.slug]) + '"' not in text
    assert reverse("requests_app:history", args=[room.slug]) not in text
    assert 'aria-current="page"' in text


def test_verbs_answer_get_with_405(room, teacher):
    for name in CLASS_VERBS:
        assert teacher.get(url(room, name)).status_code == 405


def test_no_page_holds_a_script_or_a_style(room, teacher, ada):
    room.tasks.create(title="Loops")
    for name in PAGES:
        text = teacher.get(url(room, name)).text
        assert " style=" not in text
        assert "<style" not in text
        assert all(" src=" in tag.split(">")[0] for tag in text.split("<script")[1:])


# --- The door ----------------------------------------------------------------


def test_let_one_in(room, teacher):
    device = asking(room, "New One")
    assert "New One" in teacher.get(url(room, "people")).text
    answer = teacher.post(url(room, "let_in", device.pk), follow=True)
    device.refresh_from_db()
    assert device.approved_at is not None
    assert device.membership.joined_at is not None
    assert "New One is in." in answer.text
    assert "At the door" not in answer.text


def test_letting_in_twice_is_once(room, teacher):
    device = asking(room, "New One")
    for _each in range(2):
        assert teacher.post(url(room, "let_in", device.pk)).status_code == 302
    assert room.memberships.students().count() == 1


def test_let_all_in(room, teacher):
    asking(room, "One")
    assert "Let all in" not in teacher.get(url(room, "people")).text
    asking(room, "Two")
    assert "Let all in" in teacher.get(url(room, "people")).text
    teacher.post(url(room, "let_all_in"))
    assert not Device.objects.filter(approved_at=None).exists()
    assert room.memberships.students().filter(joined_at__isnull=False).count() == 2


def test_not_now_forgets_a_name_that_was_only_asked_with(room, teacher):
    device = asking(room, "Prank")
    teacher.post(url(room, "turn_away", device.pk))
    assert not Device.objects.exists()
    assert not room.memberships.filter(name="Prank").exists()


def test_not_now_after_somebody_let_them_in_changes_nothing(room, teacher):
    device = asking(room, "Quick")
    actions.let_in(device)
    answer = teacher.post(url(room, "turn_away", device.pk))
    assert answer.status_code == 409
    assert "Quick is in already." in answer.text
    assert Device.objects.filter(pk=device.pk).exists()


def test_a_second_device_for_a_name_is_said(room, teacher, browser_of, ada):
    at_door(student(room, "Alone"))
    words = "Another device is already using this name."
    assert words not in teacher.get(url(room, "people")).text
    browser_of(ada)
    at_door(ada)
    assert teacher.get(url(room, "people")).text.count(words) == 1


def test_a_name_at_the_door_is_not_among_the_students_yet(room, teacher, ada):
    asking(room, "New One")
    text = teacher.get(url(room, "people")).text
    assert "New One" not in text.split('id="students"')[1]
    assert "Ada Lovelace" in text.split('id="students"')[1]


# --- People ------------------------------------------------------------------


def test_an_empty_class_says_what_to_do_first(room, teacher):
    text = teacher.get(url(room, "people")).text
    assert "No students yet." in text
    assert url(room, "invite") in text
    assert url(room, "roster") in text


def test_students_stand_by_name_with_what_is_known(room, teacher, ada, ben):
    Membership.objects.create(classroom=room, name="Aaron", on_roster=True)
    text = teacher.get(url(room, "people")).text
    places = [text.index(name) for name in ("Aaron", "Ada Lovelace", "Ben Okri")]
    assert places == sorted(places)
    assert text.count("On the list, not in yet") == 1


def test_personal_pins_show_only_where_the_class_uses_them(room, teacher, ada):
    Membership.objects.filter(pk=ada.pk).update(pin="4711")
    assert "4711" not in teacher.get(url(room, "people")).text
    Classroom.objects.filter(pk=room.pk).update(pin_mode=Classroom.PinMode.PERSONAL)
    assert "4711" in teacher.get(url(room, "people")).text


def test_forty_people_cost_as_many_queries_as_one(room, teacher, browser_of, ada):
    browser_of(ada)
    asking(room, "First")
    few = queries(teacher, url(room, "people"))
    for n in range(40):
        person = student(room, f"Student {n}")
        browser_of(person)
        at_door(person)
        asking(room, f"Asking {n}")
        staff(room, f"staff{n}@example.org", f"Staff {n}", Role.ASSISTANT)
        room.tasks.create(title=f"Task {n}")
    assert queries(teacher, url(room, "people")) == few
    assert few <= 8


def test_forty_tasks_cost_as_many_queries_as_one(room, teacher):
    room.tasks.create(title="One")
    few = queries(teacher, url(room, "tasks"))
    for n in range(40):
        room.tasks.create(title=f"Task {n}")
    assert queries(teacher, url(room, "tasks")) == few


def queries(browser, address) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert browser.get(address).status_code == 200
    return len(caught)


def test_rename_a_student_and_a_colleague(room, teacher, ada, alan):
    for person, name in ((ada, "Ada King"), (alan, "Mr Turing")):
        assert person.name in teacher.get(url(room, "rename", person.pk)).text
        teacher.post(url(room, "rename", person.pk), {"name": f"  {name} "})
        person.refresh_from_db()
        assert person.name == name


@pytest.mark.parametrize(
    "name", ["", "   ", "\x00", "\u202e\u2066", "\u200b", "\U0001f600" * 5000, "x" * 61, "!!!"]
)
def test_a_name_that_cannot_be_is_said_and_kept(name, room, teacher, ada):
    answer = teacher.post(url(room, "rename", ada.pk), {"name": name})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert 'id="id_name_error"' in answer.text
    assert "Rename Ada Lovelace" in answer.text
    if name.isprintable():
        assert f'value="{name}"' in answer.text or not name
    ada.refresh_from_db()
    assert ada.name == "Ada Lovelace"


def test_two_students_cannot_have_one_name(room, teacher, ada, ben):
    answer = teacher.post(url(room, "rename", ben.pk), {"name": "ADA lovelace"})
    assert answer.status_code == 422
    assert "Another student has this name already." in answer.text
    assert 'value="ADA lovelace"' in answer.text
    ben.refresh_from_db()
    assert ben.name == "Ben Okri"


def test_remove_asks_first(room, teacher, browser_of, ada):
    adas = browser_of(ada)
    assert "Remove Ada Lovelace?" in teacher.get(url(room, "remove", ada.pk)).text
    ada.refresh_from_db()
    assert ada.removed_at is None
    teacher.post(url(room, "remove", ada.pk))
    ada.refresh_from_db()
    assert ada.removed_at is not None
    assert not ada.devices.exists()
    assert adas.get(reverse("requests_app:show", args=[room.slug])).status_code == 404
    assert teacher.post(url(room, "remove", ada.pk)).status_code == 404


def test_the_last_teacher_stays(room, teacher, grace):
    answer = teacher.post(url(room, "remove", grace.pk))
    assert answer.status_code == 409
    assert "A class needs a teacher." in answer.text
    answer = teacher.post(url(room, "change_role", grace.pk), {"role": "assistant"})
    assert answer.status_code == 409
    assert "A class needs a teacher." in answer.text
    grace.refresh_from_db()
    assert (grace.role, grace.removed_at) == (Role.TEACHER, None)


def test_change_a_role(room, teacher, alan):
    teacher.post(url(room, "change_role", alan.pk), {"role": "teacher"})
    alan.refresh_from_db()
    assert alan.role == Role.TEACHER
    teacher.post(url(room, "change_role", alan.pk), {"role": "assistant"})
    alan.refresh_from_db()
    assert alan.role == Role.ASSISTANT


@pytest.mark.parametrize("role", ["", "student", "admin", "Teacher", "\x00", "x" * 9999])
def test_a_role_that_is_not_offered_changes_nothing(role, room, teacher, alan):
    answer = teacher.post(url(room, "change_role", alan.pk), {"role": role})
    assert answer.status_code == 422
    assert "Please choose Teacher or Assistant." in answer.text
    alan.refresh_from_db()
    assert alan.role == Role.ASSISTANT


def test_a_student_does_not_become_staff(room, teacher, ada):
    answer = teacher.post(url(room, "change_role", ada.pk), {"role": "teacher"})
    assert answer.status_code == 409
    ada.refresh_from_db()
    assert ada.role == Role.STUDENT


def test_who_gives_up_their_place_is_sent_to_their_classes(room, teacher, grace, browser_of):
    second = staff(room, "second@example.org", "Second", Role.TEACHER)
    answer = teacher.post(url(room, "change_role", grace.pk), {"role": "assistant"})
    assert answer["Location"] == reverse("classrooms:index")
    grace.refresh_from_db()
    actions.change_role(grace, Role.TEACHER)
    answer = browser_of(second).post(url(room, "remove", second.pk))
    assert answer["Location"] == reverse("classrooms:index")


@pytest.mark.parametrize("name", PEOPLE_VERBS)
def test_a_school_admin_is_shown_and_not_changed(name, room, teacher, edsger):
    text = teacher.get(url(room, "people")).text
    assert "Edsger Dijkstra" in text
    assert url(room, name, edsger.pk) not in text
    answer = teacher.post(url(room, name, edsger.pk), {"name": "X", "role": "teacher"})
    assert answer.status_code == 404
    edsger.refresh_from_db()
    assert (edsger.name, edsger.role, edsger.removed_at) == (
        "Edsger Dijkstra",
        Role.SCHOOL_ADMIN,
        None,
    )


def test_sign_out_devices(room, teacher, browser_of, ada):
    assert url(room, "forget_devices", ada.pk) not in teacher.get(url(room, "people")).text
    adas = browser_of(ada)
    browser_of(ada)
    waits = at_door(ada)
    assert url(room, "forget_devices", ada.pk) in teacher.get(url(room, "people")).text
    teacher.post(url(room, "forget_devices", ada.pk))
    assert list(ada.devices.all()) == [waits]
    assert adas.get(reverse("requests_app:show", args=[room.slug])).status_code == 404
    ada.refresh_from_db()
    assert ada.removed_at is None


# --- The list of students ----------------------------------------------------


def csv_file(data: bytes, name="class.csv"):
    return SimpleUploadedFile(name, data, content_type="text/csv")


def signed_lines(text: str) -> str:
    return re.search(r'name="lines" value="([^"]+)"', text)[1]


def students_of(room) -> set[str]:
    return set(room.memberships.present().students().values_list("name", flat=True))


def test_a_preview_writes_nothing_and_adding_writes_what_was_shown(room, teacher, ada):
    pasted = "Ada Lovelace\nBlaise Pascal\nzoe@example.org\nÉmilie du Châtelet"
    answer = teacher.post(url(room, "roster"), {"names": pasted})
    assert answer.status_code == 200
    for words in ("2 will be added", "1 has a problem", "1 is in the class already"):
        assert words in answer.text
    assert "Already in the class" in answer.text
    assert "Please add a name on this line." in answer.text
    assert pasted in answer.text.replace("&#x27;", "'")
    assert students_of(room) == {"Ada Lovelace"}
    answer = teacher.post(
        url(room, "add_students"), {"lines": signed_lines(answer.text)}, follow=True
    )
    assert "2 students added." in answer.text
    assert students_of(room) == {"Ada Lovelace", "Blaise Pascal", "Émilie du Châtelet"}
    assert room.memberships.get(name="Blaise Pascal").on_roster


def test_adding_twice_adds_once(room, teacher):
    lines = signed_lines(teacher.post(url(room, "roster"), {"names": "Blaise Pascal"}).text)
    teacher.post(url(room, "add_students"), {"lines": lines})
    again = teacher.post(url(room, "add_students"), {"lines": lines}, follow=True)
    assert "All of these names are in the class already." in again.text
    assert students_of(room) == {"Blaise Pascal"}


def test_a_csv_file_brings_addresses_and_ids(room, teacher):
    data = b"\xef\xbb\xbfName;E-Mail;ID\r\nBlaise Pascal;blaise@example.org;42\r\n"
    answer = teacher.post(url(room, "roster"), {"names": "", "file": csv_file(data)})
    teacher.post(url(room, "add_students"), {"lines": signed_lines(answer.text)})
    added = room.memberships.get(name="Blaise Pascal")
    assert (added.email, added.external_id) == ("blaise@example.org", "42")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04" + b"\x00" * 200, "This looks like a spreadsheet file."),
        (b"%PDF-1.7 \xff\xfe", "This does not look like a list of names."),
        (b"Name\r\nJos\x81\x8d", "Some letters in this file cannot be read."),
        (b"\xff\xfeA", "Some letters in this file cannot be read."),
        (b"", "There are no names here yet."),
        (b"\xef\xbb\xbf \r\n", "There are no names here yet."),
        (b"a" * (1024 * 1024 + 1), "This list is too big."),
        (b"Name\r\n" + b"\r\n".join(b"N%d" % n for n in range(2001)), "2001 lines"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data, words, room, teacher):
    answer = teacher.post(url(room, "roster"), {"names": "kept", "file": csv_file(data)})
    assert answer.status_code == 422
    assert words in answer.text
    assert "kept</textarea>" in answer.text
    assert students_of(room) == set()


def test_a_file_of_ten_megabytes_is_refused_before_it_is_read(room, teacher):
    big = csv_file(b"a" * 10 * 1024 * 1024)
    assert teacher.post(url(room, "roster"), {"file": big}).status_code == 413
    assert students_of(room) == set()


@pytest.mark.parametrize("text", ["", "  \n ", "\x00\n\x00"])
def test_an_empty_paste_asks_for_a_name(text, room, teacher):
    answer = teacher.post(url(room, "roster"), {"names": text})
    assert answer.status_code == 422
    assert "There are no names here yet." in answer.text


def test_a_file_sent_without_a_file_field_is_no_trouble(room, teacher):
    answer = teacher.post(url(room, "roster"), {"file": "not a file", "names": "Blaise Pascal"})
    assert "1 will be added" in answer.text


@pytest.mark.parametrize(
    "line", ["\U0001f600" * 5000, "\u202e\u2066", "=cmd()", "x" * 61, "Ada <no address>", "?!"]
)
def test_bad_lines_are_shown_and_left_out(line, room, teacher):
    answer = teacher.post(url(room, "roster"), {"names": f"Blaise Pascal\n{line}"})
    assert answer.status_code == 200
    assert "1 will be added" in answer.text
    assert "1 has a problem" in answer.text
    teacher.post(url(room, "add_students"), {"lines": signed_lines(answer.text)})
    assert students_of(room) == {"Blaise Pascal"}


def test_nothing_to_add_offers_nothing(room, teacher, ada):
    text = teacher.post(url(room, "roster"), {"names": "Ada Lovelace\n?!"}).text
    assert "Add students" not in text
    assert "There is nobody to add yet." in text


def test_a_list_of_the_largest_size_can_be_added(room, teacher):
    names = "\n".join(f"Student {n:04} {'ü' * 40}" for n in range(2000))
    answer = teacher.post(url(room, "roster"), {"names": names})
    assert "2000 will be added" in answer.text
    answer = teacher.post(
        url(room, "add_students"), {"lines": signed_lines(answer.text)}, follow=True
    )
    assert "2000 students added." in answer.text


@pytest.mark.parametrize("change", [lambda s: s[:-1] + "~", lambda s: "", lambda s: "é\x00:x:y"])
def test_a_changed_preview_adds_nobody(change, room, teacher):
    lines = signed_lines(teacher.post(url(room, "roster"), {"names": "Blaise Pascal"}).text)
    answer = teacher.post(url(room, "add_students"), {"lines": change(lines)})
    assert answer.status_code == 422
    assert "That preview is too old." in answer.text
    assert students_of(room) == set()


def test_the_preview_of_another_class_adds_nobody(room, teacher, twin):
    theirs = manage_forms.RosterPreview(twin["room"], read_paste("Spy").lines).signed
    answer = teacher.post(url(room, "add_students"), {"lines": theirs})
    assert answer.status_code == 422
    assert "Spy" not in answer.text
    assert students_of(room) == set()


def test_an_old_preview_gives_the_names_back(room, teacher, monkeypatch):
    names = "Name\tEmail\tID\nBlaise Pascal\tblaise@example.org\t42\nEmmy Noether\t\t"
    lines = signed_lines(teacher.post(url(room, "roster"), {"names": names}).text)
    monkeypatch.setattr(manage_forms, "PREVIEW_LASTS", -1)
    answer = teacher.post(url(room, "add_students"), {"lines": lines})
    assert answer.status_code == 422
    assert students_of(room) == set()
    assert names in answer.text
    monkeypatch.undo()
    again = teacher.post(url(room, "roster"), {"names": names})
    teacher.post(url(room, "add_students"), {"lines": signed_lines(again.text)})
    assert room.memberships.get(name="Blaise Pascal").external_id == "42"


# --- The way in --------------------------------------------------------------


def test_the_invite_page_shows_the_code_in_all_its_forms(room, teacher):
    text = teacher.get(url(room, "invite")).text
    assert "K7QM-4XRD" in text
    assert f"{settings.SITE_URL}/join/K7QM4XRD/" in text
    assert "<svg" in text
    assert url(room, "sign") in text
    assert reverse("requests_app:board", args=[room.slug]) in text
    assert "Joining is closed" not in text


def test_the_join_link_leads_to_the_class(room):
    match = resolve(urlsplit(join_link(room)).path)
    assert match.view_name == "classrooms:join_code"
    assert match.kwargs == {"code": room.code}


def test_the_qr_code_scans_in_dark_mode_and_under_the_csp():
    picture = qr_svg("https://example.org/join/K7QM4XRD/")
    assert 'fill="#fff"' in picture
    assert 'stroke="#000"' in picture
    assert "style=" not in picture
    assert picture != qr_svg("https://example.org/join/K7QM4XRE/")


def test_close_and_open_joining(room, teacher):
    teacher.post(url(room, "set_joining"), {"open": "0"})
    room.refresh_from_db()
    assert not room.code_is_open
    text = teacher.get(url(room, "invite")).text
    assert "this code lets nobody in now" in text
    assert "Open joining" in text
    teacher.post(url(room, "set_joining"), {"open": "1"})
    room.refresh_from_db()
    assert room.code_is_open


def test_a_code_that_has_run_out_shows_as_closed(room, teacher):
    room.code_expires_at = timezone.now() - timedelta(minutes=1)
    room.save()
    assert "Open joining" in teacher.get(url(room, "invite")).text
    teacher.post(url(room, "set_joining"), {"open": "1"})
    assert "Close joining" in teacher.get(url(room, "invite")).text


def test_a_new_code_leaves_everybody_in(room, teacher, browser_of, ada):
    adas = browser_of(ada)
    teacher.post(url(room, "renew_code"))
    room.refresh_from_db()
    assert room.code != "K7QM4XRD"
    assert adas.get(reverse("requests_app:show", args=[room.slug])).status_code == 200


def test_a_new_code_can_close_all_devices(room, teacher, browser_of, ada, ben):
    browsers = [browser_of(ada), browser_of(ben)]
    teacher.post(url(room, "renew_code"), {"sign_out": "on"})
    room.refresh_from_db()
    assert room.code != "K7QM4XRD"
    assert not Device.objects.exists()
    for browser in browsers:
        assert browser.get(reverse("requests_app:show", args=[room.slug])).status_code == 404
    assert students_of(room) == {"Ada Lovelace", "Ben Okri"}


@pytest.mark.parametrize("role", ["teacher", "assistant"])
def test_an_invitation_is_shown_once_and_kept_as_a_digest(role, room, teacher, grace):
    answer = teacher.post(url(room, "invite_colleague"), {"role": role})
    assert answer.status_code == 200
    link = re.search(r'value="([^"]+/invite/([^"/]+)/)"', answer.text)
    assert link[1].startswith(settings.SITE_URL)
    invite = invitations.find(link[2])
    assert (invite.role, invite.classroom, invite.created_by) == (role, room, grace.user)
    assert link[2] not in teacher.get(url(room, "people")).text


@pytest.mark.parametrize("role", ["", "student", "admin", "\x00"])
def test_nobody_is_invited_as_something_else(role, room, teacher):
    answer = teacher.post(url(room, "invite_colleague"), {"role": role})
    assert answer.status_code == 422
    assert not room.invites.exists()


# --- Tasks -------------------------------------------------------------------


def titles(room) -> list[str]:
    return list(room.tasks.filter(archived_at=None).values_list("title", flat=True))


def test_add_tasks_line_by_line(room, teacher):
    teacher.post(url(room, "tasks"), {"titles": " Loops\r\n\r\n\tWhile\u200b loops \r\n"})
    assert titles(room) == ["Loops", "While loops"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Please write at least one task."),
        (" \r\n \u200b", "Please write at least one task."),
        ("\x00", "Please write at least one task."),
        ("Fine\r\n" + "x" * 81, "Line 2: Please make this shorter: 80 characters at most."),
        ("\U0001f600" * 5000, "Line 1: Please make this shorter"),
        ("\r\n".join(f"Task {n}" for n in range(61)), "A class can have 60 tasks."),
    ],
)
def test_tasks_that_cannot_be_are_said_and_kept(typed, words, room, teacher):
    answer = teacher.post(url(room, "tasks"), {"titles": typed})
    assert answer.status_code == 422
    assert words in answer.text
    assert typed.strip("\x00 \r\n\u200b").split("\r\n")[-1] in answer.text
    assert titles(room) == []


def test_rename_a_task(room, teacher):
    task = room.tasks.create(title="Lops")
    assert "Rename Lops" in teacher.get(url(room, "rename_task", task.pk)).text
    teacher.post(url(room, "rename_task", task.pk), {"title": " Loops "})
    assert titles(room) == ["Loops"]
    for bad in ("", " \u200b", "\x00", "x" * 81, "\U0001f600" * 5000):
        answer = teacher.post(url(room, "rename_task", task.pk), {"title": bad})
        assert answer.status_code == 422
        assert 'id="id_title_error"' in answer.text
    assert titles(room) == ["Loops"]


def test_take_a_task_away(room, teacher):
    task = room.tasks.create(title="Loops")
    teacher.post(url(room, "archive_task", task.pk))
    assert titles(room) == []
    for verb in TASK_VERBS:
        assert teacher.post(url(room, verb, task.pk), {"title": "X"}).status_code == 404


def test_move_tasks(room, teacher):
    actions.add_tasks(room, ["A", "B", "C"])
    first, _second, third = room.tasks.all()
    teacher.post(url(room, "move_task", third.pk), {"up": "1"})
    assert titles(room) == ["A", "C", "B"]
    teacher.post(url(room, "move_task", first.pk), {"up": "0"})
    assert titles(room) == ["C", "A", "B"]
    teacher.post(url(room, "move_task", third.pk), {"up": "1"})
    assert titles(room) == ["C", "A", "B"]


def test_the_steps_after_starting_a_class_lead_on(room, teacher):
    steps = url(room, "tasks") + "?new=1"
    text = teacher.get(steps).text
    assert "Step 2 of 3" in text
    assert url(room, "invite") + "?new=1" in text
    answer = teacher.post(steps, {"titles": "Loops"})
    assert answer["Location"] == steps
    assert "Go to your class" in teacher.get(url(room, "invite") + "?new=1").text
    assert "Go to your class" not in teacher.get(url(room, "invite")).text


# --- Settings ----------------------------------------------------------------

AS_IT_IS = {"name": "Year 9 Computing", "join_by": "name", "pin_mode": "none", "pin": ""}


def test_save_settings(room, teacher):
    answer = teacher.post(
        url(room, "settings"),
        {
            "name": " 9C ",
            "join_by": "roster",
            "pin_mode": "class",
            "pin": "12 34 56",
            "approval": "on",
        },
        follow=True,
    )
    assert "Saved." in answer.text
    room.refresh_from_db()
    assert (room.name, room.join_by, room.pin_mode, room.pin, room.approval) == (
        "9C",
        "roster",
        "class",
        "123456",
        True,
    )
    assert 'value="123456"' in answer.text


def test_a_class_pin_is_made_where_none_was_typed(room, teacher):
    teacher.post(url(room, "settings"), {**AS_IT_IS, "pin_mode": "class"})
    room.refresh_from_db()
    assert re.fullmatch(r"\d{4}", room.pin)
    assert room.pin in teacher.get(url(room, "settings")).text


def test_each_student_gets_a_pin(room, teacher, ada):
    teacher.post(url(room, "settings"), {**AS_IT_IS, "pin_mode": "personal"})
    ada.refresh_from_db()
    assert re.fullmatch(r"\d{4}", ada.pin)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "\u202e\u2066\x00"),
        ("name", "\U0001f600" * 5000),
        ("name", "x" * 61),
        ("pin", "123"),
        ("pin", "123456789"),
        ("pin", "12a4"),
        ("pin", "١٢٣٤"),
        ("join_by", ""),
        ("join_by", "magic"),
        ("pin_mode", "\x00"),
    ],
)
def test_settings_that_cannot_be_change_nothing(field, value, room, teacher):
    answer = teacher.post(url(room, "settings"), {**AS_IT_IS, "name": "Other", field: value})
    assert answer.status_code == 422
    assert "field__error" in answer.text
    assert "Year 9 Computing</title>" in answer.text
    before = room.name, room.pin, room.join_by, room.pin_mode
    room.refresh_from_db()
    assert (room.name, room.pin, room.join_by, room.pin_mode) == before


def test_archive_asks_first(room, teacher):
    assert "A school admin can bring it back." in teacher.get(url(room, "archive")).text
    room.refresh_from_db()
    assert room.archived_at is None
    answer = teacher.post(url(room, "archive"))
    assert answer["Location"] == reverse("classrooms:index")
    room.refresh_from_db()
    assert room.archived_at is not None
    assert teacher.get(url(room, "people")).status_code == 404


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "'\"><b>x", "{{ 7|add:7 }}"])
def test_names_and_titles_are_only_ever_text(name, room, teacher, ada, alan):
    for person in (ada, alan):
        actions.rename(person, name + person.role)
    asking(room, name)
    actions.rename_task(room.tasks.create(title="x"), name)
    actions.save_settings(_named(room, name), ["name"])
    texts = [teacher.get(url(room, page)).text for page in PAGES]
    texts += [teacher.get(url(room, verb, ada.pk)).text for verb in ("rename", "remove")]
    texts.append(teacher.post(url(room, "roster"), {"names": name}).text)
    shown = escape(name)
    for text in texts:
        assert shown in text
        assert name not in text.replace(shown, "")


def _named(room, name):
    room.name = name
    return room


def test_bodies_that_are_no_form_are_no_trouble(room, teacher):
    for name in ("roster", "add_students", "tasks", "settings"):
        answer = teacher.generic("POST", url(room, name), b"\xff\xfe{", "text/plain")
        assert answer.status_code == 422
