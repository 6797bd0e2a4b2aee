"""Real browsers against the real application: uvicorn in a thread, Chromium through Playwright.

Tests act through browsers. What they must do to the database directly (the cast, the
clock) goes through ``in_database``, since Playwright's own event loop runs in their thread.
"""

import asyncio
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import uvicorn
from django.conf import settings
from django.db import connections
from django.test import Client
from playwright.sync_api import expect, sync_playwright

from helpdesk.asgi import application
from live import hub
from tests.catalogue import write_pseudo_language
from tests.conftest import device_cookie
from tests.services import BROWSERS

SITE = f"http://127.0.0.1:{settings.BROWSER_PORT}"
#: Milliseconds until something counts as missing. Tests that are about speed say their own: a
#: busy machine must not look like a broken product.
PATIENCE = 60_000
#: What a browser and htmx write on the console about a network that tests take away, and about a
#: text that is being saved when its card is sent.
EXPECTED = (
    "the server responded with a status",
    "WebSocket",
    "ERR_INTERNET_DISCONNECTED",
    "htmx:sendError",
    "htmx:afterRequest",
    "htmx:sendAbort",
)
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def server():
    """The application on the loopback, once for all browser tests."""
    write_pseudo_language()
    config = uvicorn.Config(
        application,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_level="warning",
    )
    running = uvicorn.Server(config)

    async def serve():
        await running.serve(sockets=[settings.BROWSER_SOCKET])
        await hub.shut()  # its thread keeps a connection to the database

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        thread.join(0.02)
    yield running
    running.should_exit = True
    thread.join(PATIENCE / 1000)


@pytest.fixture(scope="session")
def database_thread():
    with ThreadPoolExecutor(1) as pool:
        yield pool
        pool.submit(connections.close_all).result()


@pytest.fixture
def in_database(transactional_db, database_thread):
    """``in_database(call, *args)`` runs it in a thread of its own and returns its result."""

    def run(call, *args, **kwargs):
        return database_thread.submit(call, *args, **kwargs).result()

    return run


class Browser:
    """One Chromium for all tests, and the thread that drives it: Playwright's event loop runs
    there, so that fixtures can write to the database in the thread that pytest runs in."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1)
        self.ident = self.thread.submit(threading.get_ident).result()
        self.do(self._launch)

    def do(self, call, *args, **kwargs):
        """What ``call`` returns or raises, in the browser's thread."""
        if threading.get_ident() == self.ident:
            return call(*args, **kwargs)
        return self.thread.submit(call, *args, **kwargs).result()

    def _launch(self) -> None:
        self.playwright = sync_playwright().start()
        self.chromium = self.start(os.environ.get("CHROMIUM"), *BROWSERS)

    def start(self, *names: str | None, **options):
        """The first of these that is there, or Playwright's own, with these options."""
        path = next(filter(None, (shutil.which(name) for name in names if name)), None)
        launch = self.playwright.chromium.launch
        return launch(executable_path=path, args=["--no-sandbox"], **options)

    def close(self) -> None:
        self.do(self.chromium.close)
        self.do(self.playwright.stop)
        self.thread.shutdown()


@pytest.fixture(scope="session")
def browser(server):
    running = Browser()
    yield running
    running.close()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """A test that drives the browser runs in its thread."""
    browser = pyfuncitem.funcargs.get("browser")
    if browser is None:
        return None
    names = pyfuncitem._fixtureinfo.argnames
    browser.do(pyfuncitem.obj, **{name: pyfuncitem.funcargs[name] for name in names})
    return True


@pytest.fixture
def visit(transactional_db, browser):
    """A page of somebody who has not come in anywhere. Console errors fail the test."""
    contexts = []
    problems = []

    def open_page(path="/", *, cookies=(), javascript=True, language="en-GB", **options):
        context = browser.chromium.new_context(
            java_script_enabled=javascript, locale=language, base_url=SITE, **options
        )
        contexts.append(context)
        context.add_cookies([{**cookie, "url": SITE} for cookie in cookies])
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda message: (
                problems.append(message.text)
                if message.type == "error" and not any(word in message.text for word in EXPECTED)
                else None
            ),
        )
        page.set_default_timeout(PATIENCE)
        page.goto(path)
        return page

    yield lambda *args, **kwargs: browser.do(open_page, *args, **kwargs)
    for context in contexts:
        browser.do(context.close)
    assert problems == []


def cookie_of(who):
    if who.user_id:
        client = Client()
        client.force_login(who.user)
        return {"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key}
    return {"name": settings.DEVICE_COOKIE_NAME, "value": device_cookie(who)}


@pytest.fixture
def open_as(visit, in_database):
    """``open_as(ada)``: the class page as Ada sees it, live unless JavaScript is off."""

    def open_class(who, path="", *, javascript=True, **options):
        cookie = in_database(cookie_of, who)
        page = visit(
            f"/c/{who.classroom.slug}/{path}", cookies=[cookie], javascript=javascript, **options
        )
        if javascript and path in ("", "board/"):
            page.wait_for_selector('#live[data-live="on"]')
        return page

    return open_class
