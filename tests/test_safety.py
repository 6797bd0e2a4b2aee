"""What is true of every answer, and what happens when the ground gives way."""

import threading

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.urls import reverse

from requests_app import actions
from requests_app.models import HelpRequest, Queue

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}
#: As a browser says of a form of ours: only that is given back (tests/helpdesk/test_again.py).
FROM_US = {"origin": "http://testserver"}


def url(room, verb="show"):
    return reverse(f"requests_app:{verb}", args=[room.slug])


def test_every_answer_carries_the_headers(browser_of, room, lesson, ada, grace, client):
    answers = [
        client.get("/"),
        client.get("/nowhere/"),
        client.get("/accounts/login/"),
        client.get("/static/js/live.js"),
        browser_of(ada).get(url(room)),
        browser_of(ada).post(url(room, "raise_hand"), **HTMX),
        browser_of(grace).get(url(room)),
        browser_of(grace).post(url(room, "open_help"), {"closes_at": "x"}, **HTMX),
    ]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "camera=()" in answer.headers["Permissions-Policy"]
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_no_page_of_a_class_stays_in_a_cache(browser_of, room, lesson, ada, grace):
    for who in (ada, grace):
        answer = browser_of(who).get(url(room))
        assert answer.headers["Cache-Control"] == "no-store, private"
        assert "HX-Request" in answer.headers["Vary"]


def test_no_script_or_style_stands_in_a_page(browser_of, room, raise_hand, ada, grace):
    raise_hand(ada, text="Why?")
    for who in (ada, grace):
        page = browser_of(who).get(url(room)).text
        for tag in page.split("<script")[1:]:
            assert tag.startswith(" src=") or " src=" in tag.split(">")[0]
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick=" not in page
        assert "hx-on" not in page


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        '<div hx-get="/x" hx-trigger="load"></div>',
        "{{ 7|add:7 }}{% csrf_token %}",
        "'\"><svg/onload=alert(1)>",
    ],
)
def test_what_people_write_is_only_ever_text(text, browser_of, room, lesson, ada, grace):
    from classrooms import actions as people

    people.rename(ada, text[:60])
    request = actions.raise_hand(Queue.objects.of(room), student=ada, form_key="x")
    actions.describe(request, by=ada, text=text)
    for who in (ada, grace):
        page = browser_of(who).get(url(room)).text
        assert ("<" in text and text in page) is False
        assert "<script>alert" not in page
        assert '<div hx-get="/x"' not in page
        assert "<img src=x" not in page


def test_a_body_that_is_too_large_is_refused_kindly(browser_of, room, raise_hand, ada):
    raise_hand(ada)
    answer = browser_of(ada).post(
        f"/c/{room.slug}/describe/text/", {"text": "x" * (settings.MAX_BODY + 1)}
    )
    assert answer.status_code == 413
    assert "too large" in answer.text.lower() or "too long" in answer.text.lower()


def test_a_form_without_its_token_is_refused_and_keeps_the_text(browser_of, room, raise_hand, ada):
    raise_hand(ada)
    client = browser_of(ada, enforce_csrf_checks=True)
    url = f"/c/{room.slug}/describe/text/"
    answer = client.post(url, {"text": "my long question"}, headers=FROM_US)
    assert answer.status_code == 403
    assert "my long question" in answer.text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_database_that_is_away_says_so_and_keeps_the_text(
    headers, browser_of, room, raise_hand, ada, monkeypatch
):
    raise_hand(ada)

    def away(*args, **kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr(actions, "describe", away)
    client = browser_of(ada, raise_request_exception=False)
    url = f"/c/{room.slug}/describe/text/"
    answer = client.post(url, {"text": "my long question"}, headers=FROM_US, **headers)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    if headers:
        assert 'id="flash"' in answer.text  # the form on the page is left as it is
    else:
        assert "my long question" in answer.text
    assert "Traceback" not in answer.text


#: So that a connection waits for a lock for half a second.
SHORT_WAIT = {
    "sqlite": "PRAGMA busy_timeout=500",
    "postgresql": "SET lock_timeout = '500ms'",
}


@pytest.mark.django_db(transaction=True)
def test_a_locked_database_answers_503_and_loses_nothing(browser_of, room, lesson, ada):
    """Somebody holds the queue's lock for longer than we wait (F7)."""
    client = browser_of(ada, raise_request_exception=False)
    holds, let_go = threading.Event(), threading.Event()
    queue = Queue.objects.of(room)

    def hold():
        with transaction.atomic():
            Queue.objects.locked(queue.pk)
            holds.set()
            let_go.wait(120)
        connection.close()

    holder = threading.Thread(target=hold)
    with connection.cursor() as cursor:
        cursor.execute(SHORT_WAIT[connection.vendor])
    holder.start()
    assert holds.wait(60)
    try:
        answer = client.post(url(room, "raise_hand"), {"form_key": "first"}, headers=FROM_US)
    finally:
        let_go.set()
        holder.join()
        connection.close()  # the next ones wait as long as before
        if connection.vendor == "postgresql":
            connection.close_pool()
    assert answer.status_code == 503
    assert "first" in answer.text
    assert HelpRequest.objects.count() == 0
    again = client.post(url(room, "raise_hand"), {"form_key": "first"})
    assert again.status_code == 302
    assert HelpRequest.objects.count() == 1
