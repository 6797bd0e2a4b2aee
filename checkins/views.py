"""A student's side over HTTP: replies, how it is going, offers. Nothing is kept unsent."""

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from checkins import actions, followups, gate, replies, results, unnamed
from checkins.care import Carer
from checkins.forms import ReplyForm, WishForm
from checkins.models import CheckIn, FollowUp, NamedReply, NoteToSelf, PlannedHelp
from checkins.questions import Kind
from classrooms.access import MemberRequest, new_key, student_required
from classrooms.models import Classroom, Membership
from classrooms.proof import seen_by
from requests_app.views import perform
from resources import hours

#: Of the cookie with the keys with which this browser can change what it sent; the database has
#: digests only.
_SALT = "checkins.replies"
#: Replies that one browser can change; older ones are closed by then.
_REMEMBERED = 8
#: Seconds.
_COOKIE_AGE = 24 * 3600


@student_required
def answer(request: MemberRequest, check_in_key: str) -> HttpResponse:
    """A check-in on a page of its own: the questions, or what was sent and how to change it."""
    check_in = find_check_in(request, check_in_key)
    if request.method == "POST":
        return send(request, check_in)
    has_replied = check_in.has_reply_of(request.membership)
    if has_replied and "change" not in request.GET:
        return show_sent(request, check_in)
    if not check_in.is_open:
        return show_sent(request, check_in)
    if has_replied and not can_change(request, check_in):
        return show_sent(request, check_in)
    form = reply_form(request, check_in, initial=sent_before(request, check_in))
    return show_form(request, check_in, form)


def send(request: MemberRequest, check_in: CheckIn) -> HttpResponse:
    has_replied = check_in.has_reply_of(request.membership)
    if check_in.is_named and has_replied and not can_change(request, check_in):
        return show_sent(request, check_in, status=409)
    form = reply_form(request, check_in, data=request.POST)
    if not form.is_valid():
        return show_form(request, check_in, form, status=422)
    edit_key = key_for(request, check_in, form.cleaned_data["edit_key"])
    try:
        replies.reply(check_in, form.given, by=request.membership, edit_key=edit_key)
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        check_in.refresh_from_db()
        return show_sent(request, check_in, status=409)
    messages.success(request, _("Sent. Thank you."))
    response = redirect("checkins:answer", check_in.classroom.slug, check_in.key)
    if not check_in.is_named:
        remember_key(request, response, check_in, edit_key)
    return response


def reply_form(
    request: MemberRequest, check_in: CheckIn, *, data=None, initial: dict | None = None
) -> ReplyForm:
    return ReplyForm(
        data,
        initial=initial,
        classroom=check_in.classroom,
        questions=gate.questions_for(check_in, request.membership),
        is_named=check_in.is_named,
        asks_reasons=not check_in.has_reply_of(request.membership)
        and unnamed.asks_reasons(check_in),
    )


def show_form(
    request: MemberRequest, check_in: CheckIn, form: ReplyForm, status: int = 200
) -> HttpResponse:
    context = place(request) | {
        "check_in": check_in,
        "form": form,
        "is_late": check_in.is_late(request.membership),
        "wish_backup": backup_of(check_in.classroom),
    }
    return render(request, "checkins/answer.html", context, status=status)


def backup_of(classroom: Classroom) -> str:
    """Who gets a wish that was not read in time; "" where the school's admins do."""
    backup = gate.carer(classroom.school, Carer.Part.BACKUP)
    return backup.name if backup is not None else ""


def show_sent(
    request: MemberRequest,
    check_in: CheckIn,
    status: int = 200,
    wish_form: WishForm | None = None,
) -> HttpResponse:
    """What this student sent, as far as it leads back to them, and what they can do with it."""
    student = request.membership
    planned, note = my_wishes(check_in, student)
    follow_up = my_follow_up(request, check_in)
    if wish_form is None and can_ask(check_in, follow_up):
        wish_form = WishForm(classroom=check_in.classroom)
    context = place(request) | {
        "check_in": check_in,
        "has_replied": check_in.has_reply_of(student),
        "can_change": can_change(request, check_in),
        "planned": planned,
        "note": note,
        "follow_up": follow_up,
        "wish_form": wish_form,
        "wish_backup": backup_of(check_in.classroom),
        "lines": my_lines(check_in, student),
    }
    if check_in.is_about_well_being:
        context |= to_whom(check_in)
    return render(request, "checkins/sent.html", context, status=status)


