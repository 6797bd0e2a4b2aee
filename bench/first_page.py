"""(h): what a new visitor's browser must fetch: the page for joining, and a student's page."""

import statistics
import time
from contextlib import ExitStack

from bench import school, servers
from bench.report import Result

TITLE = "First visit, in a real browser with an empty cache"
#: Kilobytes on the wire, everything of a page together.
MOST_KB = 45


def run(quick: bool) -> Result:
    from playwright.sync_api import sync_playwright

    from tests.services import chromium

    result = Result("first_page", TITLE)
    rounds = 1 if quick else 5
    with ExitStack() as stack:
        environment = stack.enter_context(servers.sqlite())
        room = school.made(environment, rooms=1, students=1)[0]
        server = stack.enter_context(servers.helpdesk(environment))
        driver = stack.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        stack.callback(browser.close)
        student = room.students[0]
        for name, path, cookie in (
            ("Join page", f"/join/{room.code}/", ""),
            ("Student page", student.url(""), student.cookie),
        ):
            visits = [visit(browser, server.url, path, cookie) for _each in range(rounds)]
            tell(result, name, visits)
    return result


def visit(browser, url: str, path: str, cookie: str) -> dict:
    """Load a page once, in a browser that has seen nothing yet."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    if cookie:
        name, _equals, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": url}])
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    sizes: list[float] = []
    encodings: dict[str, str] = {}
    wire.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    wire.on("Network.responseReceived", lambda told: note_encoding(told["response"], encodings))
    began = time.perf_counter()
    page.goto(url + path, wait_until="load")
    is_live = None
    if cookie:
        page.wait_for_selector("#live[data-live=on]", timeout=15_000)
        is_live = (time.perf_counter() - began) * 1000
    page.wait_for_timeout(300)
    timing = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
    told = {
        "bytes": sum(sizes),
        "requests": len(sizes),
        "interactive": page.evaluate(timing),
        "live": is_live,
        "encodings": encodings,
    }
    context.close()
    return told


def note_encoding(response: dict, encodings: dict[str, str]) -> None:
    headers = {name.lower(): value for name, value in response["headers"].items()}
    encodings[response["url"].rpartition("/")[2] or "(page)"] = headers.get("content-encoding", "")


def tell(result: Result, name: str, visits: list[dict]) -> None:
    first = visits[0]
    size = result.add(f"{name}: on the wire", first["bytes"] / 1000, "kB")
    result.at_most(size, MOST_KB)
    result.add(f"{name}: requests", first["requests"])
    interactive = statistics.median(each["interactive"] for each in visits)
    result.add(f"{name}: scripts have run after", interactive, "ms")
    if first["live"] is not None:
        live = statistics.median(each["live"] for each in visits)
        result.add(f"{name}: socket is live after", live, "ms")
    plain = sorted(file for file, encoding in first["encodings"].items() if not encoding)
    if plain:
        result.notes.append(f"{name}: not compressed are {', '.join(plain)}.")
    result.raw[name] = visits
