"""Who may do what at every URL: each route x method x role, declared here or the test fails.

Adding a URL without a row fails ``test_every_url_is_declared``. A cell is "yes" (let in:
anything but a refusal), "404" (does not exist for them), "in" (sent to the way in: 302 to the
front page), "405" (method not offered).
"""

import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from checkins import actions as check_ins
from checkins import replies
from checkins.models import CheckIn
from classrooms import actions as people
from classrooms import invitations
from classrooms.models import Classroom, Device, Role, School
from coaching import actions as coaching
from requests_app import actions, tasks
from requests_app.models import Queue
from resources import actions as resources
from tests.conftest import forget, staff, student
from tests.resources.conftest import complete, step

pytestmark = pytest.mark.django_db

ROLES = (
    "anonymous",
    "stranger",
    "other student",
    "other teacher",
    "removed student",
    "removed teacher",
    "student",
    "assistant",
    "teacher",
    "admin",
)
OUTSIDE = {
    "anonymous": "in",
    "stranger": "404",
    "other student": "404",
    "other teacher": "404",
    "removed student": "404",
    "removed teacher": "404",
}


def only(*inside: str) -> dict[str, str]:
    """Those inside the class who are let in; for everybody else it does not exist."""
    return OUTSIDE | {
        role: "yes" if role in inside else "404"
        for role in ("student", "assistant", "teacher", "admin")
    }


EVERYBODY = dict.fromkeys(ROLES, "yes")
MEMBERS = only("student", "assistant", "teacher", "admin")
STUDENT = only("student")
HELPERS = only("assistant", "teacher")
MANAGERS = only("teacher", "admin")
#: Of the school, whatever class; students without an account are sent to the way in.
SCHOOL_ADMIN = dict.fromkeys(ROLES, "404") | {
    "anonymous": "in",
    "other student": "in",
    "removed student": "in",
    "student": "in",
    "admin": "yes",
}
#: Whoever has an account; others are sent to the way in.
ACCOUNT = {role: "in" if cell == "in" else "yes" for role, cell in SCHOOL_ADMIN.items()}


def of_account(role: str) -> dict[str, str]:
    """What is asked of one account; it does not exist for the others."""
    return SCHOOL_ADMIN | {"admin": "404"} | {role: "yes"}


#: Pages of a school for a browser that one of its classes remembers.
OF_THE_SCHOOL = dict.fromkeys(ROLES, "404") | dict.fromkeys(
    ("other student", "student", "assistant", "teacher", "admin"), "yes"
)
#: Pages of an account; students without one are sent to the way in.
SIGNED_IN = dict.fromkeys(ROLES, "yes") | dict.fromkeys(
    ("anonymous", "other student", "removed student", "student"), "in"
)
STUDENT_ALONE = dict.fromkeys(("assistant", "teacher", "admin"), "404")
NOT_OFFERED = dict.fromkeys(ROLES, "405")


def reads(who: dict) -> dict[str, dict]:
    """A page: GET for these, POST for nobody who is let in."""
    return {
        "GET": who,
        "POST": {role: "405" if cell == "yes" else cell for role, cell in who.items()},
    }


def shows(who: dict) -> dict[str, dict]:
    """A page whose method is looked at before the door."""
    return {"GET": who, "POST": NOT_OFFERED}


def acts(who: dict) -> dict[str, dict]:
    """A verb: POST for these; what GET answers is a refusal for all."""
    return {"GET": NOT_OFFERED, "POST": who}


def acts_in(who: dict) -> dict[str, dict]:
    """A verb whose method is looked at inside the door."""
    return {"GET": reads(who)["POST"], "POST": who}


def both(who: dict) -> dict[str, dict]:
    """A form: GET shows it, POST sends it."""
    return {"GET": who, "POST": who}


