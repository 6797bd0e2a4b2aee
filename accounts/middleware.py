"""What accounts look at in every request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts import second_factor, sessions


class Accounts:
    """Keep the list of sign-ins true, and ask operators for their second factor."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        sessions.follow(request)
        return response

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.app_name != "admin" or match.url_name == "logout":
            return None
        return second_factor.asked_first(request) if request.user.is_staff else None
