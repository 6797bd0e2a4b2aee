"""The one door: every view and every socket finds its classroom through here.

A member is found by the signed-in user or, for students without an account, by
the device's signed cookie. For anybody else the classroom does not exist (404);
somebody who has not come in at all is shown the way in first.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django_htmx.middleware import HtmxDetails

from accounts import proof, second_factor
from accounts.models import User
from classrooms import keys
from classrooms.models import Classroom, Device, Membership, Role, School
from classrooms.prepared import Prepared
from helpdesk import again, events

#: Header of the answer to leaving and signing out: what this browser kept of its pages goes (T2).
CLEAR_SITE_DATA = '"cache", "storage"'
#: Classes one browser remembers; the oldest is forgotten first. Keeps the cookie below 4 kB.
REMEMBERED_CLASSES = 16
#: How exactly it is known when a browser was here last.
USE_NOTED_EVERY = timedelta(days=7)
_SALT = keys.signs(settings.DEVICE_COOKIE_NAME, "classrooms.device")


class MemberRequest(HttpRequest):
    """A request that came in by the door: ``member_required`` and its kin set these."""

    membership: Membership
    entry: "Entry"
    htmx: HtmxDetails


class AccountRequest(HttpRequest):
    """A request of somebody who is signed in: ``account_required`` and its kin see to that."""

    user: User


class SchoolRequest(AccountRequest):
    """A school admin's request: all schools that this person administers, and the one at hand."""

    schools: list[School]
    school: School


@dataclass(frozen=True)
class Entry:
    """How somebody came in: their membership, and the device if a cookie brought them."""

    membership: Membership
    device: Device | None = None

    @property
    def is_waiting(self) -> bool:
        """The teacher has not let this device in yet."""
        return self.device is not None and self.device.approved_at is None


def digest(key: str) -> str:
    """What the database keeps of a key that a browser or a link holds."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_key() -> str:
    return secrets.token_urlsafe(18)


def device_keys(cookies: Mapping[str, str]) -> dict[str, str]:
    """Class slug → device key, from the signed cookie; empty if missing or tampered with."""
    try:
        return signing.loads(
            cookies.get(settings.DEVICE_COOKIE_NAME, ""),
            salt=_SALT,
            max_age=settings.DEVICE_COOKIE_AGE,
        )
    except signing.BadSignature:
        return {}


def remember_device(
    response: HttpResponse, cookies: Mapping[str, str], slug: str, key: str
) -> None:
    keys = {**device_keys(cookies)}
    keys.pop(slug, None)
    keys[slug] = key
    _set_cookie(response, dict(list(keys.items())[-REMEMBERED_CLASSES:]))


def forget_device(response: HttpResponse, cookies: Mapping[str, str], slug: str) -> None:
    keys = device_keys(cookies)
    keys.pop(slug, None)
    _set_cookie(response, keys)


#: Cookies of other apps that belong to whoever is in a class, not to the browser.
_of_students: set[str] = set()


def goes_with_student(cookie: str) -> None:
    """To be called as an app gets ready: "Not you?" takes this cookie (by name) away too."""
    _of_students.add(cookie)


def forget_student(response: HttpResponse, cookies: Mapping[str, str], slug: str) -> None:
    """What a browser's next child must not find: the way in, what other apps keep in cookies,
    and sentences that were meant for the one before."""
    forget_device(response, cookies, slug)
    for name in (*_of_students, settings.MESSAGES_COOKIE_NAME):
        if name in cookies:
            response.delete_cookie(name, samesite="Lax")


def _set_cookie(response: HttpResponse, keys: dict[str, str]) -> None:
    if not keys:
        response.delete_cookie(settings.DEVICE_COOKIE_NAME, samesite="Lax")
        return
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps(keys, salt=_SALT),
        max_age=settings.DEVICE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


_by_account: Prepared[Membership] = Prepared(
    lambda slug, user: (
        Membership.objects.present()
        .select_related("classroom__school", "user")
        .filter(classroom__slug=slug, classroom__archived_at=None, user=user)[:1]
    )
)
_by_device: Prepared[Device] = Prepared(
    lambda slug, key_digest: Device.objects.select_related("membership__classroom__school").filter(
        key_digest=key_digest,
        membership__classroom__slug=slug,
        membership__classroom__archived_at=None,
        membership__removed_at=None,
    )[:1]
)


def find_entry(user, cookies: Mapping[str, str], slug: str) -> Entry | None:
    """The way in to this class that this person has: by account first, then by device."""
    if user is not None and user.is_authenticated:
        membership = _by_account.first(slug, user.pk)
        if membership is not None:
            return Entry(membership)
    key = device_keys(cookies).get(slug)
    if key is None:
        return None
    device = _by_device.first(slug, digest(key))
    return Entry(device.membership, device) if device is not None else None


def note_use(device: Device) -> None:
    """Remember that a browser still comes, once a week: one that does not is forgotten."""
    today = timezone.localdate()
    if device.used_on is None or today - device.used_on >= USE_NOTED_EVERY:
        Device.objects.filter(pk=device.pk).update(used_on=today)


def has_come_in(request: HttpRequest) -> bool:
    """Signed in, or remembered by some class: somebody, not nobody."""
    return request.user.is_authenticated or bool(device_keys(request.COOKIES))


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Signing in, and then back: to the page, where this address is not one to look at."""
    here = request.get_full_path()
    if request.method not in ("GET", "HEAD") or getattr(request, "htmx", False):
        came_from = urlsplit(again.way_back(request))
        here = came_from.path + (f"?{came_from.query}" if came_from.query else "")
    return redirect_to_login(here)


