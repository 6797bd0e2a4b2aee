"""The door: the front page, joining a class, starting one, and leaving."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import second_factor
from classrooms import (
    access,
    actions,
    flood,
    guesses,
    invitations,
    notices,
    picture_pages,
    pictures,
)
from classrooms.access import (
    AccountRequest,
    MemberRequest,
    SchoolRequest,
    member_required,
    proven_required,
    school_admin_required,
)
from classrooms.codes import normalise_code
from classrooms.forms import ClassNameForm, CodeForm, JoinForm, SchoolForm, StartForm
from classrooms.models import Classroom, Device, Invite, Membership, Role, School
from classrooms.numbers import id_in
from classrooms.qr import invite_link, join_link, opens_only_here, qr_svg

# --- The front page ----------------------------------------------------------


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """My classes, or the three ways in."""
    context = {
        "staff_of": _staff_of(request.user),
        "student_of": _student_of(request),
        "school": School.objects.filter(admins__user=request.user).first()
        if request.user.is_authenticated
        else None,
        "notices": notices.for_account(request.user) if request.user.is_authenticated else [],
        "next": _safe_next(request),
        "may_start": request.user.is_authenticated and _may_start_school(request.user),
    }
    return render(request, "classrooms/index.html", context)


def _staff_of(user) -> list[Membership]:
    if not user.is_authenticated:
        return []
    return list(
        Membership.objects.present()
        .filter(user=user, classroom__archived_at=None)
        .select_related("classroom")
        .order_by("classroom__name", "pk")
    )


def _student_of(request: HttpRequest) -> list[Membership]:
    """Where this browser is a student, by the device cookie."""
    keys = access.device_keys(request.COOKIES)
    devices = Device.objects.filter(
        key_digest__in=[access.digest(key) for key in keys.values()],
        membership__removed_at=None,
        membership__classroom__archived_at=None,
    )
    return [
        device.membership
        for device in devices.select_related("membership__classroom").order_by("-pk")
    ]


def _safe_next(request: HttpRequest) -> str:
    """Where somebody wanted to go before they had to sign in; only ever a page of this site."""
    wanted = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else ""


# --- Joining a class ---------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """The class code; one that opens nothing gets the same answer whatever the reason."""
    if request.method != "POST":
        form = CodeForm(initial={"code": request.GET.get("code", "")[:20]})
        return render(request, "classrooms/join.html", {"form": form})
    form = CodeForm(request.POST)
    if not form.is_valid():
        return render(request, "classrooms/join.html", {"form": form}, status=422)
    if guesses.has_guessed_enough(request):
        return _please_wait(request)
    classroom = access.find_join(form.cleaned_data["code"])
    if classroom is None:
        return _opens_nothing(request, request.POST["code"])
    return redirect("classrooms:join_code", classroom.code)


@require_http_methods(["GET", "HEAD", "POST"])
def join_code(request: HttpRequest, code: str) -> HttpResponse:
    """The code is known already, from a link or a QR code: now the name."""
    classroom = access.find_join(normalise_code(code))
    if classroom is not None and _is_in(request, classroom):
        return redirect("requests_app:show", classroom.slug)
    if guesses.has_guessed_enough(request):
        return _please_wait(request)
    if classroom is None:
        return _opens_nothing(request, code)
    form = JoinForm(request.POST or None, classroom=classroom)
    if request.method == "POST" and form.is_valid():
        return _come_in(request, classroom, form)
    return _ask_name(request, classroom, form, 422 if form.errors else 200)


def _is_in(request: HttpRequest, classroom: Classroom) -> bool:
    return access.find_entry(request.user, request.COOKIES, classroom.slug) is not None


def _come_in(request: HttpRequest, classroom: Classroom, form: JoinForm) -> HttpResponse:
    name, pin = form.cleaned_data["name"], form.cleaned_data.get("pin", "")
    if flood.has_brought_enough(request, classroom, name):
        form.add_error(None, _("Many names came in from this device. Please ask your teacher."))
        return _ask_name(request, classroom, form, 422)
    chosen: tuple[str, ...] = ()
    if picture_pages.asks_for_them(request, classroom, name):
        chosen = picture_pages.tapped(request)
        if len(chosen) < pictures.LENGTH:
            return picture_pages.ask(request, classroom, name)
    lane = guesses.lane(request, classroom, name, chosen)
    is_checked = guesses.has_try(lane)
    try:
        joined = actions.join(classroom, name=name, pin=pin, chosen=chosen, is_checked=is_checked)
    except actions.NotPossible as refusal:
        if chosen:
            return guesses.hold(picture_pages.ask(request, classroom, name, str(refusal)))
        form.add_error(None, str(refusal))
        refused = _ask_name(request, classroom, form, 422)
        return guesses.hold(refused) if lane else refused
    if joined.is_new:
        flood.note_new_name(request, classroom)
    response = redirect(first_page(classroom, joined), classroom.slug)
    if joined.is_proven:
        guesses.was_right(lane)
        guesses.remember(request, response, classroom, name)
    if joined.device.membership.is_sealed:
        tell_sealed(request)
    access.remember_device(response, request.COOKIES, classroom.slug, joined.key)
    return response


def first_page(classroom: Classroom, joined: actions.Joined) -> str:
    """Whoever has no pictures in a class that uses them is asked to choose some, once inside."""
    student, is_in = joined.device.membership, joined.device.approved_at is not None
    by_pictures = classroom.pin_mode == Classroom.PinMode.PICTURES
    asks = by_pictures and is_in and not student.pictures
    return "classrooms:pictures" if asks else "requests_app:show"


def tell_sealed(request: HttpRequest) -> None:
    messages.info(
        request,
        _(
            "Welcome back. What was written here before stays hidden until your teacher "
            "says that it is you. You can ask for help right away."
        ),
    )


def _ask_name(
    request: HttpRequest, classroom: Classroom, form: JoinForm, status: int
) -> HttpResponse:
    context = {"form": form, "classroom": classroom}
    return render(request, "classrooms/join_name.html", context, status=status)


def _opens_nothing(request: HttpRequest, typed: str) -> HttpResponse:
    """Wrong, expired, closed, another school's: one page, one sentence."""
    form = CodeForm({"code": typed[:20]})
    form.full_clean()
    form.add_error(
        "code",
        _("That code does not open a class right now. Check each letter, or ask your teacher."),
    )
    answer = render(request, "classrooms/join.html", {"form": form}, status=422)
    return guesses.note_wrong_code(request, answer)


