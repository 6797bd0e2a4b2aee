"""Logs say what happened and never to whom, and the same not twice in a minute."""

import io
import json
import logging
import subprocess
import sys

import pytest
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.test import Client

from helpdesk import logs
from helpdesk.asgi import application
from helpdesk.middleware import RequestId
from requests_app import actions, views
from tests.servers import ROOT

MARKER = "Zanzibar"


@pytest.fixture(params=["json", "text"])
def written(request):
    """What all loggers write, as the server would write it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLine() if request.param == "json" else logs.TextLine())
    handler.addFilter(logs.NotAgain())
    loggers = [logging.getLogger(name) for name in ("", "django")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    yield stream
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


def line(**facts):
    """One record as JSON."""
    record = logging.LogRecord("some.where", logging.WARNING, "x.py", 1, "hi %s", ("you",), None)
    vars(record).update(facts)
    return json.loads(logs.JsonLine().format(record))


def exc_info(call):
    try:
        call()
    except Exception as error:  # noqa: BLE001
        return type(error), error, error.__traceback__


def test_a_line_is_one_object():
    told = line(created=0.0)
    assert told == {
        "time": "1970-01-01T00:00:00.000+00:00",
        "level": "WARNING",
        "logger": "some.where",
        "message": "hi you",
    }


def test_an_exception_keeps_its_type_and_stack_and_loses_its_words():
    def fall():
        try:
            raise KeyError(MARKER)
        except KeyError as error:
            raise ValueError(MARKER) from error

    told = line(exc_info=exc_info(fall))
    assert [each["type"] for each in told["exceptions"]] == [
        "builtins.ValueError",
        "builtins.KeyError",
    ]
    assert told["exceptions"][0]["stack"][-1].endswith(" fall")
    assert MARKER not in json.dumps(told)


def test_values_that_follow_on_more_lines_are_left_out():
    told = line(msg=f"Task exception was never retrieved\nfuture: {MARKER}", args=())
    assert told["message"] == "Task exception was never retrieved"


def test_nothing_of_an_address_that_does_not_exist_is_told():
    request = HttpRequest()
    request.method, request.path = "GET", f"/c/{MARKER}/"
    told = line(request=request, status_code=404, args=(f"/c/{MARKER}/",))
    assert told["message"] == "404 for GET an address that does not exist"


@pytest.mark.django_db
def test_what_people_type_is_never_written(
    written, browser_of, ada, grace, lesson, monkeypatch, settings
):
    """A whole lesson's texts, a refusal, a wrong host, and a page that breaks."""
    slug = ada.classroom.slug
    student, teacher = browser_of(ada), browser_of(grace)
    student.raise_request_exception = teacher.raise_request_exception = False
    anonymous = Client(raise_request_exception=False, REMOTE_ADDR="203.0.113.77")
    student.post(f"/c/{slug}/raise/", {"form_key": "k"})
    student.post(f"/c/{slug}/describe/text/", {"text": MARKER})
    assert ada.help_requests.get().text == MARKER
    assert student.post(f"/c/{slug}/describe/text/", {"text": MARKER * 999}).status_code == 422
    student.post(f"/c/{slug}/lower/", {"reason": MARKER})
    teacher.post(f"/c/{slug}/raise-for/", {"name": MARKER, "student": MARKER})
    anonymous.get(f"/c/{MARKER}/?name={MARKER}")
    anonymous.get("/", headers={"host": f"{MARKER}.example.org"})
    anonymous.post("/accounts/login/", {"login": f"{MARKER}@example.org", "password": MARKER})
    Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": MARKER})

    def break_down(*args, **kwargs):
        secret = MARKER
        raise RuntimeError(f"cannot save {secret}")

    monkeypatch.setattr(actions, "raise_hand", break_down)
    broken = student.post(f"/c/{slug}/raise/?name={MARKER}", {"form_key": MARKER})
    assert broken.status_code == 500
    told = written.getvalue()
    assert "500 for POST /c/<slug:slug>/raise/" in told
    assert "builtins.RuntimeError" in told
    assert "break_down" in told
    for private in (MARKER, MARKER.lower(), slug, "203.0.113.77", "Ada", "Grace"):
        assert private not in told
    assert student.cookies[settings.DEVICE_COOKIE_NAME].value not in told
    assert views.__file__ in told