TABLE = {
    "accounts:confirm": both(SIGNED_IN),
    "accounts:mine": {"GET": SIGNED_IN, "POST": NOT_OFFERED},
    "accounts:kept": {"GET": SIGNED_IN, "POST": NOT_OFFERED},
    "accounts:download_kept": {"GET": SIGNED_IN, "POST": NOT_OFFERED},
    "accounts:rename": acts(SIGNED_IN),
    "accounts:once_more": both(SIGNED_IN),
    "accounts:sign_out": acts(SIGNED_IN),
    "accounts:sign_out_others": acts(SIGNED_IN),
    "accounts:take_second_factor_off": acts(SCHOOL_ADMIN),
    "requests_app:show": {"GET": MEMBERS, "POST": NOT_OFFERED},
    "requests_app:same_problem": {"GET": HELPERS, "POST": NOT_OFFERED},
    "requests_app:regions": {"GET": MEMBERS, "POST": NOT_OFFERED},
    "requests_app:board": {"GET": MEMBERS, "POST": NOT_OFFERED},
    "requests_app:board_regions": {"GET": MEMBERS, "POST": NOT_OFFERED},
    "requests_app:raise_hand": acts(STUDENT),
    "coaching:coach": {"GET": STUDENT, "POST": NOT_OFFERED},
    "coaching:describe": acts(STUDENT),
    "coaching:feel": acts(STUDENT),
    "coaching:look_ahead": acts(STUDENT),
    "coaching:use_resource": acts(STUDENT),
    "coaching:hide_tips": acts(HELPERS),
    "requests_app:pause_class": acts(HELPERS),
    "requests_app:resume_class": acts(HELPERS),
    "requests_app:note_given": acts(HELPERS),
    "requests_app:thank": acts(HELPERS),
    "requests_app:solve": acts(STUDENT),
    "requests_app:lower": acts(STUDENT),
    "requests_app:choose_manner": acts(STUDENT),
    "requests_app:say_why": acts(STUDENT),
    "requests_app:reflect": acts(STUDENT),
    "requests_app:reopen": acts(STUDENT),
    "requests_app:carry_over": acts(STUDENT),
    "requests_app:defer": acts(STUDENT),
    "requests_app:decline_later": acts(STUDENT),
    "requests_app:open_help": acts(HELPERS),
    "requests_app:close_help": acts(HELPERS),
    "requests_app:raise_for": acts(HELPERS),
    "requests_app:answer_group": acts(HELPERS),
    "requests_app:undo": acts(HELPERS),
    "requests_app:claim": acts(HELPERS),
    "requests_app:start": acts(HELPERS),
    "requests_app:resolve": acts(HELPERS),
    "requests_app:put_back": acts(HELPERS),
    "requests_app:bring_forward": acts(HELPERS),
    "requests_app:pause": both(HELPERS),
    "requests_app:propose_later": both(HELPERS),
    "requests_app:history": {"GET": HELPERS, "POST": NOT_OFFERED},
    "requests_app:hands": {"GET": HELPERS, "POST": NOT_OFFERED},
    "requests_app:order": both(MANAGERS),
    **dict.fromkeys(
        [f"resources:{name}" for name in ("get_help", "directory", "entry", "leave", "pathway")],
        reads(MEMBERS),
    ),
    # D7: who gave which answer is for those who help; a school admin sees the totals of a
    # check-in without names; a follow-up is for one adult.
    **dict.fromkeys(
        [f"checkins:{name}" for name in ("follow_ups", "not_asking", "moments")], shows(HELPERS)
    ),
    **dict.fromkeys(
        [f"checkins:{name}" for name in ("check_ins", "results", "results_region")],
        shows(only("assistant", "teacher", "admin")),
    ),
    "checkins:acknowledge": acts(only("teacher")),
    "checkins:finish": acts(only("teacher")),
    **dict.fromkeys([f"checkins:{name}" for name in ("schedule", "write")], both(HELPERS)),
    "checkins:settings": both(MANAGERS),
    **dict.fromkeys(("checkins:rules", "checkins:write_for_school"), both(SCHOOL_ADMIN)),
    **dict.fromkeys(
        [
            f"checkins:{name}"
            for name in ("drop_for_school", "pass_on", "read_for_school", "finish_for_school")
        ],
        acts(SCHOOL_ADMIN),
    ),
    "checkins:asked_of_me": shows(ACCOUNT),
    **dict.fromkeys(("checkins:agree", "checkins:refuse"), acts(of_account("teacher"))),
    **dict.fromkeys(("checkins:read_wish", "checkins:finish_wish"), acts(of_account("admin"))),
    "checkins:families": both(MANAGERS),
    "checkins:count_follow_ups": shows(HELPERS),
    "checkins:ask_for_adult": acts(STUDENT),
    **dict.fromkeys(
        [
            f"checkins:{name}"
            for name in (
                "open_check_in",
                "drop_template",
                "close",
                "cancel",
                "checked_in",
                "offer",
                "start_moment",
                "plan_moment",
                "end_moment",
            )
        ],
        acts(HELPERS),
    ),
    "checkins:mine": shows(STUDENT),
    "checkins:answer": both(STUDENT),
    **dict.fromkeys(
        [
            f"checkins:{name}"
            for name in (
                "say_how",
                "end_nudge",
                "take_offer",
                "refuse_offer",
                "raise_for_plan",
                "decline_follow_up",
            )
        ],
        acts(STUDENT),
    ),
    "resources:rate": acts_in(MEMBERS) | {"POST": STUDENT},
    **dict.fromkeys(
        [f"resources:{name}" for name in ("entries", "export", "sign")], reads(MANAGERS)
    ),
    **dict.fromkeys(
        [
            f"resources:{name}"
            for name in ("new_entry", "edit_entry", "remove_entry", "import_file")
        ],
        both(MANAGERS),
    ),
    "resources:withdraw_entry": acts_in(MANAGERS),
    "resources:add_imported": acts_in(MANAGERS),
    **dict.fromkeys(
        [f"resources:school_{name}" for name in ("entries", "export", "pathways", "months")],
        reads(SCHOOL_ADMIN),
    ),
    **dict.fromkeys(
        [
            f"resources:school_{name}"
            for name in (
                "new_entry",
                "edit_entry",
                "remove_entry",
                "import_file",
                "new_pathway",
                "edit_pathway",
                "remove_pathway",
                "contacts",
                "edit_contact",
            )
        ],
        both(SCHOOL_ADMIN),
    ),
    **dict.fromkeys(
        [
            f"resources:school_{name}"
            for name in (
                "withdraw_entry",
                "add_imported",
                "withdraw_pathway",
                "remove_contact",
                "set_message",
            )
        ],
        acts_in(SCHOOL_ADMIN),
    ),
    "resources:school_get_help": reads(EVERYBODY),
    "resources:school_directory": reads(EVERYBODY),
    "resources:school_entry": {"GET": OF_THE_SCHOOL, "POST": NOT_OFFERED},
    "resources:school_leave": {"GET": OF_THE_SCHOOL, "POST": NOT_OFFERED},
    "resources:school_pathway": {"GET": OF_THE_SCHOOL, "POST": NOT_OFFERED},
    "resources:school_rate": {"GET": NOT_OFFERED, "POST": OF_THE_SCHOOL | STUDENT_ALONE},
    "coaching:settings": both(MANAGERS),
    "coaching:starters": both(MANAGERS),
    "coaching:questions": both(MANAGERS),
    "coaching:edit_class_card": both(MANAGERS),
    "coaching:suggest": both(MANAGERS),
    "coaching:suggest_entry": acts(MANAGERS),
    "coaching:stop_suggesting": acts(MANAGERS),
    "coaching:how_we_ask": {"GET": MEMBERS, "POST": NOT_OFFERED},
    "coaching:mark_seen": acts(STUDENT),
    "coaching:how_i_get_help": both(STUDENT),
    "coaching:delete_note": acts(STUDENT),
    "coaching:show_cards_again": acts(STUDENT),
    "healthz": {"GET": EVERYBODY, "POST": NOT_OFFERED},
    "readyz": {"GET": EVERYBODY, "POST": NOT_OFFERED},
    "metrics": {"GET": dict.fromkeys(ROLES, "404"), "POST": NOT_OFFERED},
    "classrooms:index": {"GET": EVERYBODY, "POST": NOT_OFFERED},
    "classrooms:join": both(EVERYBODY),
    "classrooms:join_code": both(EVERYBODY),
    "classrooms:start": both(EVERYBODY),
    # Open invitations ended with the removed teacher's rights.
    "classrooms:accept_invite": both({**EVERYBODY, "removed teacher": "404"}),
    "classrooms:school": both(SCHOOL_ADMIN),
    "classrooms:add_classroom": acts(SCHOOL_ADMIN),
    "classrooms:invite_admin": acts(SCHOOL_ADMIN),
    "classrooms:take_back_admin_invite": acts(SCHOOL_ADMIN),
    "classrooms:remove_admin": acts(SCHOOL_ADMIN),
    "classrooms:restore": acts(SCHOOL_ADMIN),
    "classrooms:school_people": shows(SCHOOL_ADMIN),
    "classrooms:erase_staff": both(SCHOOL_ADMIN),
    "classrooms:erase_classroom": both(SCHOOL_ADMIN),
    "classrooms:erase_school": both(SCHOOL_ADMIN),
    "classrooms:waiting": {"GET": MEMBERS, "POST": NOT_OFFERED},
    # One answer for all, so that it tells nothing about the class.
    "classrooms:leave": acts(EVERYBODY),
    "classrooms:sign": {"GET": MEMBERS, "POST": NOT_OFFERED},
    "classrooms:people": {"GET": MANAGERS, "POST": NOT_OFFERED},
    "classrooms:let_all_in": acts(MANAGERS),
    "classrooms:let_in": acts(MANAGERS),
    "classrooms:turn_away": acts(MANAGERS),
    "classrooms:pictures": both(STUDENT),
    "classrooms:forget_pictures": acts(MANAGERS),
    "classrooms:crowd": both(MANAGERS),
    "classrooms:vouch": acts(MANAGERS),
    "classrooms:rename": both(MANAGERS),
    "classrooms:remove": both(MANAGERS),
    "classrooms:kept": shows(STUDENT),
    "classrooms:download_kept": shows(STUDENT),
    "classrooms:kept_of": shows(MANAGERS),
    "classrooms:download_kept_of": shows(MANAGERS),
    "classrooms:erase_student": both(MANAGERS),
    "classrooms:come_back": acts(MANAGERS),
    "classrooms:change_role": acts(MANAGERS),
    "classrooms:forget_devices": acts(MANAGERS),
    "classrooms:roster": both(MANAGERS),
    "classrooms:add_students": acts(MANAGERS),
    "classrooms:invite": {"GET": MANAGERS, "POST": NOT_OFFERED},
    "classrooms:set_joining": acts(MANAGERS),
    "classrooms:renew_code": acts(MANAGERS),
    "classrooms:invite_colleague": acts(MANAGERS),
    "classrooms:take_back_invite": acts(MANAGERS),
    "classrooms:tasks": both(MANAGERS),
    "classrooms:rename_task": both(MANAGERS),
    "classrooms:archive_task": acts(MANAGERS),
    "classrooms:move_task": acts(MANAGERS),
    "classrooms:settings": both(MANAGERS),
    "classrooms:archive": both(MANAGERS),
}
#: Made by allauth, Django's admin and the demo; tested by themselves.
ELSEWHERE = ("account_", "mfa_", "admin:", "demo:")


