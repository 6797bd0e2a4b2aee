"""What is true of every answer: headers, sizes, and no log-in page inside a fragment."""

import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest, MiddlewareNotUsed, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import resolve
from django.utils.cache import patch_vary_headers

from classrooms import keys
from helpdesk import logs
from requests_app import metrics

#: Features a class page never needs.
PERMISSIONS_POLICY = (
    "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), "
    "microphone=(), payment=(), usb=()"
)
#: Who runs a server asks these, by address and from inside the network.
PROBES = ("/healthz", "/readyz", "/metrics")
#: What a request may be called by the proxy in front of us.
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


class RequestId:
    """Give each request an id, for the log and for the answer's ``X-Request-ID``.

    The one that a trusted proxy gave is kept; ``helpdesk.asgi`` takes away everybody else's.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        name = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        token = logs.request_id.set(name)
        try:
            response = self.get_response(request)
        finally:
            logs.request_id.reset(token)
        response.headers["X-Request-ID"] = name
        return response


class Measures:
    """Count the requests and how long their answers took, by view and not by address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        metrics.answered(
            method=request.method or "",
            status=response.status_code,
            view=(match.view_name if match else "") or "none",
            seconds=time.perf_counter() - begun,
        )
        return response


class Refusals:
    """Answer what cannot be read before anything looks into it: with all headers, and in the
    language that was asked for. Forms are UTF-8, whatever else they claim.

    Queries and forms are read here, once. No page reads them again that says what was wrong.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method == "TRACE":  # a page that looks for POST alone would answer it
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        status = getattr(request, "refusal", 0) or (0 if _can_be_read(request) else 400)
        if not status:
            return self.get_response(request)
        response = HttpResponse(render_to_string(f"{status}.html"), status=status)
        response.headers["Connection"] = "close"  # what is still to come of it is not read
        return response


def _can_be_read(request: HttpRequest) -> bool:
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8"):
        return False
    try:
        return request.GET is not None and request.POST is not None
    except (MultiPartParserError, BadRequest, SuspiciousOperation):
        return False


class Probes:
    """Answer a load balancer before anything looks at the host, a session or the database.

    It asks by address, which is no host that people use.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in PROBES:
            request.resolver_match = resolve(request.path_info)
            return request.resolver_match.func(request)
        return self.get_response(request)


class FormerKeys:
    """While there are former keys: what they signed in a browser's cookies, and sessions that they
    vouched for, are made anew (classrooms.keys)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.SECRET_KEY_FALLBACKS:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        keys.renew_session(request.session)
        response = self.get_response(request)
        for name, salt in keys.signed_cookies().items():
            anew = keys.signed_anew(request.COOKIES.get(name, ""), salt)
            if anew is not None and name not in response.cookies:
                response.set_cookie(
                    name,
                    anew,
                    max_age=settings.DEVICE_COOKIE_AGE,
                    secure=settings.SESSION_COOKIE_SECURE,
                    httponly=True,
                    samesite="Lax",
                )
        return response


class SecurityHeaders:
    """Headers on every response, errors and static files too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "DENY")
        # A page of a class must not come back from a cache after somebody has left.
        response.headers.setdefault("Cache-Control", "no-store, private")
        if not request.path.startswith(settings.STATIC_URL):
            patch_vary_headers(response, ["HX-Request"])
        return response


class SmallPages(GZipMiddleware):
    """Compress what is read (pages, and parts of them), for who can read that; Django adds a length
    that nobody can guess.

    Answers to a tap are small and must be quick, static files are compressed already.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase):
        is_page = response.get("Content-Type", "").startswith("text/html")
        if request.method != "GET" or not is_page:
            return response
        return super().process_response(request, response)


class BodyLimit:
    """Refuse a body that is larger than the view takes, before anything reads it.

    A view that takes files carries ``max_body`` (bytes).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit = getattr(view, "max_body", settings.MAX_BODY)
        limit = min(limit, getattr(request, "read_at_most", limit))  # the rest was not read
        if length.isascii() and length.isdigit() and int(length) <= limit:
            return None
        return render(request, "413.html", {"limit": limit}, status=413)


class WithoutNul:
    """Take the character NUL out of what was sent: nobody types it, and PostgreSQL refuses a text
    that has it, in a query too. Whatever reads a form's fields need not think of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> None:
        for name in ("GET", "POST"):
            sent = getattr(request, name)
            texts = [each for _key, listed in sent.lists() for each in listed]
            if any("\0" in each for each in texts):
                setattr(request, name, _without_nul(sent))


def _without_nul(sent: QueryDict) -> QueryDict:
    clean = sent.copy()
    for key, listed in sent.lists():
        clean.setlist(key, [each.replace("\0", "") for each in listed])
    return clean


class HtmxLoginWall:
    """An htmx request that would be sent to the log-in page goes there as a whole page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(request, "htmx", False) and response.status_code in (301, 302, 303):
            moved = HttpResponse(status=204)
            moved.headers["HX-Redirect"] = response.headers["Location"]
            moved.cookies = response.cookies
            return moved
        return response
