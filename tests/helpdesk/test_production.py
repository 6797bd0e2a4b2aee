"""What production is set to, read from the settings in a process of its own; and what no address
of any server gives away."""

import ast
import json
import re

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from classrooms import access
from tests.catalogue import APPS, ROOT
from tests.helpdesk.test_settings import PRODUCTION, start

TOLD = """
import json, helpdesk.settings as s
names = [name for name in dir(s) if name.endswith("COOKIE_NAME")]
print(json.dumps({
    "cookies": {name: getattr(s, name) for name in names},
    "secure": [s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE],
    "same": [s.SESSION_COOKIE_SAMESITE, s.CSRF_COOKIE_SAMESITE],
    "http_only": [s.SESSION_COOKIE_HTTPONLY, s.CSRF_COOKIE_HTTPONLY],
    "domains": [getattr(s, "SESSION_COOKIE_DOMAIN", None), getattr(s, "CSRF_COOKIE_DOMAIN", None)],
    "hsts": [s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS],
    "redirect": s.SECURE_SSL_REDIRECT,
    "exempt": s.SECURE_REDIRECT_EXEMPT,
    "connect": s.CONTENT_SECURITY_POLICY["DIRECTIVES"]["connect-src"],
    "debug": s.DEBUG,
    "apps": s.INSTALLED_APPS,
    "hashers": s.PASSWORD_HASHERS,
    "codes": [s.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT, s.ACCOUNT_LOGIN_BY_CODE_TIMEOUT],
    "origins": [s.ORIGINS, s.CSRF_TRUSTED_ORIGINS, s.ALLOWED_HOSTS],
}))
"""


@pytest.fixture(scope="module")
def production():
    code, said = start(code=TOLD, **PRODUCTION)
    assert code == 0, said
    return json.loads(said)


def test_each_cookie_belongs_to_this_host_alone(production):
    """No other host, and nobody on a plain network, can set one of ours."""
    assert len(production["cookies"]) >= 7
    for name, value in production["cookies"].items():
        assert value.startswith("__Host-"), name
    assert production["secure"] == [True, True]
    assert production["domains"] == [None, None]


def test_each_cookie_of_ours_is_named_by_a_setting():
    """So none is left out above; Django's own are the session's and the one against forgery."""
    found = set()
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
                if is_call and node.func.attr in ("set_cookie", "set_signed_cookie"):
                    found.add(ast.unparse(node.args[0]))
                    told = {each.arg: ast.unparse(each.value) for each in node.keywords}
                    assert told["httponly"] == "True", path
                    assert told["secure"] == "settings.SESSION_COOKIE_SECURE", path
                    assert told["samesite"] == "'Lax'", path
                    assert "domain" not in told, path
    assert found == {
        "settings.BEEN_COOKIE_NAME",
        "settings.DEVICE_COOKIE_NAME",
        "settings.KNOWN_COOKIE_NAME",
        "settings.REPLIES_COOKIE_NAME",
        "name",  # helpdesk.middleware.FormerKeys: one of these, signed anew
    }


def test_no_script_reads_a_cookie_and_no_other_website_sends_one(production):
    assert production["http_only"] == [True, True]
    assert production["same"] == ["Lax", "Lax"]


def test_browsers_are_kept_to_https_for_a_year_with_all_subdomains(production):
    assert production["hsts"] == [365 * 24 * 3600, True]
    assert production["redirect"] is True


def test_sockets_are_encrypted_and_of_one_origin(production):
    sockets = [each for each in production["connect"] if "://" in each]
    assert sockets == ["wss://help.example.org"]
    assert production["origins"] == [
        ["https://help.example.org"],
        ["https://help.example.org"],
        ["help.example.org"],
    ]


def test_what_is_for_programs_does_not_send_them_on(production):
    """Whoever asks by plain HTTP is answered there, and told nothing that is secret."""
    assert production["exempt"] == [r"^(healthz|readyz|metrics)$"]


def test_nothing_of_the_developers_and_no_made_up_school_is_there(production):
    assert production["debug"] is False
    assert "demo" not in production["apps"]
    assert not [each for each in production["apps"] if "debug" in each or "extensions" in each]


def test_passwords_are_kept_by_argon2id(production):
    assert production["hashers"][0] == "accounts.hashers.Argon2id"


def test_mailed_codes_are_good_for_ten_minutes_at_most(production):
    assert max(production["codes"]) <= 600


@pytest.mark.django_db
def test_no_page_tells_a_key_or_has_one_in_its_links(browser_of, room, lesson, ada, grace):
    """A session's, a device's; and a page's ticket for its socket is worth nothing without them."""
    for who in (ada, grace):
        browser = browser_of(who)
        for path in ("", "sign/", "help/"):
            page = browser.get(f"/c/{room.slug}/{path}")
            assert page.status_code == 200
            keys = [each.value for each in browser.cookies.values() if each.value]
            keys += access.device_keys(
                {n: each.value for n, each in browser.cookies.items()}
            ).values()
            assert keys
            assert not [each for each in keys if each in page.text]
            links = re.findall(r'(?:href|action|src|hx-\w+)="([^"]*)"', page.text)
            assert links
            assert not [each for each in links if re.search(r"ticket|token|key=|session", each)]


@pytest.mark.django_db
def test_what_is_sent_twice_or_elsewhere_changes_nothing(browser_of, room, grace, mallory):
    """The last of two counts, as Django has it; and a form's field is no query's, nor the other
    way round."""
    browser = browser_of(grace)
    address = "/accounts/name/"
    browser.post(address + "?name=From the query", {"name": ["First", "Second"]})
    grace.user.refresh_from_db()
    assert grace.user.name == "Second"
    assert browser.post(address + "?name=From the query").status_code == 422
    before = mallory.sign_outs
    browser.post(f"/accounts/browsers/sign-out-others/?user={mallory.pk}", {"user": mallory.pk})
    mallory.refresh_from_db()
    assert mallory.sign_outs == before


# --- Addresses -------------------------------------------------------------------


def views(resolver=None):
    """Each view that an address leads to."""
    for each in (resolver or get_resolver()).url_patterns:
        if isinstance(each, URLResolver):
            yield from views(each)
        elif isinstance(each, URLPattern):
            yield each


def test_no_form_is_taken_without_its_token():
    """Whoever says that a view needs none opens it to every other website."""
    found = [each for each in views() if getattr(each.callback, "csrf_exempt", False)]
    assert len(list(views())) > 150
    assert found == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["/.git/config", "/.git/HEAD", "/.env", "/manage.py", "/requirements.txt", "/var/secret.key",
     "/static/", "/static/js/", "/static/../manage.py", "/static/%2e%2e/manage.py",
     "/static/..%2fmanage.py", "/static//etc/passwd", "/static/js/..%5c..%5cmanage.py", "/docs/",
     "/api/", "/__debug__/"],
)  # fmt: skip
def test_nothing_lies_at_an_address_but_pages_and_our_files(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/join/", "/nowhere/", "/accounts/login/", "/healthz"])
def test_nobody_is_told_what_they_sent(path):
    """TRACE would show a script the cookies that it may not read."""
    answer = Client().generic("TRACE", path, headers={"cookie": "x=canary"})
    assert answer.status_code == 405
    assert "canary" not in answer.text


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/demo/", "/demo/enter/teacher/"])
def test_no_made_up_school_is_entered(client, path):
    assert client.get(path).status_code == 404
