"""``./run doctor``: it says what is wrong, whatever is wrong, and nothing of anybody."""

import secrets

import pytest

from tests.operate.data.conftest import new_database
from tests.servers import running

pytestmark = pytest.mark.own_servers
#: What each setting is given: a secret of its own in every place that can hold one.
CANARIES = {
    "SECRET_KEY": "canary-key-{}-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
    "HELPDESK_METRICS_TOKEN": "canary-token-{}-0123456789",
    "EMAIL_URL": "smtp+tls://canary-{}%40school.example:canary-mail-{}@127.0.0.1:9",
    "REDIS_URL": "redis://:canary-redis-{}@127.0.0.1:9/0",
    "HELPDESK_MAIL_FROM": "canary-from-{}@school.example",
    "HELPDESK_SITE_URL": "https://canary-site-{}.example",
    "HELPDESK_TRUSTED_PROXIES": "canary-proxy-{}",
    "HELPDESK_BACKUP_PASSPHRASE_FILE": "/canary-file-{}",
    "ALLOWED_HOSTS": "canary-host-{}",
}
PEOPLE = """
from classrooms.models import *; from accounts.models import User
User.objects.create_user("canary@example.org", name="Canary Person")
school = School.objects.create(name="Canary School")
Classroom.objects.create(school=school, name="Canary class", slug="canary-slug", code="CANARY22")
"""


def canaries(**others):
    marked = {name: text.replace("{}", secrets.token_hex(4)) for name, text in CANARIES.items()}
    return marked | others


def silent(page: str) -> None:
    assert "canary" not in page.lower()
    for part in ("Traceback", "school.example"):
        assert part not in page


def test_a_page_without_a_secret_or_a_name(installation, tmp_path):
    installation.run("manage", "shell", "-c", PEOPLE)
    page = installation.run("doctor", environment=canaries(HELPDESK_LOGS="json"))
    silent(page)
    for told in (
        "SECRET_KEY is set", "EMAIL_URL is set", "HELPDESK_LOGS = json", "Python 3.",
        "Database: ok", "Migrations: ok", "Redis: AWAY", "Mail: AWAY", "Server: AWAY", "Disk: ",
        "Owner: ",
        "accounts_user: 1", "classrooms_school: 1", "Last errors",
    ):  # fmt: skip
        assert told in page, page


def test_a_running_server_is_asked(on_sqlite, tmp_path):
    token = {"HELPDESK_METRICS_TOKEN": "t" * 30}
    with running(tmp_path, **on_sqlite.environment, **token) as server:
        where = {"PORT": str(server.port)}
        page = on_sqlite.run("doctor", environment=where | token)
    assert "/readyz says " in page
    assert "database ok" in page
    assert "helpdesk_sockets_open" in page


def test_it_works_where_nothing_does(on_postgres, postgres_server):
    """Settings that are refused, with a secret in the wrong place; a database that is away."""
    for wrong in (
        {"HELPDESK_MODE": "canary-in-the-wrong-place"},
        {"REDIS_URL": "redsi://:canary-password@host"},
        {"DATABASE_URL": "mysql://canary-user:canary-password@canary-host/x"},
    ):
        page = on_postgres.run("doctor", environment=wrong)
        silent(page)
        assert "The settings are refused" in page
    away = "postgres://someone:canary-password@127.0.0.1:9/x"
    page = on_postgres.run("doctor", environment={"DATABASE_URL": away})
    silent(page)
    assert "Database: AWAY" in page
    assert "Clock: AWAY" in page
    assert "== Last errors" in page
    assert "someone" not in page
    empty = on_postgres.run("doctor", environment={"DATABASE_URL": new_database(postgres_server)})
    assert "to run: ./run manage migrate" in empty
