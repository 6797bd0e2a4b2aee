"""Wrong codes and PINs are counted and slowed; whoever has the right one gets in beside them.

Codes (39.6 bits): ten wrong ones in ten minutes from one browser, then that browser waits. A right
code is never held up by others: an address (a whole school has one) is not refused, its wrong
answers only come late. A thousand wrong ones a second would find one of 2,000 codes in five days.

PINs and pictures: ten wrong ones in ten minutes for one pupil, or two hundred for the PIN of a
class, in a **lane** that all browsers share which were never in. A browser that has proved itself
before has a lane of its own (a signed cookie), so that strangers do not use up its tries. Where a
lane is used up nothing is looked at any more and nobody is refused: the teacher's yes decides.
"""

import secrets
from collections.abc import Sequence

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from classrooms import keys, limits
from classrooms.models import Classroom
from classrooms.naming import find_student
from classrooms.text import name_key
from helpdesk import events

#: Seconds for which an answer to a wrong guess is held back, in the event loop (helpdesk.http).
HELD = 1.0
#: Pupils that one browser has been, and classes it has been in; the oldest is forgotten first.
REMEMBERED = 40
_SALT = keys.signs(settings.BEEN_COOKIE_NAME, "classrooms.known")

Lane = list[tuple[limits.Budget, str]]


def browser(request: HttpRequest) -> str:
    """What tells one browser from another before anybody is in: its CSRF cookie."""
    return _cookie(request) or request.META.get("REMOTE_ADDR", "")


def _cookie(request: HttpRequest) -> str | None:
    """The CSRF cookie that came along; a form that was rendered since has made a new one."""
    came = settings.CSRF_COOKIE_NAME in request.COOKIES
    return request.META.get("CSRF_COOKIE") if came else None


# --- Class codes --------------------------------------------------------------


def has_guessed_enough(request: HttpRequest) -> bool:
    """Whether this browser has tried too many codes; nobody else's tries count."""
    # With the cache away a class still comes in: a code has 39.6 bits, guessing finds none.
    known = _cookie(request)
    return known is not None and limits.is_spent(
        limits.CODE_PER_DEVICE, known, when_cache_is_away=True
    )


def note_wrong_code(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Count it. It is held back from browsers without a cookie, and where many come from."""
    address = request.META.get("REMOTE_ADDR", "")
    events.tell("a wrong code of a class")
    within = limits.spend(limits.CODE_PER_ADDRESS, address, when_cache_is_away=True)
    known = _cookie(request)
    if known is not None:
        limits.spend(limits.CODE_PER_DEVICE, known)
    return response if within and known is not None else hold(response)


def hold(response: HttpResponse) -> HttpResponse:
    """The answer to a wrong guess: it is sent a little later."""
    events.tell("a wrong code, PIN or picture of a pupil")
    response.hold = HELD  # type: ignore[attr-defined]
    return response


# --- PINs ---------------------------------------------------------------------


def lane(request: HttpRequest, classroom: Classroom, name: str, chosen: Sequence[str] = ()) -> Lane:
    """What a try at a proof costs; nothing where there is none to guess."""
    by_pictures = classroom.pin_mode == Classroom.PinMode.PICTURES
    if classroom.pin_mode == Classroom.PinMode.NONE or (by_pictures and not chosen):
        return []
    target = _target(classroom, name)
    if is_known(request, target):
        return [(limits.PIN_PER_BROWSER, f"{target}:{_known(request)['id']}")]
    if classroom.pin_mode == Classroom.PinMode.CLASS:
        own = (limits.PIN_PER_BROWSER, f"{target}:{browser(request)}")
        return [own, (limits.PIN_PER_CLASS, target)]
    return [(limits.PIN_PER_MEMBER, target)]


def has_try(tries: Lane) -> bool:
    """Take one try in each, the own one first; False where one is used up: then nothing may be
    looked at. What one browser tries beyond its own does not use up everybody's."""
    return all(limits.spend(budget, key) for budget, key in tries)


def was_right(tries: Lane) -> None:
    """The try that was just taken was none."""
    for budget, key in tries:
        limits.give_back(budget, key)


def _target(classroom: Classroom, name: str) -> str:
    if classroom.pin_mode == Classroom.PinMode.CLASS:
        return str(classroom.pk)
    # However a name is written, it has the tries of the one pupil whom it means.
    student = find_student(classroom, name)
    return f"{classroom.pk}:{student.pk if student else name_key(name)}"


# --- Browsers that have proved themselves -------------------------------------


def is_known(request: HttpRequest, target: str) -> bool:
    mine = _known(request)["of"]
    return any(each in mine for each in _digests(target))


def remember(request: HttpRequest, response: HttpResponse, classroom: Classroom, name: str) -> None:
    """This browser gave the right proof. The cookie tells neither name nor class, and opens
    nothing: it only has tries of its own. It stays after "Not you?"."""
    known, target = _known(request), _digests(_target(classroom, name))[0]
    known["of"] = [*(each for each in known["of"] if each != target), target][-REMEMBERED:]
    response.set_cookie(
        settings.BEEN_COOKIE_NAME,
        signing.dumps(known, salt=_SALT),
        max_age=settings.DEVICE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known(request: HttpRequest) -> dict:
    try:
        return signing.loads(
            request.COOKIES.get(settings.BEEN_COOKIE_NAME, ""),
            salt=_SALT,
            max_age=settings.DEVICE_COOKIE_AGE,
        )
    except signing.BadSignature:
        return {"id": secrets.token_urlsafe(9), "of": []}


def _digests(text: str) -> list[str]:
    # Keyed: a cookie tells nobody which pupils and classes there are.
    return [each[:16] for each in keys.digests(_SALT, text)]