def member_required(view: Callable, *, allowed: Callable[[Membership], bool] | None = None):
    """Sets ``request.membership`` and ``request.entry``; anybody else finds nothing.

    Times are shown in the school's zone.
    """

    @wraps(view)
    def wrapped(request, slug, *args, **kwargs):
        entry = find_entry(request.user, request.COOKIES, slug)
        if entry is None and not has_come_in(request):
            return to_sign_in(request)
        if entry is None or (allowed is not None and not allowed(entry.membership)):
            events.refused(request)
            raise Http404
        if entry.is_waiting:
            return redirect("classrooms:waiting", slug)
        sets_up = entry.membership.role == Role.SCHOOL_ADMIN
        if sets_up and (missing := second_factor.asked_first(request)):
            return missing
        if entry.device is not None:
            note_use(entry.device)
        request.entry, request.membership = entry, entry.membership
        with timezone.override(entry.membership.classroom.zone):
            return view(request, *args, **kwargs)

    return wrapped


def student_required(view: Callable):
    return member_required(view, allowed=lambda membership: membership.can_raise)


def helper_required(view: Callable):
    return member_required(view, allowed=lambda membership: membership.can_help)


def manager_required(view: Callable):
    return member_required(view, allowed=lambda membership: membership.can_manage)


def staff_required(view: Callable):
    return member_required(view, allowed=lambda membership: not membership.is_student)


def account_required(view: Callable):
    """For pages of a signed-in person that belong to no class."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        if not request.user.is_authenticated:
            return to_sign_in(request)
        return view(request, *args, **kwargs)

    return wrapped


def proven_required(view: Callable):
    """For what gives rights or uses those of a school: the account's address must be proven."""

    @account_required
    @wraps(view)
    def wrapped(request, *args, **kwargs):
        if not proof.may_take_rights(request.user):
            query = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
            return redirect(f"{reverse('accounts:confirm')}?{query}")
        return view(request, *args, **kwargs)

    return wrapped


def school_admin_required(view: Callable):
    """Sets ``request.schools``, and ``request.school``: the first, or the one of ``?school=``."""

    @proven_required
    @wraps(view)
    def wrapped(request, *args, **kwargs):
        request.schools = list(School.objects.filter(admins__user=request.user).order_by("pk"))
        wanted = request.GET.get("school", "")
        picked = [each for each in request.schools if wanted in ("", str(each.pk))]
        if not picked:
            events.refused(request)
            raise Http404
        if missing := second_factor.asked_first(request):
            return missing
        request.school = picked[0]
        with timezone.override(request.school.time_zone):
            return view(request, *args, **kwargs)

    return wrapped


def find_join(code: str | None):
    """The class that a code opens now, else None; one query whatever the answer."""
    return (
        Classroom.objects.joinable(timezone.now())
        .select_related("school")
        .filter(code=code or "-")
        .first()
    )
