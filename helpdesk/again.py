"""A form whose answer failed, offered once more: only to whoever sent it from a page of ours.

Promises: what came from another website, or does not say where it came from, is never offered
again, for the button would carry a valid token; a form is offered only where all that it sends is
shown in words, and every other one only gives back what was written, to copy. Nothing here reads
a body that could not be read before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

#: What is never shown again, whoever typed it.
_SECRET = ("csrfmiddlewaretoken", "password", "pin", "was")


@dataclass(frozen=True)
class Form:
    """A form that can be offered again.

    ``words``: what its button says; ``shown``: its fields and what they are called;
    ``kept``: keys that tell a repetition from something new and say nothing else;
    ``dropped``: fields that it does without.
    """

    words: str | Promise
    shown: Mapping[str, str | Promise] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()


#: By the name of the view: what students send most. Nothing else is offered again.
FORMS = {
    "requests_app:raise_hand": Form(_("Raise hand"), kept=frozenset({"form_key"})),
    "coaching:describe": Form(
        _("Send my text"),
        {"text": _("Your text")},
        dropped=frozenset({"was", "next", "starter"}),
    ),
    "classrooms:join": Form(_("Continue"), {"code": _("Class code")}),
    "classrooms:join_code": Form(_("Join"), {"name": _("Your name")}),
}


def came_from_us(request: HttpRequest) -> bool:
    """Whether a page of exactly our origin sent it; what does not say so did not."""
    try:
        ours = f"{request.scheme}://{request.get_host()}"
    except SuspiciousOperation:  # a host that is not ours
        return False
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site not in (None, "same-origin") or origin not in (None, ours):
        return False
    return ours in (origin, _origin_of(request)) or site == "same-origin"


def _origin_of(request: HttpRequest) -> str:
    try:
        referer = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return ""
    return f"{referer.scheme}://{referer.netloc}"


def way_back(request: HttpRequest) -> str:
    """The page of ours that sent it, or the front page."""
    referer = request.headers.get("Referer", "")
    if came_from_us(request) and url_has_allowed_host_and_scheme(
        referer, {request.get_host()}, require_https=request.is_secure()
    ):
        return referer
    return "/"


def context_of(request: HttpRequest) -> dict:
    """For ``_typed_again.html``: what it offers again, or the texts it gives back."""
    if request.method != "POST":
        return {"path": request.get_full_path()}
    sent = _sent(request) if came_from_us(request) else QueryDict()
    form = _form(request, sent)
    if form is None:
        return {"texts": _texts(sent), "back": way_back(request)}
    return {
        "words": form.words,
        "path": request.path,
        "fields": [(name, label, sent.get(name, "")) for name, label in form.shown.items()],
        "kept": [(name, sent[name]) for name in form.kept if name in sent],
    }


def _sent(request: HttpRequest) -> QueryDict:
    """The fields; none where the body cannot be read as a form."""
    try:
        return request.POST
    except (MultiPartParserError, BadRequest, SuspiciousOperation, OSError, ValueError):
        return QueryDict()


def _form(request: HttpRequest, sent: QueryDict) -> Form | None:
    match = request.resolver_match
    form = FORMS.get(match.view_name) if match and came_from_us(request) else None
    if form is None:
        return None
    known = {"csrfmiddlewaretoken", *form.shown, *form.kept, *form.dropped}
    is_all_said = known.issuperset(sent) and all(name in sent for name in form.shown)
    return form if is_all_said and all(len(each) == 1 for _name, each in sent.lists()) else None


def _texts(sent: QueryDict) -> list[str]:
    """What a person wrote has spaces in it; keys, numbers and choices have none."""
    return [
        value
        for name, values in sent.lists()
        if not name.startswith(_SECRET)
        for value in values
        if any(sign.isspace() for sign in value.strip())
    ]
