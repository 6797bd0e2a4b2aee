"""What Mozilla's HTTP Observatory would say of the site behind its proxy."""

import subprocess
import sys
from email.message import Message

import pytest

from tests.operate.headers import ask, score
from tests.run_all import clean_environment
from tests.servers import KEY, ROOT, running

SITE = "help.example.org"
#: Pages that anybody can see, a file, and what is not there.
SEEN = ("/", "/join/", "/accounts/login/", "/nowhere/")


@pytest.mark.own_servers
def test_the_proxied_site_is_at_least_a_plus(tmp_path):
    told = {
        "HELPDESK_MODE": "production",
        "HELPDESK_MAIL": "none",
        "HELPDESK_SITE_URL": f"https://{SITE}",
        "HELPDESK_STATIC_ROOT": str(tmp_path / "collected"),
        "DATABASE_URL": f"sqlite:///{tmp_path}/school.sqlite3",
    }
    everything = {**clean_environment(), **told, "SECRET_KEY": KEY}
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
    subprocess.run(collect, cwd=ROOT, env=everything, check=True)
    with running(tmp_path, **told) as server:
        here = f"http://127.0.0.1:{server.port}"
        status, plain = ask(here + "/", Host=SITE)
        assert status in (301, 308)
        assert plain["Location"] == f"https://{SITE}/"
        for path in SEEN:
            _, headers = ask(here + path, Host=SITE, **{"X-Forwarded-Proto": "https"})
            found = score(headers, sends_on_to=plain["Location"])
            assert found.grade == "A+", found
            assert found.total >= 130, found


def told(**headers) -> Message:
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return message


GOOD = {
    "Content_Security_Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    "Referrer_Policy": "same-origin",
    "Strict_Transport_Security": "max-age=31536000; includeSubDomains; preload",
    "X_Content_Type_Options": "nosniff",
    "X_Frame_Options": "DENY",
    "Cross_Origin_Resource_Policy": "same-origin",
}


@pytest.mark.parametrize(
    ("changed", "total"),
    [
        ({}, 130),
        ({"Set_Cookie": "a=b; Secure; HttpOnly; SameSite=Lax"}, 135),
        ({"Set_Cookie": "a=b; HttpOnly; SameSite=Lax"}, 60),
        ({"Set_Cookie": "a=b; Secure; SameSite=Lax"}, 70),
        ({"Content_Security_Policy": "default-src 'self'"}, 120),
        ({"Content_Security_Policy": "default-src 'none'; script-src 'unsafe-inline'"}, 80),
        ({"Content_Security_Policy": "default-src 'none'; img-src http:"}, 105),
        ({"Content_Security_Policy": ""}, 75),
        ({"Strict_Transport_Security": "max-age=60"}, 120),
        ({"Strict_Transport_Security": ""}, 80),
        ({"Referrer_Policy": "unsafe-url"}, 120),
        ({"X_Content_Type_Options": ""}, 125),
        ({"Cross_Origin_Resource_Policy": "cross-origin"}, 120),
    ],
)
def test_points_are_given_as_the_observatory_does(changed, total):
    found = score(told(**GOOD | changed), sends_on_to="https://help.example.org/")
    assert found.total == total


def test_a_site_that_stays_on_plain_http_loses_points():
    assert score(told(**GOOD), sends_on_to="http://help.example.org/").total == 80
