"""The proxies of deploy/, as they are written there, in front of a service that was installed."""

import json
import re
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests import services
from tests.operate.conftest import FOLDER, LONG, service
from tests.operate.test_image import own_machine
from tests.operate.visit import CLASS, ECHO, SEE_WHAT_IS_PASSED_ON, THROUGH_A_PROXY
from tests.servers import ROOT, until

pytestmark = [own_machine, pytest.mark.own_servers, pytest.mark.xdist_group("install")]
NAME = "help.example.org"
LIVE = f"/etc/letsencrypt/live/{NAME}"
#: What Debian's own file has around conf.d.
NGINX = """daemon off; error_log stderr; pid /run/nginx.pid;
events {}
http { include conf.d/*.conf; }
"""


def caddy(machine) -> list[str]:
    """Its certificate is its own: nobody outside gives one to a machine without a network."""
    text = (ROOT / "deploy/Caddyfile").read_text(encoding="utf-8")
    changed = text.replace("{\n\tservers", "{\n\tlocal_certs\n\tskip_install_trust\n\tservers", 1)
    assert changed != text
    machine.inside("/etc/caddy").mkdir(exist_ok=True)
    machine.inside("/etc/caddy/Caddyfile").write_text(changed, encoding="utf-8")
    return ["/opt/caddy/caddy", "run", "--config", "/etc/caddy/Caddyfile"]


def nginx(machine) -> list[str]:
    for folder in ("/etc/nginx/conf.d", LIVE, "/var/lib/nginx", "/var/log/nginx"):
        machine.inside(folder).mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "deploy/nginx.conf", machine.inside("/etc/nginx/conf.d/helpdesk.conf"))
    machine.inside("/etc/nginx/nginx.conf").write_text(NGINX)
    key, certificate = certified(NAME)
    machine.inside(f"{LIVE}/privkey.pem").write_bytes(key)
    machine.inside(f"{LIVE}/fullchain.pem").write_bytes(certificate)
    return ["/opt/nginx/nginx", "-c", "/etc/nginx/nginx.conf"]


def haproxy(machine) -> list[str]:
    """Both of its machines are this one; it has few files here."""
    text = (ROOT / "deploy/haproxy.cfg").read_text(encoding="utf-8")
    text = re.sub(r"10\.0\.0\.1[12]:", "127.0.0.1:", text)
    machine.inside("/etc/haproxy").mkdir(exist_ok=True)
    machine.inside("/etc/haproxy/haproxy.cfg").write_text(
        text.replace("maxconn 20000", "maxconn 2000"), encoding="utf-8"
    )
    machine.inside("/etc/haproxy/helpdesk.pem").write_bytes(b"".join(certified(NAME)))
    return ["/opt/haproxy/haproxy", "-db", "-f", "/etc/haproxy/haproxy.cfg"]


def certified(name: str) -> tuple[bytes, bytes]:
    """A key and a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, form, plain), made.public_bytes(pem)


#: How each is set up → how its program is had.
PROXIES = {
    caddy: lambda: services.program_of("caddy", "usr/bin/caddy"),
    nginx: lambda: services.program_of("nginx", "usr/sbin/nginx"),
    haproxy: services.haproxy,
}


def is_open(machine, port: int) -> bool:
    ask = f"import socket; socket.create_connection(('127.0.0.1', {port})).close(); print('up')"
    return machine.run("python", "-c", ask, check=False) == "up\n"


@contextmanager
def in_front(machine, proxy):
    name, program = proxy.__name__, PROXIES[proxy]()
    if program is None:
        pytest.skip(f"there is no {name}, and it could not be fetched")
    place = machine.inside(f"/opt/{name}")
    if not place.exists():
        place.mkdir()
        # What was fetched has its libraries beside it.
        fetched = Path(program).is_relative_to(services.KEPT)
        files = Path(program).parent.iterdir() if fetched else [program]
        for file in files:
            shutil.copy(file, place)
    env = {"HOME": "/root", "LD_LIBRARY_PATH": f"/opt/{name}"}
    with machine.running(*proxy(machine), env=env, log="/run/proxy-log") as started:
        until(lambda: started.ended() or is_open(machine, 443), LONG)
        assert not started.ended(), started.said()
        yield started


@pytest.fixture(scope="module", params=PROXIES, ids=lambda proxy: proxy.__name__)
def seen(request, installed):
    """What visitors see through the proxy, and what the proxy passes on."""
    with in_front(installed, request.param):
        with installed.running("python", "-c", ECHO, log="/run/echo-log"):
            until(lambda: is_open(installed, 8000), LONG)
            passed_on = json.loads(installed.run("python", "-c", SEE_WHAT_IS_PASSED_ON))
        with service(installed):
            ask = ("./run", "manage", "shell", "-c", CLASS)
            said = installed.run(*ask, user="helpdesk", cwd=FOLDER)
            student = said.splitlines()[-1].split(" ", 1)
            told = installed.run("python", "-c", THROUGH_A_PROXY, *student)
            yield json.loads(told) | {"passed": passed_on, "proxy": request.param}


def test_a_page_and_its_files_come_with_all_headers(seen):
    assert seen["page"]["status"] == 200
    assert "max-age=31536000" in seen["page"]["headers"]["strict-transport-security"]
    assert "frame-ancestors 'none'" in seen["page"]["headers"]["content-security-policy"]
    assert seen["page"]["headers"]["x-content-type-options"] == "nosniff"
    assert seen["file"]["status"] == 200
    assert "immutable" in seen["file"]["headers"]["cache-control"]


def test_plain_http_leads_to_https(seen):
    assert seen["plain"]["status"] in (301, 308)
    assert seen["plain"]["headers"]["location"] == f"https://{NAME}/join/"


def test_a_question_for_a_socket_reaches_the_application(seen):
    """One to a class that there is not is refused, and not by a page of the proxy's."""
    assert seen["socket"] == [101, True]
    assert seen["no socket"] == [403, False]


@pytest.mark.parametrize("way", ["", " in pieces"])
@pytest.mark.parametrize("size", ["100 kB", "1.5 MB", "5 MB"])
def test_a_body_over_the_limit_is_answered_by_our_own_page(seen, size, way):
    """Declared at the head, or sent in pieces until it is too much."""
    answer = seen["bodies"][size + way]
    if seen["proxy"] is haproxy and answer["status"] == 0:
        pytest.xfail("HAProxy may break the connection: it does not wait for the rest of a body")
    assert answer["status"] == 413
    assert "helpdesk" in answer["text"]
    assert answer["headers"]["content-security-policy"]


def test_what_is_for_the_inside_is_not_shown(seen):
    assert seen["readyz"]["status"] == seen["metrics"]["status"] == 404
    assert "database" not in seen["readyz"]["text"]


def test_a_visitor_cannot_say_where_they_come_from(seen):
    """Another address, protocol or id in a header is not passed on."""
    assert seen["passed"]["x-forwarded-for"] == "127.0.0.1"
    assert seen["passed"]["x-forwarded-proto"] == "https"
    assert seen["passed"]["host"] == NAME
    assert "made-up" not in seen["passed"].values()
    assert seen["pretended"]["status"] == 200
