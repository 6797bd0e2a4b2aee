"""Pages for when something is not there, not allowed or not possible right now.

They ask the database nothing: it may be the thing that is away.
"""

import sys

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.defaults import page_not_found

from helpdesk import again, events, storage

#: Seconds after which a browser may try again.
RETRY_AFTER = 5


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 with what was typed kept in the page while the database takes nothing."""
    away = storage.is_away(sys.exc_info()[1])
    name, status = ("503.html", 503) if away else ("500.html", 500)
    if request.headers.get("HX-Request") == "true":
        response = beside("_try_again.html", status, {"away": away})
    else:
        # The token is made from the cookie, so the form can be sent once more.
        context = again.context_of(request) | {"token": get_token(request)}
        response = HttpResponse(render_to_string(name, context), status=status)
    if away:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def beside(template: str, status: int, context: dict | None = None) -> HttpResponse:
    """For htmx: a sentence, and nothing else on the page is replaced, whatever was to be."""
    return HttpResponse(
        render_to_string(template, context), status=status, headers={"HX-Reswap": "none"}
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404; a page that is open is told beside what was typed there."""
    if request.headers.get("HX-Request") == "true":
        return beside("_not_here.html", 404)
    return page_not_found(request, exception)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open too long, a browser without cookies, or another website's form."""
    is_ours = again.came_from_us(request)
    events.tried("a form without its token" if is_ours else "a form of another website")
    if is_ours and request.headers.get("HX-Request") == "true":
        return beside("_too_old.html", 403)
    context = again.context_of(request) | {"is_ours": is_ours, "token": get_token(request)}
    return render(request, "403_csrf.html", context, status=403)
