"""A browser for somebody made up: cookies, redirects, forms and buttons over real HTTP."""

import http.client
from collections.abc import Mapping
from http.cookiejar import CookieJar
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin
from urllib.request import (
    HTTPCookieProcessor,
    HTTPRedirectHandler,
    ProxyHandler,
    Request,
    build_opener,
)

from demo.pages import Form, Page, read_page

#: Seconds to wait for an answer.
TIMEOUT = 6


class Away(Exception):
    """The help desk does not answer, or asks to come back later."""


class Browser:
    """One person's browser; ``page`` is what it shows. Every method may raise Away."""

    def __init__(self, site: str) -> None:
        """``site`` is an origin such as ``http://127.0.0.1:8000``."""
        self.site = site
        self.page = Page()
        self.cookies = CookieJar()
        # Never by a proxy: the class is at work where it was told to be.
        self.opener = build_opener(
            ProxyHandler({}), HTTPCookieProcessor(self.cookies), HTTPRedirectHandler()
        )

    def open(self, path: str) -> Page:
        return self._show(Request(urljoin(self.site, path)))  # noqa: S310  main() looks at it

    def post(self, path: str, fields: Mapping[str, str]) -> Page:
        """Send fields with the shown page's token."""
        data = urlencode({"csrfmiddlewaretoken": self.page.token, **fields}).encode()
        # Over HTTPS the token counts only together with where the form was.
        headers = {"Referer": self.page.address or self.site}
        url = urljoin(self.page.address or self.site, path)
        return self._show(Request(url, data, headers))  # noqa: S310

    def fill_in(self, form: Form, **fields: str) -> Page:
        return self.post(form.action, {**form.fields, **fields})

    def press(self, button_id: str) -> bool:
        """Press a button of the shown page; False if it has none of that id."""
        button = self.page.buttons.get(button_id)
        if button is None:
            return False
        self.post(button.url, button.fields)
        return True

    def _show(self, request: Request) -> Page:
        try:
            with self.opener.open(request, timeout=TIMEOUT) as answer:
                self.page = read_page(_text(answer.read()), answer.url, answer.status)
        except HTTPError as refusal:
            with refusal:
                # 409 and 422 are pages like others; 403 is one that was open too long.
                if refusal.code >= 500 or refusal.code == 429:
                    raise Away from None
                self.page = read_page(_text(refusal.read()), refusal.url, refusal.code)
        except (URLError, OSError, http.client.HTTPException):
            raise Away from None
        return self.page


def _text(body: bytes) -> str:
    return body.decode("utf-8", errors="replace")
