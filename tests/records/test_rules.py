"""Each rule, with a clock that is set: the day before it is there, the day after it is gone."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import SignIn, User
from checkins import actions as check_ins
from checkins import replies
from checkins.models import Change, CheckIn, Contact, FollowUp, HelpMoment, NamedReply
from classrooms import access, invitations
from classrooms import actions as people
from classrooms.models import Attendance, Classroom, Device, Invite, Lesson, Membership
from coaching import actions as coaching
from coaching.models import Note
from records import registry
from requests_app import actions
from requests_app.models import Event, HelpRequest, LessonTotals, Queue
from resources import actions as resources
from resources.models import Change as EntryChange
from tests.conftest import student
from tests.resources.conftest import complete

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


class World:
    """The cast, for the makers below."""

    def __init__(self, **cast) -> None:
        self.__dict__.update(cast)

    def ended_request(self, **said):
        queue = Queue.objects.of(self.room)
        actions.open_help(self.room, by=self.grace)
        raised = actions.raise_hand(queue, student=self.ada, form_key="key")
        actions.describe(raised, by=self.ada, **said)
        actions.start(raised, by=self.grace)
        actions.resolve(raised, by=self.grace)
        actions.close_help(self.room, by=self.grace)
        return raised

    def check_in(self, visibility="named"):
        plan = check_ins.Plan("Mine", visibility, [{"kind": "text", "text": "Say more"}])
        return check_ins.open_check_in(self.room, plan, by=self.grace)


def unused_account(world):
    User.objects.create_user("nobody@example.org", "pw-for-tests")
    return lambda: User.objects.filter(email="nobody@example.org").exists()


def session_at_its_end(world):
    store = SessionStore()
    store.set_expiry(0)
    store.create()
    Session.objects.update(expire_date=timezone.now())
    return Session.objects.exists


def sign_in_at_its_end(world):
    session_at_its_end(world)
    SignIn.objects.create(user=world.grace.user, session_key=Session.objects.get().pk)
    return SignIn.objects.exists


def operators_step(world):
    LogEntry.objects.create(user=world.grace.user, object_repr="Ada", action_flag=2)
    return LogEntry.objects.exists


def somebody_who_left(world):
    people.remove(world.ada)
    return lambda: Membership.objects.filter(name="Ada Lovelace").exists()


def class_put_away(world):
    people.archive(world.room)
    return Classroom.objects.exists


def attendance(world):
    lesson = actions.open_help(world.room, by=world.grace)
    people.attend(lesson, [world.ada.pk])
    return Attendance.objects.exists


def opener(world):
    actions.open_help(world.room, by=world.grace)
    return lambda: Lesson.objects.get().opened_by_id is not None


def device(world):
    Device.objects.create(membership=world.ada, key_digest="x", approved_at=timezone.now())
    return Device.objects.exists


def invitation(world):
    invitations.invite(
        by=world.grace.user, role="assistant", classroom=world.room, school=world.room.school
    )
    Invite.objects.update(expires_at=timezone.now())
    return Invite.objects.exists


def words(world):
    world.ended_request(text="a secret")
    return lambda: HelpRequest.objects.filter(text="a secret").exists()


def request(world):
    world.ended_request(kind="hint", tried=["read"])
    return lambda: HelpRequest.objects.exists() and Event.objects.exists()


def named_answer(world):
    check_in = world.check_in()
    replies.reply(check_in, replies.Given({"0": "hello"}), by=world.ada, edit_key="")
    check_ins.close(check_in)
    return NamedReply.objects.exists


def wish(world):
    check_in = check_ins.open_check_in(world.room, check_ins.preset("ready"), by=world.grace)
    given = replies.Given(soon="today", adult=world.grace)
    replies.reply(check_in, given, by=world.ada, edit_key="key")
    return FollowUp.objects.exists


def contact(world):
    check_ins.checked_in(world.ada, by=world.grace)
    return Contact.objects.exists


def starter(world):
    check_ins.close(world.check_in())
    return lambda: CheckIn.objects.get().started_by_id is not None


def moment(world):
    actions.open_help(world.room, by=world.grace)
    check_ins.start_moment(world.room, by=world.grace, seconds=30)
    return lambda: HelpMoment.objects.get().started_by_id is not None


def change_of_rules(world):
    plan = check_ins.preset("exit")
    check_ins.save_template(world.room, plan, by=world.grace.user)
    return Change.objects.exists


def change_of_entry(world):
    entry = resources.add_entry(world.room.school, None, complete(), by=world.grace.user)
    resources.publish_entry(entry, by=world.grace.user)
    return EntryChange.objects.exists


def note(world):
    coaching.add_note(world.ada, "Draw it first.")
    return Note.objects.exists


#: Rule → what makes a row that is due on its day; rules that count days of their own say how many.
MAKERS = {
    "accounts": unused_account,
    "sessions": session_at_its_end,
    "sign-ins": sign_in_at_its_end,
    "operators' log": operators_step,
    "people who left": somebody_who_left,
    "classes": class_put_away,
    "attendance": attendance,
    "who opened help": opener,
    "devices": device,
    "invitations": invitation,
    "words of requests": words,
    "requests": request,
    "answers": named_answer,
    "wishes for an adult": wish,
    "contacts": contact,
    "who started a check-in": starter,
    "who started a help moment": moment,
    "changes of rules": change_of_rules,
    "changes of the directory": change_of_entry,
    "notes": note,
}
OWN_DAYS = {"answers": 30, "sessions": 0, "sign-ins": 0}
RULES = [rule for rule in registry.all_rules() if rule.empty is not None]


@pytest.fixture
def world(room, school, ada, grace, mallory, edsger):
    return World(room=room, ada=ada, grace=grace, mallory=mallory)


def test_each_rule_has_a_test_with_the_clock():
    assert {rule.name for rule in RULES} == set(MAKERS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_it_stays_until_the_day_before_and_is_gone_on_the_day_after(rule, world):
    days = OWN_DAYS.get(rule.name, rule.kept_days)
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        is_there = MAKERS[rule.name](world)
        assert is_there()
        clock.move_to(start + timedelta(days=days) - DAY)
        registry.run_due()
        assert is_there()
        clock.move_to(start + timedelta(days=days) + DAY)
        assert registry.run_due()[rule.name] >= 1
        assert not is_there()
        assert rule.name not in registry.run_due()  # twice does no harm


def test_a_rule_that_fails_stops_no_other(world, monkeypatch, caplog):
    def fails(limit):
        raise RuntimeError("no")

    note(world)
    broken = registry.Rule("broken", "", empty=fails)
    rules = [broken, *registry.all_rules()]
    monkeypatch.setattr(registry, "all_rules", lambda: rules)
    with time_machine.travel(timezone.now() + timedelta(days=400), tick=False):
        assert registry.run_due()["notes"] == 1
    assert "broken" in caplog.text


def test_a_step_takes_a_batch_and_the_run_takes_all(world, monkeypatch):
    monkeypatch.setattr(registry, "BATCH", 2)
    for number in range(5):
        coaching.add_note(world.ada, f"Note {number}")
    rule = next(rule for rule in RULES if rule.name == "notes")
    assert rule.empty(timezone.now()) == 2
    with time_machine.travel(timezone.now() + timedelta(days=366), tick=False):
        assert registry.run_due()["notes"] == 3


# --- Classes -----------------------------------------------------------------


def test_a_class_in_which_nobody_opens_help_is_put_away_and_a_used_one_is_not(world, settings):
    used = people.add_classroom(world.room.school, name="Used")
    later = timezone.now() + timedelta(days=settings.KEEP_CLASSES_DAYS + 1)
    actions.open_help(world.room, by=world.grace)
    with time_machine.travel(later, tick=False):
        actions.open_help(used, by=None)
        registry.run_due()
        assert Classroom.objects.get(pk=world.room.pk).archived_at == later
        assert Classroom.objects.get(pk=used.pk).archived_at is None
        people.restore(Classroom.objects.get(pk=world.room.pk))
        registry.run_due()
        assert Classroom.objects.get(pk=world.room.pk).archived_at is None


# --- Devices -----------------------------------------------------------------


def test_a_browser_that_comes_is_noted_once_a_week(ada, browser_of):
    there = browser_of(ada)
    start = timezone.now()
    page = f"/c/{ada.classroom.slug}/"
    for days, noted in ((0, 0), (6, 0), (8, 8), (14, 8), (15, 15)):
        with time_machine.travel(start + days * DAY, tick=False):
            assert there.get(page).status_code == 200
        used_on = Device.objects.get().used_on
        assert used_on == timezone.localdate(start + noted * DAY)


def test_a_browser_that_the_former_release_let_in_has_its_time_from_then_on(ada, settings):
    key = access.digest("key")
    Device.objects.create(membership=ada, key_digest=key, used_on=None)
    keep = timedelta(days=settings.KEEP_DEVICES_DAYS)
    registry.run_due(timezone.now() + keep - DAY)
    assert Device.objects.exists()
    registry.run_due(timezone.now() + keep + DAY)
    assert not Device.objects.exists()


# --- Totals ------------------------------------------------------------------


def held_lesson(room, grace, helped, missed):
    lesson = actions.open_help(room, by=grace)
    queue = Queue.objects.of(room)
    for number in range(helped + missed):
        who = student(room, f"Student {number}")
        raised = actions.raise_hand(queue, student=who, form_key="key")
        if number < helped:
            actions.start(raised, by=grace)
            actions.resolve(raised, by=grace)
    actions.close_help(room, by=grace)
    return lesson


@pytest.mark.parametrize(
    ("helped", "missed", "kept"),
    [
        (5, 5, (10, 5, 5)),
        (6, 0, (6, 6, 0)),
        (5, 1, (6, None, None)),
        (4, 0, (None, None, None)),
        (0, 0, None),
    ],
)
def test_totals_of_five_or_more_stay(helped, missed, kept, room, grace, browser_of):
    lesson = held_lesson(room, grace, helped, missed)
    with time_machine.travel(timezone.now() + timedelta(days=366), tick=False):
        registry.run_due()
        people.restore(Classroom.objects.get())
        assert not HelpRequest.objects.exists()
        found = LessonTotals.objects.filter(lesson=lesson).values_list("asked", "helped", "missed")
        assert list(found) == ([kept] if kept else [])
        page = browser_of(grace).get(f"/c/{room.slug}/manage/history/")
    cells = "".join(f"<td>{'–' if each is None else each}</td>" for each in kept or (0, 0, 0))
    assert cells in page.text


def test_nothing_in_the_totals_leads_back(room, grace):
    fields = {field.name for field in LessonTotals._meta.concrete_fields}
    assert fields == {"id", "lesson", "asked", "helped", "missed"}