def routes(resolver=None, namespace="", outer=()):
    """``(name, parameters)`` of every route of the project."""
    for pattern in (resolver or get_resolver()).url_patterns:
        parameters = (*outer, *pattern.pattern.converters)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            if inner != "admin:":
                yield from routes(pattern, inner, parameters)
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}", parameters


def test_every_url_is_declared():
    known = {name for name, _ in routes() if not name.startswith(ELSEWHERE)}
    assert known == set(TABLE)
    for cells in TABLE.values():
        for who in cells.values():
            assert set(who) == set(ROLES)


@pytest.fixture
def world(room, lesson, ada, grace, alan, edsger, mallory, school):
    """One class with a request, its twin in the same school, and another school's teacher."""
    task = room.tasks.create(title="Loops")
    waiting = Device.objects.create(membership=student(room, "Waiting"), key_digest="waits")
    help_request = actions.raise_hand(Queue.objects.of(room), student=ada, form_key="first")
    twin = Classroom.objects.create(school=school, name="Twin", slug="twin-22222", code="TWNTWNTW")
    far = School.objects.create(name="Far School")
    check_in = check_ins.open_check_in(room, check_ins.preset("ready"), by=grace)
    plan = check_ins.preset("ready")
    wish = replies.Given(soon="today", adult=grace)
    replies.reply(check_in, wish, by=ada, edit_key="key")
    # It was read by nobody: the admin stands in, and the school has it too.
    late = {"passed_to": edsger.user, "to_school_at": timezone.now()}
    check_in.follow_ups.update(**late)
    tomorrow = timezone.now() + timedelta(days=1)
    away = Classroom.objects.create(school=far, name="Away", slug="away-33333", code="AWAYAWAY")
    put_away = Classroom.objects.create(school=school, name="Old", slug="old-4444", code="LDLDLDLD")
    people.archive(put_away)
    invitation = invitations.invite(by=grace.user, role="teacher", classroom=room, school=school)
    invitations.invite(by=edsger.user, role=Role.SCHOOL_ADMIN, school=school)
    removed = student(room, "Removed Student")
    gone = staff(room, "gone@example.org", "Gone Teacher", Role.TEACHER)
    thing = resources.add_entry(school, room, complete(), by=grace.user)
    return {
        "request": help_request,
        "typed": {
            "task": task.pk,
            "admin": school.admins.get().pk,
            "classroom": put_away.pk,
            "template": "ready",
            "invitation": school.invites.get(classroom=None).pk,
        },
        "invitation": invitation,
        "people": {
            "stranger": mallory,
            "other student": student(twin, "Twin Student"),
            "other teacher": staff(away, "away@example.org", "Away Teacher", Role.TEACHER),
            "removed student": removed,
            "removed teacher": gone,
            "student": ada,
            "assistant": alan,
            "teacher": grace,
            "admin": edsger,
        },
        "parameters": {
            "slug": room.slug,
            "key": help_request.key,
            "code": room.code,
            "device": waiting.pk,
            "member": ada.pk,
            "person": alan.user_id,
            "classroom": room.pk,
            "task": task.pk,
            "month": f"{timezone.localdate():%Y-%m}",
            "card": "tried",
            "invitation": room.invites.get().pk,
            "language": "en",
            "note": coaching.add_note(ada, "Draw it first.").pk,
            "suggestion": coaching.suggest(room, thing, kind="hint").pk,
            "check_in_key": check_in.key,
            "template": check_ins.save_template(room, plan, by=None).pk,
            "follow_up": check_in.follow_ups.get().pk,
            "asked": school.carers.create(user=grace.user, part="owner").pk,
            "moment": check_ins.plan_moment(room, by=grace, seconds=60, at=tomorrow).pk,
        },
        "away": away,
    }