def _please_wait(request: HttpRequest) -> HttpResponse:
    form = CodeForm()
    return render(request, "classrooms/join.html", {"form": form, "wait": True}, status=429)


# --- In the class: waiting for the teacher, leaving, the sign -----------------


@require_safe
def waiting(request: HttpRequest, slug: str) -> HttpResponse:
    """The teacher has not said yes so far; the page looks again by itself."""
    entry = access.find_entry(request.user, request.COOKIES, slug)
    if entry is None:
        if not access.has_come_in(request):
            return redirect_to_login(request.get_full_path())
        raise Http404
    if not entry.is_waiting:
        return redirect("requests_app:show", slug)
    context = {"classroom": entry.membership.classroom, "membership": entry.membership}
    return render(request, "classrooms/waiting.html", context)


@require_POST
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """ "Not you?": this browser forgets who was here, and the server forgets this browser.

    The same answer for everybody, so that it tells nothing about the class.
    """
    key = access.device_keys(request.COOKIES).get(slug)
    device = (
        Device.objects.select_related("membership__classroom")
        .filter(key_digest=access.digest(key or ""), membership__classroom__slug=slug)
        .first()
    )
    if device is not None:
        actions.leave(device)
    response = redirect("classrooms:join")
    list(messages.get_messages(request))  # read, so that they are not sent along again
    access.forget_student(response, request.COOKIES, slug)
    response.headers["Clear-Site-Data"] = access.CLEAR_SITE_DATA
    return response


@require_safe
@member_required
def sign(request: MemberRequest) -> HttpResponse:
    """A sheet of paper for the wall: code, QR code, three steps; nothing about anybody."""
    classroom = request.membership.classroom
    context = {
        "classroom": classroom,
        "membership": request.membership,
        "join_url": settings.SITE_URL + reverse("classrooms:join"),
        "qr": qr_svg(join_link(classroom)),
        "only_here": opens_only_here(),
    }
    return render(request, "classrooms/sign.html", context)


# --- Starting a class, and the school ----------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """A class of one's own in a minute; whoever has no account makes one first."""
    if not request.user.is_authenticated:
        way = "account_signup" if settings.OPEN_SIGNUP else "account_login"
        return redirect(f"{reverse(way)}?{urlencode({'next': request.path})}")
    return _start(request)


@proven_required
def _start(request: AccountRequest) -> HttpResponse:
    has_school = School.objects.filter(admins__user=request.user).exists()
    if not (has_school or _may_start_school(request.user)):
        return render(request, "classrooms/start_closed.html", status=403)
    form = StartForm(request.POST or None, has_school=has_school)
    if request.method == "POST" and form.is_valid():
        classroom = actions.start_classroom(request.user, **form.cleaned_data)
        tasks = reverse("classrooms:tasks", args=[classroom.slug])
        return redirect(f"{tasks}?new=1")
    return render(request, "classrooms/start.html", {"form": form}, status=_status(form))


def _may_start_school(user) -> bool:
    """Where sign-up is closed, whoever was invited works in the school that invited them."""
    return settings.OPEN_SIGNUP or user.is_staff or not invitations.was_invited(user)