def to_whom(check_in: CheckIn) -> dict:
    """Where a hard answer leads: who looks after it, whether they are there, whom to call."""
    school = check_in.classroom.school
    stored = gate.hours_of(gate.rules_of(school))
    now = timezone.now().astimezone(check_in.classroom.zone)
    found = [gate.carer(school, part) for part in Carer.Part]
    return {
        "carers": [carer for carer in found if carer is not None],
        "carers_hours": hours.shown(stored),
        "carers_are_there": hours.is_open(stored, now),
        "contacts": gate.contacts_of(school),
    }


def can_ask(check_in: CheckIn, follow_up: FollowUp | None) -> bool:
    """Whether a wish for an adult can be made on its own: none is open, where it was asked."""
    asks = any(question["kind"] == Kind.CONTACT for question in check_in.questions)
    return asks and (follow_up is None or not follow_up.is_active)


def my_reply(check_in: CheckIn, student: Membership) -> NamedReply | None:
    """What this student sent with their name, as far as they may see it."""
    mine = NamedReply.objects.filter(check_in=check_in, student=student)
    return mine.filter(seen_by(student, "sent_at")).first()


def my_wishes(
    check_in: CheckIn, student: Membership
) -> tuple[PlannedHelp | None, NoteToSelf | None]:
    """No time is kept with these, so they are from when the check-in was opened."""
    if not student.sees(check_in.opened_at or timezone.now()):
        return None, None
    planned = PlannedHelp.objects.select_related("task").filter(check_in=check_in, student=student)
    note = NoteToSelf.objects.filter(check_in=check_in, student=student)
    return planned.first(), note.first()


def my_follow_ups(student: Membership):
    return FollowUp.objects.filter(seen_by(student, "requested_at"), student=student)


def my_lines(check_in: CheckIn, student: Membership) -> list[tuple[str, str]]:
    reply = my_reply(check_in, student)
    return results.named_lines(reply) if reply is not None else []


def my_follow_up(request: MemberRequest, check_in: CheckIn) -> FollowUp | None:
    mine = my_follow_ups(request.membership).select_related(
        "adult__user", "passed_to", "read_by", "check_in"
    )
    return mine.filter(check_in=check_in).first()


def can_change(request: MemberRequest, check_in: CheckIn) -> bool:
    if not check_in.is_open or not check_in.has_reply_of(request.membership):
        return False
    if check_in.is_named:
        return my_reply(check_in, request.membership) is not None
    known = edit_key_of(request, check_in)
    return replies.own_unnamed(check_in, request.membership, known) is not None


def sent_before(request: MemberRequest, check_in: CheckIn) -> dict:
    """What the form begins with: what this student sent, and the key that finds it again."""
    student = request.membership
    if not check_in.has_reply_of(student):
        return {"edit_key": new_key()}
    edit_key = edit_key_of(request, check_in)
    reply: object | None = replies.own_unnamed(check_in, student, edit_key)
    if check_in.is_named:
        reply = my_reply(check_in, student)
    answers = getattr(reply, "answers", {})
    found = {f"q{number}": value for number, value in answers.items()}
    if results.WORK in answers:
        found = {"q0": answers[results.WORK]}
    return {"edit_key": edit_key} | found | wishes_before(check_in, student)


def wishes_before(check_in: CheckIn, student: Membership) -> dict:
    found: dict = {}
    planned, note = my_wishes(check_in, student)
    wanted = my_follow_ups(student).active().filter(check_in=check_in).first()
    for number, question in enumerate(check_in.questions):
        if question["kind"] == Kind.NOTE and note is not None:
            found[f"q{number}"] = note.text
        elif question["kind"] == Kind.HELP and planned is not None:
            found[f"q{number}"] = planned.task_id
        elif question["kind"] == Kind.CONTACT and wanted is not None:
            found |= {f"q{number}": wanted.soon, "adult": wanted.adult_id}
    return found


@require_POST
@student_required
def raise_for_plan(request: MemberRequest, check_in_key: str) -> HttpResponse:
    """ "Raise my hand for this now": the planned-help note becomes a raised hand."""
    check_in = find_check_in(request, check_in_key)
    if not request.membership.sees(check_in.opened_at or timezone.now()):
        raise Http404
    return perform(request, lambda *, by: replies.raise_for_plan(check_in, by=by))