def enter(world, role, browser_of, client):
    """A client that is who the role says; those removed came in before they were."""
    if role == "anonymous":
        return client
    opened = browser_of(world["people"][role])
    if role.startswith("removed"):
        people.remove(world["people"][role])
    return opened


def told(answer) -> str:
    """The cell that an answer stands for."""
    if answer.status_code == 302 and answer["Location"].startswith("/?next="):
        return "in"
    if answer.status_code in (404, 405):
        return str(answer.status_code)
    assert answer.status_code < 500, answer.status_code
    return "yes"


def thing_of(name, world):
    """The entry, pathway or contact that a page of ``resources`` is about."""
    member = world["people"]["admin"]
    room, school, by = member.classroom, member.classroom.school, member.user
    if name == "coaching:use_resource":
        entry = resources.add_entry(school, room, complete(), by=by)
        resources.publish_entry(entry, by=by)
        return entry
    if "pathway" in name:
        values = {"kind": "wellbeing", "title": "When you feel low", "use": "I feel bad."}
        return resources.save_pathway(school, None, values, [step()], by=by, publish=True)
    if "contact" in name:
        values = {"country": "X", "name": "A", "number": "1", "hours": "", "note": ""}
        return resources.save_contact(school, None, values, by=by)
    is_of_class = name.split(":")[1] in ("edit_entry", "withdraw_entry", "remove_entry")
    values = complete(link="https://example.org/") if "leave" in name else complete()
    entry = resources.add_entry(school, room if is_of_class else None, values, by=by)
    resources.publish_entry(entry, by=by)
    return entry


