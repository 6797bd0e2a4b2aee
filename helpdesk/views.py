"""Pages for when something is not there, not allowed or not possible right now.

They ask the database nothing: it may be the thing that is away.
"""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string

#: Seconds after which a browser may try again.
RETRY_AFTER = 5
#: What is never shown again, whoever typed it.
_SECRET = ("csrfmiddlewaretoken", "password")


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 with what was typed kept in the page while the database is away or locked."""
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    name, status = ("503.html", 503) if away else ("500.html", 500)
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(render_to_string("_try_again.html", {"away": away}), status=status)
    else:
        context = {
            "typed": _typed(request),
            "path": request.get_full_path(),
            "token": get_token(request),  # from the cookie, so it can be sent once more
        }
        response = HttpResponse(render_to_string(name, context), status=status)
    if away:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """Field names and values of a form whose answer failed; passwords and tokens left out."""
    if request.method != "POST":
        return []
    return [
        (name, value)
        for name, values in request.POST.lists()
        if not name.startswith(_SECRET)
        for value in values
    ]


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open too long, or cookies are off: say what to do, keep what was typed."""
    return render(request, "403_csrf.html", {"typed": _typed(request)}, status=403)