@require_POST
@student_required
def ask_for_adult(request: MemberRequest, check_in_key: str) -> HttpResponse:
    """The wish for an adult after the answers were sent, or without any."""
    check_in = find_check_in(request, check_in_key)
    if not can_ask(check_in, my_follow_up(request, check_in)):
        return show_sent(request, check_in, status=409)
    form = WishForm(request.POST, classroom=check_in.classroom)
    if not form.is_valid():
        return show_sent(request, check_in, status=422, wish_form=form)
    sent = form.cleaned_data
    try:
        followups.ask_for_adult(
            check_in, by=request.membership, soon=sent["soon"], adult=sent["adult"]
        )
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        return show_sent(request, check_in, status=409)
    messages.success(request, _("You asked. Below you see what becomes of it."))
    return redirect("checkins:answer", check_in.classroom.slug, check_in.key)


@require_POST
@student_required
def decline_follow_up(request: MemberRequest, check_in_key: str) -> HttpResponse:
    """The student no longer wants an adult to check in."""
    student = request.membership
    mine = my_follow_ups(student).filter(check_in__classroom=student.classroom)
    followups.decline_follow_up(get_object_or_404(mine, check_in__key=check_in_key))
    messages.success(request, _("All right. Nobody will check in about this."))
    return redirect("checkins:mine", student.classroom.slug)


@require_POST
@student_required
def say_how(request: MemberRequest) -> HttpResponse:
    going = request.POST.get("going", "")
    return perform(request, lambda *, by: actions.say_how(by=by, going=going))


@require_POST
@student_required
def end_nudge(request: MemberRequest) -> HttpResponse:
    return perform(request, actions.end_nudge)


@require_POST
@student_required
def take_offer(request: MemberRequest) -> HttpResponse:
    return perform(request, actions.take_offer)


@require_POST
@student_required
def refuse_offer(request: MemberRequest) -> HttpResponse:
    return perform(request, actions.refuse_offer, done=_("All right. You can ask any time."))


@require_safe
@student_required
def mine(request: MemberRequest) -> HttpResponse:
    """The check-ins that this student can look at today; what they asked for and noted for
    themselves, as long as it is kept."""
    student = request.membership
    of_class = CheckIn.objects.filter(classroom=student.classroom)
    context = place(request) | {
        "check_ins": of_class.of_today(timezone.now()).order_by("-opened_at"),
        "follow_ups": my_follow_ups(student)
        .active()
        .select_related("adult", "passed_to", "read_by", "check_in"),
        "wish_backup": backup_of(student.classroom),
        "notes": NoteToSelf.objects.filter(student=student, check_in__in=of_class)
        .filter(seen_by(student, "check_in__opened_at"))
        .select_related("check_in")
        .order_by("-pk"),
    }
    return render(request, "checkins/mine.html", context)


# --- Finding things through the membership -----------------------------------


def place(request: MemberRequest) -> dict:
    return {"membership": request.membership, "classroom": request.membership.classroom}


def find_check_in(request: MemberRequest, key: str) -> CheckIn:
    """A check-in of this class that students can see: open, or closed less than a day ago."""
    today = CheckIn.objects.of_today(timezone.now()).select_related("classroom__school")
    return get_object_or_404(today, classroom=request.membership.classroom, key=key)


def edit_keys(request: MemberRequest) -> dict[str, str]:
    """Check-in and student → the key of what this browser sent."""
    try:
        return signing.loads(
            request.COOKIES.get(settings.REPLIES_COOKIE_NAME, ""), salt=_SALT, max_age=_COOKIE_AGE
        )
    except signing.BadSignature:
        return {}


def edit_key_of(request: MemberRequest, check_in: CheckIn) -> str:
    return edit_keys(request).get(f"{check_in.key}.{request.membership.pk}", "")


def key_for(request: MemberRequest, check_in: CheckIn, given: str) -> str:
    """The key of the form, or the browser's own: another tab may have sent something meanwhile."""
    is_known = replies.own_unnamed(check_in, request.membership, given) is not None
    return (given if is_known else edit_key_of(request, check_in)) or given or new_key()


def remember_key(
    request: MemberRequest, response: HttpResponse, check_in: CheckIn, edit_key: str
) -> None:
    keys = edit_keys(request)
    name = f"{check_in.key}.{request.membership.pk}"
    keys.pop(name, None)
    keys[name] = edit_key
    response.set_cookie(
        settings.REPLIES_COOKIE_NAME,
        signing.dumps(dict(list(keys.items())[-_REMEMBERED:]), salt=_SALT),
        max_age=_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