def let_in(name) -> list[str]:
    """The roles for which something is at this address."""
    return [role for role in ROLES if "yes" in [who[role] for who in TABLE[name].values()]]


def refused(name) -> list[str]:
    return [role for role in ROLES if role not in let_in(name)]


@contextmanager
def undone():
    """What is done to the database in it was never done; other things are forgotten."""
    around = transaction.atomic()
    around._from_testcase = True  # as Django's own around each test: durable blocks begin in it
    with around:
        yield
        transaction.set_rollback(True)
    forget()


@pytest.mark.parametrize("name", [name for name in TABLE if let_in(name)])
def test_whoever_is_let_in_is_let_in(name, world, browser_of):
    wrong = try_cells(name, let_in(name), world, browser_of)
    assert not wrong


@pytest.mark.no_cover
@pytest.mark.one_leg  # a refusal asks the door's queries alone, which are the same for all
@pytest.mark.parametrize("name", [name for name in TABLE if refused(name)])
def test_whoever_is_refused_is_refused(name, world, browser_of):
    wrong = try_cells(name, refused(name), world, browser_of)
    assert not wrong


def try_cells(name, roles, world, browser_of) -> list[str]:
    """What is not as declared, of a row's cells of these roles; each begins in the same world."""
    url, wrong = address_of(name, world), []
    for role in roles:
        for method, who in TABLE[name].items():
            with undone():
                opened = enter(world, role, browser_of, Client())
                # Only the door is asked about: what a form then says is tested elsewhere.
                answer = getattr(opened, method.lower())(url, world["typed"])
                if told(answer) != who[role]:
                    wrong.append(f"{method} {url} as {role}: {answer.status_code}")
    return wrong