@require_http_methods(["GET", "HEAD", "POST"])
@school_admin_required
def school(request: SchoolRequest) -> HttpResponse:
    """Name and clock of the school, its classes and its admins."""
    # A copy: what is typed and refused must not show as the school's name.
    form = SchoolForm(request.POST or None, instance=School.objects.get(pk=request.school.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return _back_to(request.school)
    return _show_school(request, form=form)


@require_POST
@school_admin_required
def add_classroom(request: SchoolRequest) -> HttpResponse:
    """A class without a teacher so far; the admin invites one from its page."""
    form = ClassNameForm(request.POST)
    if not form.is_valid():
        return _show_school(request, new=form)
    classroom = actions.add_classroom(request.school, name=form.cleaned_data["name"])
    messages.success(request, _("Here is the class. Now invite its teacher."))
    return redirect("classrooms:people", classroom.slug)


@require_POST
@school_admin_required
def restore(request: SchoolRequest) -> HttpResponse:
    """Bring a class back that was put away."""
    classroom = get_object_or_404(
        Classroom.objects.filter(school=request.school).exclude(archived_at=None),
        pk=id_in(request.POST.get("classroom", "")),
    )
    try:
        actions.restore(classroom)
    except actions.NotPossible as refusal:
        messages.error(request, str(refusal))
        return _show_school(request, status=409)
    messages.success(request, _("The class is back."))
    return _back_to(request.school)


@require_POST
@school_admin_required
def invite_admin(request: SchoolRequest) -> HttpResponse:
    """A link that makes a colleague an admin of the school; it is shown this once."""
    key = invitations.invite(by=request.user, role=Role.SCHOOL_ADMIN, school=request.school)
    link = invite_link(key)
    return render(request, "classrooms/admin_link.html", {"link": link, "school": request.school})


@require_POST
@school_admin_required
def take_back_admin_invite(request: SchoolRequest) -> HttpResponse:
    """An open link that would have made somebody an admin opens nothing any more."""
    wanted = id_in(request.POST.get("invitation", ""))
    found = get_object_or_404(invitations.listed(school=request.school), pk=wanted)
    invitations.take_back(found)
    messages.success(request, _("That invitation opens nothing any more."))
    return _back_to(request.school)


@require_POST
@school_admin_required
def remove_admin(request: SchoolRequest) -> HttpResponse:
    """Take the right to set up the school from somebody; it always keeps one admin."""
    right = get_object_or_404(request.school.admins, pk=id_in(request.POST.get("admin", "")))
    try:
        actions.remove_school_admin(right)
    except actions.NotPossible as refusal:
        messages.error(request, str(refusal))
        return _show_school(request, status=409)
    messages.success(request, _("Removed."))
    return redirect("classrooms:index") if right.user == request.user else _back_to(request.school)


def _show_school(
    request: SchoolRequest,
    *,
    form: SchoolForm | None = None,
    new: ClassNameForm | None = None,
    status: int | None = None,
) -> HttpResponse:
    form, new = form or SchoolForm(instance=request.school), new or ClassNameForm()
    classrooms = request.school.classrooms.annotate(
        students=Count(
            "memberships",
            filter=Q(memberships__role=Role.STUDENT, memberships__removed_at=None),
        )
    ).order_by("name", "pk")
    context = {
        "school": request.school,
        "schools": request.schools,
        "form": form,
        "new": new,
        "in_use": [each for each in classrooms if each.archived_at is None],
        "put_away": [each for each in classrooms if each.archived_at and not each.erase_asked_at],
        "going": [each for each in classrooms if each.erase_asked_at],
        "admins": request.school.admins.select_related("user").order_by("pk"),
        "protected": second_factor.protected(request.school.admins.values("user")),
        "invitations": invitations.listed(school=request.school),
    }
    status = status or max(_status(form), _status(new))
    return render(request, "classrooms/school.html", context, status=status)


def _back_to(school: School) -> HttpResponse:
    return redirect(f"{reverse('classrooms:school')}?school={school.pk}")


def _status(form) -> int:
    return 422 if form.errors else 200


# --- An invitation for a colleague -------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def accept_invite(request: HttpRequest, key: str) -> HttpResponse:
    """A link that a colleague was sent: sign in or up, then take the role."""
    found = invitations.find(key)
    if found is None:
        return render(request, "classrooms/invite_over.html", status=404)
    if request.method == "POST" and request.user.is_authenticated:
        return _accept(request, found)
    if not request.user.is_authenticated:
        request.session["invitation"] = found.pk  # opens sign-up where it is closed, once
    context = {
        "invite": found,
        "role": Role(found.role).label,
        "path": request.path,
        "opens_sign_up": settings.OPEN_SIGNUP or invitations.opens_sign_up(found.pk),
    }
    return render(request, "classrooms/invite.html", context)


@proven_required
def _accept(request: HttpRequest, found: Invite) -> HttpResponse:
    try:
        invitations.accept(found, request.user)
    except actions.NotPossible:
        return render(request, "classrooms/invite_over.html", status=409)
    request.session.cycle_key()  # somebody who may do more gets a new key
    request.session.pop("invitation", None)
    if found.classroom is None:
        return _back_to(found.school)
    return redirect("requests_app:show", found.classroom.slug)
