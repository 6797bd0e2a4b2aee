"""Links that lead nowhere, against a small server on this machine: nobody else is asked."""

import socket
import ssl
import threading
import time
from contextlib import suppress
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core import mail
from django.utils import timezone

from resources import actions, links, tasks
from resources.models import Entry

pytestmark = pytest.mark.django_db
#: What the fixture ``site`` puts something else in place of.
OUTSIDE = links.is_public


class Answers(BaseHTTPRequestHandler):
    """``/404`` answers 404; ``/to/…`` sends on; ``/no-head`` knows GET alone."""

    asked: list[str] = []

    def do_HEAD(self):
        self.asked.append(f"{self.command} {self.path}")
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to").replace("/http", "http"))
        elif self.path == "/round":
            self.send_response(301)
            self.send_header("Location", "/round")
        elif self.path == "/inside":
            self.send_response(302)
            self.send_header("Location", "http://10.0.0.1/")
        elif self.path == "/port":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:22/")
        elif self.path == "/drip":
            self.send_response(200)
            self.flush_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(b"a")
                    time.sleep(0.05)
            return
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
    monkeypatch.setattr(links, "PORTS", {"http": server.server_address[1], "https": 443})
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
        ("/port", False),
    ],
)
def test_what_a_server_answers(site, path, works):
    assert links.works(site + path) is works


@pytest.mark.parametrize(
    "link",
    ["", "nonsense", "ftp://example.org/", "http://", "http://[", "http://127.0.0.1:1/",
     "javascript:alert(1)", "file:///etc/passwd", "http://x.invalid/", "http://127.0.0.1:x/",
     "http://127.0.0.1:99999999/", "http://x.example:22/", "https://x.example:80/",
     "http://x.example:" + "9" * 5000, "http://" + "x" * 5000, "http://a..b/", "http://ex\nample/"],
)  # fmt: skip
def test_what_is_no_address_works_not_and_raises_nothing(link):
    assert not links.works(link)


#: Addresses of the school's own network, and those that lead into it by another name.
INSIDE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "0.0.0.0",
    "100.64.0.1",
    "192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00::1",
    "fec0::1", "ff02::1", "ff0e::1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::10.0.0.1", "::8.8.8.8",
    "64:ff9b::a00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1", "2002:a00:1::1", "2002:808:808::1",
    "2001:0:a00:1::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1", "4000::1",
    "", "127.1", "2130706433", "0x7f000001", "nonsense",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_nobody_has_the_server_knock_inside(address):
    assert not links.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1", "2a00:1450::1"])
def test_the_internet_is_outside(address):
    assert links.is_public(address)


@pytest.fixture
def names(monkeypatch):
    """``names["x.example"]``: the answers that the resolver gives to this name, one after another;
    ``names.dialled``: where somebody connected to."""
    known = Names()
    real_look, real_dial = socket.getaddrinfo, socket.create_connection

    def look(host, port, *args, **kwargs):
        if host not in known:
            return real_look(host, port, *args, **kwargs)
        answers = known[host]
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    def dial(address, *args, **kwargs):
        known.dialled.append(address[0])
        return real_dial(("127.0.0.1", known.port), *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look)
    monkeypatch.setattr(socket, "create_connection", dial)
    return known


class Names(dict):
    def __init__(self):
        self.dialled, self.port = [], 0


def test_what_was_checked_is_what_is_connected_to(names, site, monkeypatch):
    """A name that answers differently the second time reached a server inside."""
    names.port = int(site.rpartition(":")[2])
    monkeypatch.setattr(links, "is_public", OUTSIDE)
    names["rebinds.example"] = [["93.184.216.34"], ["127.0.0.1"]]
    assert links.works("http://rebinds.example/200")
    assert names.dialled == ["93.184.216.34"]
    assert names["rebinds.example"] == [["127.0.0.1"]]  # and it was asked once
    assert not links.works("http://rebinds.example/200")
    assert len(names.dialled) == 1


@pytest.mark.parametrize("inside", [each for each in INSIDE if each])
def test_a_name_with_one_address_inside_is_not_asked(inside, names, site, monkeypatch):
    monkeypatch.setattr(links, "is_public", OUTSIDE)
    names["mixed.example"] = [["93.184.216.34", inside]]
    assert not links.works("http://mixed.example/200")
    assert names.dialled == []


def test_where_it_is_sent_on_to_is_checked_the_same_way(names, site, monkeypatch):
    names.port = int(site.rpartition(":")[2])
    monkeypatch.setattr(links, "is_public", OUTSIDE)
    names["first.example"] = [["93.184.216.34"]]
    names["second.example"] = [["10.0.0.7"]]
    assert not links.works("http://first.example/to/http://second.example/200")
    assert names.dialled == ["93.184.216.34"]


def test_a_server_that_drips_its_answer_holds_nobody_up(site, monkeypatch):
    monkeypatch.setattr(links, "GIVES_UP", 0.3)
    links.works(f"{site}/drip")  # which goes on for as long as anybody listens


def test_the_name_is_what_the_server_is_asked_for_and_must_prove(names, monkeypatch, tmp_path):
    certificate = certificate_of("secure.example", tmp_path)
    asked = []

    class Named(Answers):
        def do_HEAD(self):
            asked.append(self.headers["Host"])
            super().do_HEAD()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Named)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate)
    ours.sni_callback = lambda _socket, name, _context: asked.append(name)
    server.socket = ours.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    names.port = server.server_address[1]
    names["secure.example"] = names["other.example"] = [["93.184.216.34"]]
    monkeypatch.setattr(
        ssl, "create_default_context", partial(ssl.create_default_context, cafile=certificate)
    )
    try:
        assert links.works("https://secure.example/200")
        assert asked == ["secure.example", "secure.example"]
        assert not links.works("https://other.example/200")
        assert asked[2:] == ["other.example"]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def certificate_of(name, folder):
    """A file with a key and a certificate that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = timezone.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *form)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


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