def test_the_same_is_said_once_a_minute(written, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(logs.time, "monotonic", lambda: now[0])
    logger = logging.getLogger("some.where")
    for _ in range(50):
        logger.warning("Redis is away")
    logger.warning("the other thing")
    now[0] += 61
    logger.warning("Redis is away")
    assert written.getvalue().count("Redis is away") == 2
    assert written.getvalue().count("the other thing") == 1


def test_every_request_that_went_wrong_is_told(written):
    request = HttpRequest()
    request.method = "GET"
    for _ in range(3):
        logging.getLogger("django.request").error("x", extra={"request": request})
    assert written.getvalue().count("500 for GET") == 3


def test_requests_that_came_while_something_was_away_are_told_once(written):
    request = HttpRequest()
    request.method = "GET"
    for _ in range(3):
        facts = {"request": request, "status_code": 503}
        logging.getLogger("django.request").error("x", extra=facts)
    assert written.getvalue().count("503 for GET") == 1


# --- The request's id --------------------------------------------------------


@pytest.mark.django_db
def test_an_answer_carries_the_id_that_its_lines_carry(written, client, monkeypatch):
    monkeypatch.setattr(
        "helpdesk.health.storage.ask", lambda: logging.getLogger("x").warning("asked")
    )
    answer = client.get("/readyz")
    (told,) = [each for each in written.getvalue().splitlines() if "asked" in each]
    assert answer["X-Request-ID"] in told
    assert not logs.request_id.get()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abcd-1234", True),
        ("a" * 64, True),
        ("short", False),
        ("a" * 65, False),
        ("abcd 1234", False),
        ("abcd\n12345", False),
        ("", False),
    ],
)
def test_an_id_of_the_proxy_is_kept_if_it_is_one(given, kept):
    from django.http import HttpResponse

    request = HttpRequest()
    request.META["HTTP_X_REQUEST_ID"] = given
    answer = RequestId(lambda _: HttpResponse())(request)
    assert (answer["X-Request-ID"] == given) is kept
    assert len(answer["X-Request-ID"]) >= 8


@pytest.mark.parametrize(("trusted", "kept"), [(["127.0.0.1"], True), ([], False)])
async def test_only_a_trusted_proxys_id_comes_in(monkeypatch, trusted, kept):
    from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

    import helpdesk.asgi

    seen = {}

    async def routes(scope, receive, send):
        seen.update(scope)

    monkeypatch.setattr(helpdesk.asgi, "_proxied", ProxyHeadersMiddleware(routes, trusted))
    headers = [(b"x-request-id", b"abcd-1234"), (b"x-forwarded-for", b"198.51.100.4")]
    scope = {"type": "http", "client": ("127.0.0.1", 5), "headers": headers, "scheme": "http"}
    await application(scope, None, None)
    assert ((b"x-request-id", b"abcd-1234") in seen["headers"]) is kept
    assert seen["client"][0] == ("198.51.100.4" if kept else "127.0.0.1")


def test_a_wrong_host_is_no_reason_to_quote_it():
    told = line(
        name="django.security.DisallowedHost",
        msg=str(DisallowedHost(MARKER)),
        args=(),
        request=HttpRequest(),
        status_code=400,
    )
    assert MARKER not in json.dumps(told)


def test_a_wrong_line_is_told_and_ends_nothing():
    record = logging.LogRecord("lib", logging.WARNING, "x.py", 1, "took %d s", ("two",), None)
    assert logs.NotAgain().filter(record)
    assert json.loads(logs.JsonLine().format(record))["message"] == "took %d s"


ERRORS = """
import logging.config, sys
from pathlib import Path
from helpdesk import logs
file = Path(sys.argv[1])
logging.config.dictConfig(logs.configuration("text", with_values=True, last_errors=file))
for number in range(3000):
    logging.getLogger("huey").error("It broke, time %d", number)
logging.warning("no error")
try:
    raise ValueError("what somebody typed")
except ValueError:
    logging.getLogger("django").exception("A page was not answered")
print(logs.last_lines(file, 4))
"""


def test_the_last_errors_are_kept_in_a_small_file_and_quote_nobody(tmp_path):
    file = tmp_path / "errors.log"
    command = [sys.executable, "-c", ERRORS, str(file)]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "time 2999" in made.stdout
    assert "A page was not answered" in made.stdout
    assert "ValueError" in made.stdout
    assert "time 2999" in made.stderr
    kept = list(tmp_path.iterdir())
    assert sum(each.stat().st_size for each in kept) <= 2 * logs.KEPT
    text = "".join(each.read_text() for each in kept)
    assert "no error" not in text
    assert "what somebody typed" not in text
    # Where it cannot be written the program goes on.
    nowhere = [*command[:-1], str(tmp_path / "missing" / "errors.log")]
    made = subprocess.run(nowhere, cwd=ROOT, capture_output=True, text=True, check=True)
    assert made.stdout == "[]\n"
    assert "Logging error" not in made.stderr
