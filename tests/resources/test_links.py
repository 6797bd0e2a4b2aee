"""Links that lead nowhere, against a small server on this machine: nobody else is asked."""

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core import mail
from django.utils import timezone

from resources import actions, links, tasks
from resources.models import Entry

pytestmark = pytest.mark.django_db


class Answers(BaseHTTPRequestHandler):
    """``/404`` answers 404; ``/to/…`` sends on; ``/no-head`` knows GET alone."""

    asked: list[str] = []

    def do_HEAD(self):
        self.asked.append(f"{self.command} {self.path}")
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to"))
        elif self.path == "/round":
            self.send_response(301)
            self.send_header("Location", "/round")
        elif self.path == "/inside":
            self.send_response(302)
            self.send_header("Location", "http://10.0.0.1/")
        elif self.path == "/no-head":
            self.send_response(405 if self.command == "HEAD" else 200)
        else:
            self.send_response(int(self.path.strip("/").split("/")[0]))
        self.end_headers()

    do_GET = do_HEAD

    def log_message(self, *args):
        pass


@pytest.fixture
def site(monkeypatch):
    """The address of the small server, which for once is taken for a public one."""
    monkeypatch.setattr(links, "is_public", lambda address: address == "127.0.0.1")
    Answers.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "works"),
    [
        ("/200", True),
        ("/200/deep?x=1", True),
        ("/403", True),
        ("/429", True),
        ("/no-head", True),
        ("/to/200", True),
        ("/to/to/200", True),
        ("/404", False),
        ("/410", False),
        ("/500", False),
        ("/to/404", False),
        ("/round", False),
        ("/inside", False),
    ],
)
def test_what_a_server_answers(site, path, works):
    assert links.works(site + path) is works


@pytest.mark.parametrize(
    "link",
    ["", "nonsense", "ftp://example.org/", "http://", "http://[", "http://127.0.0.1:1/",
     "javascript:alert(1)", "file:///etc/passwd", "http://x.invalid/", "http://127.0.0.1:x/"],
)  # fmt: skip
def test_what_is_no_address_works_not_and_raises_nothing(link):
    assert not links.works(link)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "::1", "fe80::1%eth0"]
)
def test_nobody_has_the_server_knock_inside(address):
    assert not links.is_public(address)


def test_only_the_outside_is_asked(site, monkeypatch):
    monkeypatch.undo()
    assert not links.works(f"{site}/200")
    assert Answers.asked == []


def test_the_owner_is_told_once_when_several_looks_found_nobody(site, publish, edsger):
    entry = publish(link=f"{site}/404")
    now = timezone.now()
    assert actions.check_links(now) == 1
    assert mail.outbox == []
    assert actions.check_links(now) == 0  # its turn comes again in a few days
    for days in (4, 8, 12, 16):
        assert actions.check_links(now + timedelta(days=days)) == 1
    (letter,) = mail.outbox
    assert letter.to == [edsger.user.email]
    assert f"{site}/404" in letter.body
    entry.refresh_from_db()
    assert entry.has_dead_link
    assert len(Answers.asked) == 5


def test_a_bad_day_is_forgotten_and_a_new_address_begins_anew(site, publish, edsger):
    entry = publish(link=f"{site}/500")
    now = timezone.now()
    actions.check_links(now)
    Entry.objects.update(link=f"{site}/200")
    actions.check_links(now + timedelta(days=4))
    entry.refresh_from_db()
    assert entry.link_failures == 0
    Entry.objects.update(link_failures=2)
    entry.refresh_from_db()
    actions.change_entry(entry, {"link": f"{site}/404"}, by=edsger.user)
    entry.refresh_from_db()
    assert (entry.link_checked_at, entry.link_failures) == (None, 0)


def test_a_few_at_a_time_the_longest_unseen_first(site, publish):
    names = [f"Entry {number}" for number in range(5)]
    for name in names:
        publish(title=name, link=f"{site}/200/{name[-1]}")
    publish(title="No link")
    draft = publish(title="Draft", link=f"{site}/200/draft")
    Entry.objects.filter(pk=draft.pk).update(published_at=None)
    now = timezone.now()
    assert [actions.check_links(now) for _turn in range(4)] == [2, 2, 1, 0]
    assert Answers.asked == [f"HEAD /200/{number}" for number in range(5)]


def test_a_letter_that_cannot_be_sent_is_tried_again(site, publish, monkeypatch):
    publish(link=f"{site}/404")
    now = timezone.now()
    actions.check_links(now)
    with monkeypatch.context() as broken:
        broken.setattr(actions, "send_mail", _no_mail)
        actions.check_links(now + timedelta(days=4))
    actions.check_links(now + timedelta(days=4))
    assert len(mail.outbox) == 1


def _no_mail(*args):
    raise OSError


def test_it_is_off_unless_the_server_is_to_ask_others(site, publish, settings):
    publish(link=f"{site}/200")
    tasks.check_links.call_local()
    assert Answers.asked == []
    settings.CHECK_LINKS = True
    tasks.check_links.call_local()
    assert len(Answers.asked) == 1


def test_the_page_of_entries_names_what_leads_nowhere(browser_of, edsger, publish, room):
    publish(classroom=room, link="https://example.org/")
    page = f"/c/{room.slug}/manage/resources/"
    assert "Nobody answers" not in browser_of(edsger).get(page).text
    Entry.objects.update(link_failures=2)
    assert "Nobody answers" in browser_of(edsger).get(page).text