def address_of(name, world) -> str:
    """Of a page about something that there is."""
    parameters = dict(routes())[name]
    known = dict(world["parameters"])
    if name == "classrooms:accept_invite":
        known["key"] = world["invitation"]
    if name == "classrooms:come_back":
        left = student(world["people"]["teacher"].classroom, "Left Lately")
        people.remove(left)
        known["member"] = left.pk
    if name == "checkins:drop_for_school":
        plan = check_ins.preset("exit")
        school = world["people"]["admin"].classroom.school
        known["template"] = check_ins.save_school_template(school, plan, by=None).pk
    if "pk" in parameters:
        known["pk"] = thing_of(name, world).pk
    if name == "readyz":
        tasks.run_clock.call_local()  # no clock runs in tests, and without one nobody is ready
    return reverse(name, kwargs={each: known[each] for each in parameters})


@pytest.fixture
def told_by_ada(world, room, ada, grace):
    """What Ada answered with her name, and what she wrote to herself, in a check-in of today."""
    check_ins.close(CheckIn.objects.get())
    questions = [{"kind": "text", "text": "Say more"}, {"kind": "note", "text": "For you"}]
    plan = check_ins.Plan("Mine", "named", questions)
    check_in = check_ins.open_check_in(room, plan, by=grace)
    given = replies.Given(answers={"0": "zebra answer"}, note="zebra note")
    replies.reply(check_in, given, by=ada, edit_key="")
    return check_in


@pytest.mark.parametrize("role", [*ROLES, "classmate"])
def test_nobody_reads_what_is_not_for_them(role, world, told_by_ada, room, ada, browser_of, client):
    """D7 for check-ins, on every page that there is."""
    world["people"]["classmate"] = student(room, "Class Mate")
    known = world["parameters"] | {"check_in_key": told_by_ada.key}
    opened = enter(world, role, browser_of, client)
    read = set()
    for name, parameters in routes():
        if name in TABLE and set(parameters) <= set(known):
            told = opened.get(reverse(name, kwargs={each: known[each] for each in parameters}))
            page = b"".join(told) if told.streaming else told.content
            read |= {words for words in ("zebra answer", "zebra note") if words.encode() in page}
    answer = {"zebra answer"}
    may_read = {"student": answer | {"zebra note"}, "assistant": answer, "teacher": answer}
    assert read == may_read.get(role, set())


#: Pages that are no student's: for a wall and a projector, and the way in and out.
NOT_THEIRS = {
    "requests_app:board", "classrooms:sign", "classrooms:index", "classrooms:join",
    "classrooms:join_code", "classrooms:start", "classrooms:accept_invite",
    "classrooms:waiting", "healthz", "readyz",
}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, row in TABLE.items()
        if row["GET"]["student"] == "yes" and name not in NOT_THEIRS
    ],
)
def test_get_help_is_on_every_page_of_a_student(name, world, browser_of):
    """A23: the same name, and it leads to the page of the class or of the school."""
    parameters = dict(routes())[name]
    known = dict(world["parameters"])
    if "pk" in parameters:
        known["pk"] = thing_of(name, world).pk
    url = reverse(name, kwargs={each: known[each] for each in parameters})
    page = browser_of(world["people"]["student"]).get(url).text
    if "<html" in page:  # some answer with a part of a page
        assert re.search(r'<a href="[^"]*/help/[^"]*"[^>]*>\s*Get help\s*</a>', page)


#: Routes that name something inside a class.
INSIDE = {
    "key", "device", "member", "task", "check_in_key", "template", "follow_up", "moment",
    "note", "suggestion", "invitation",
}  # fmt: skip


@pytest.mark.parametrize(
    "name", [name for name in TABLE if {"slug"} < set(dict(routes())[name]) & (INSIDE | {"slug"})]
)
def test_the_id_of_another_class_opens_nothing(name, world, browser_of):
    """Every id in a URL is looked up inside the class that the URL names."""
    away = world["people"]["other teacher"]
    known = world["parameters"] | {"slug": world["away"].slug}
    url = reverse(name, kwargs={each: known[each] for each in dict(routes())[name]})
    for method in ("get", "post"):
        answer = getattr(browser_of(away), method)(url)
        assert answer.status_code in (404, 405)
