"""A wrong setting stops the start with one sentence that names the variable."""

import os
import re
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import ConnectionHandler, connection

from helpdesk import env
from helpdesk import settings as product

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCTION = {
    "HELPDESK_MODE": "production",
    "HELPDESK_SITE_URL": "https://help.example.org",
    "SECRET_KEY": "k3J9-qW7x_Zt2-Lm8v_Bn4c-Rf6h_Yp1s-Gd5a_Ue0o-Ti3w_Xk9",
    "EMAIL_URL": "smtp+tls://helpdesk:secret@mail.example.org:587",
}


BACKEND = "import helpdesk.settings as s; print(s.EMAIL_BACKEND, s.MAIL)"


def start(
    *,
    code="import helpdesk.settings as s; print(s.ALLOWED_HOSTS, s.ORIGINS, s.SESSION_COOKIE_NAME)",
    at=ROOT,
    **env,
):
    """Import the settings in a process of its own; returns (exit code, what it said)."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HELPDESK_")
        and name
        not in (
            "SECRET_KEY",
            "SECRET_KEY_FALLBACKS",
            "DATABASE_URL",
            "REDIS_URL",
            "PORT",
            "HOST",
            "ALLOWED_HOSTS",
            "EMAIL_URL",
        )
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=clean | env,
        cwd=at,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


# --- The key that is kept in a file ------------------------------------------


@pytest.mark.parametrize("kept", ["", "\n", "short", "k3J9-qW7x_Zt2-Lm8v", "\x00" * 86, "é" * 86])
def test_a_key_that_is_not_whole_is_told_and_not_used(tmp_path, kept):
    """An empty one, of a full disk or a power cut, made every page a 500 for ever."""
    file = tmp_path / "secret.key"
    file.write_text(kept, encoding="utf-8")
    with pytest.raises(ImproperlyConfigured, match=r"holds no whole key: delete it"):
        env.secret("SECRET_KEY_OF_NOBODY", kept_in=file)


def test_a_key_is_kept_whole_or_not_at_all(tmp_path, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(ImproperlyConfigured, match="No space left on device"):
            env.secret("SECRET_KEY_OF_NOBODY", kept_in=tmp_path / "var" / "secret.key")
    assert list((tmp_path / "var").iterdir()) == []
    made = env.secret("SECRET_KEY_OF_NOBODY", kept_in=tmp_path / "var" / "secret.key")
    assert (tmp_path / "var" / "secret.key").stat().st_mode & 0o077 == 0
    assert env.secret("SECRET_KEY_OF_NOBODY", kept_in=tmp_path / "var" / "secret.key") == made
    assert [each.name for each in (tmp_path / "var").iterdir()] == ["secret.key"]


def test_those_who_start_at_once_agree_on_one_key(tmp_path):
    file, together = tmp_path / "secret.key", threading.Barrier(8)

    def start_at_once(_number):
        together.wait()
        return env.secret("SECRET_KEY_OF_NOBODY", kept_in=file)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(start_at_once, range(8)))) == 1


def test_former_keys_are_as_strong_as_the_present_one(monkeypatch):
    strong = PRODUCTION["SECRET_KEY"]
    two = [f"{strong}x", strong]
    for given, keys in (("", []), (strong, [strong]), (f" {strong}x , {strong}", two)):
        monkeypatch.setenv("SECRET_KEY_FALLBACKS", given)
        assert env.former_secrets("SECRET_KEY_FALLBACKS") == keys
    monkeypatch.setenv("SECRET_KEY_FALLBACKS", f"{strong},short")
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY_FALLBACKS must hold former values"):
        env.former_secrets("SECRET_KEY_FALLBACKS")


def test_nothing_set_is_enough():
    code, said = start()
    assert code == 0
    assert "http://127.0.0.1:8000" in said


def test_production_starts_with_what_it_needs():
    code, said = start(**PRODUCTION)
    assert code == 0
    assert "['help.example.org'] ['https://help.example.org'] __Host-sessionid" in said


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        (
            {"HELPDESK_MOD": "demo"},
            "HELPDESK_MOD is not a setting of helpdesk. Did you mean HELPDESK_MODE?",
        ),
        ({"HELPDESK_MODE": "prod"}, "HELPDESK_MODE must be one of"),
        ({"PORT": "eighty"}, "PORT must be a number from 1 to 65535"),
        ({"HELPDESK_DEBUG": "maybe"}, "HELPDESK_DEBUG must be yes or no"),
        ({"HELPDESK_SITE_URL": "help.example.org"}, "HELPDESK_SITE_URL must be the full address"),
        ({"HELPDESK_SITE_URL": "https://*"}, "HELPDESK_SITE_URL must be the full address"),
        ({"HELPDESK_SITE_URL": "https://a.example/path"}, "without a path"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL must start with"),
        ({"DATABASE_URL": "postgress://x/y"}, "DATABASE_URL must start with"),
        ({"DATABASE_URL": "postgres://x:pw@host:5432"}, "the name of the database"),
        ({"DATABASE_URL": "postgres://x:pw@host/"}, "the name of the database"),
        ({"DATABASE_URL": "sqlite:///"}, "the name of the file"),
        ({"DATABASE_URL": "sqlite:////srv/help#desk/x.sqlite3"}, "write %23 for # and %3F for ?"),
        ({"DATABASE_URL": "sqlite:////srv/help?desk/x.sqlite3"}, "write %23 for # and %3F for ?"),
        ({"DATABASE_URL": "postgres://x:pw@host:54x2/y"}, "DATABASE_URL has a port that is no"),
        ({"DATABASE_URL": "postgres://x:pw@host:99999/y"}, "DATABASE_URL has a port that is no"),
        ({"REDIS_URL": "redis://x:six/0"}, "REDIS_URL has a port that is no number"),
        ({"HELPDESK_LOGS": "xml"}, "HELPDESK_LOGS must be one of text, json"),
        ({"REDIS_URL": "http://x"}, "REDIS_URL must start with redis://"),
        ({"HELPDESK_TIME_ZONE": "Mars/Base"}, "HELPDESK_TIME_ZONE must be a zone"),
        ({"HELPDESK_LANGUAGES": "en,xx"}, "HELPDESK_LANGUAGES: 'xx'"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too weak"),
        ({"SECRET_KEY": "a" * 60}, "SECRET_KEY is too weak"),
        ({"SECRET_KEY_FILE": "/nowhere/at/all"}, "SECRET_KEY_FILE: cannot read"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must not be *"),
        (PRODUCTION | {"SECRET_KEY": ""}, "SECRET_KEY is missing"),
        (PRODUCTION | {"HELPDESK_SITE_URL": "http://help.example.org"}, "must start with https://"),
        (PRODUCTION | {"HELPDESK_SITE_URL": ""}, "HELPDESK_SITE_URL must be the full address"),
        (PRODUCTION | {"HELPDESK_DEBUG": "yes"}, "HELPDESK_DEBUG must be off in production"),
        (PRODUCTION | {"EMAIL_URL": ""}, "EMAIL_URL must name a mail server"),
        (PRODUCTION | {"EMAIL_URL": "dummymail://"}, "HELPDESK_MAIL=none starts without one"),
        ({"EMAIL_URL": "carrier-pigeon://x"}, "EMAIL_URL must look like"),
        ({"HELPDESK_WORKERS": "2"}, "HELPDESK_WORKERS=2 needs DATABASE_URL to name a PostgreSQL"),
        (
            {"HELPDESK_WORKERS": "2", "DATABASE_URL": "postgres://x/y"},
            "HELPDESK_WORKERS=2 needs REDIS_URL",
        ),
        ({"HELPDESK_MAIL": "perhaps"}, "HELPDESK_MAIL must be one of send, none"),
        ({"HELPDESK_SECOND_FACTOR": "on"}, "HELPDESK_SECOND_FACTOR must be one of off, admins"),
    ],
)
def test_a_wrong_value_is_refused_by_name(env, sentence):
    code, said = start(**env)
    assert code != 0
    assert sentence in said


@pytest.mark.parametrize("url", ["", "consolemail://", "smtp://mail.example.org"])
def test_production_without_mail_is_possible_when_it_is_meant_and_says_no_code(url):
    code, said = start(**PRODUCTION | {"EMAIL_URL": url, "HELPDESK_MAIL": "none"}, code=BACKEND)
    assert code == 0
    assert "django.core.mail.backends.dummy.EmailBackend False" in said


def test_only_a_mail_server_counts_as_mail():
    for url in ("", "consolemail://", "filemail:///tmp/x", "memorymail://"):
        assert " False" in start(EMAIL_URL=url, code=BACKEND)[1]
    assert " True" in start(EMAIL_URL="smtp+ssl://x:y@mail.example.org:465", code=BACKEND)[1]


ENTRANCE = (
    "import helpdesk.settings as s; print(s.ACCOUNT_EMAIL_VERIFICATION, s.OPEN_SIGNUP, "
    "s.ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS, s.SECOND_FACTOR, s.PASSKEYS, s.MFA_ALLOW_UNVERIFIED_EMAIL)"
)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        (PRODUCTION, "mandatory False False admins True False"),
        (PRODUCTION | {"HELPDESK_OPEN_SIGNUP": "yes"}, "mandatory True True admins True False"),
        (PRODUCTION | {"HELPDESK_MAIL": "none"}, "none False False admins True True"),
        (PRODUCTION | {"HELPDESK_SECOND_FACTOR": "off"}, "mandatory False False off True False"),
        ({}, "none True True off False True"),
        ({"HELPDESK_MODE": "lan"}, "none True True off False True"),
    ],
)
def test_what_is_asked_at_the_entrance(env, said):
    """Proofs where mail works, no letters to strangers where sign-up is closed."""
    assert start(**env, code=ENTRANCE) == (0, f"{said}\n")


#: Each character means something in an address, in a pattern or in a shell.
ODD = "10% of #1? a+b %41 [é] & 'x'"
WHERE = """
import helpdesk.settings as s, sqlite3
sqlite3.connect(s.DATABASES["default"]["NAME"]).execute("CREATE TABLE here (x)")
sqlite3.connect(s.HUEY["filename"]).execute("CREATE TABLE here (x)")
print(s.STATIC_ROOT)
"""


def test_the_database_lies_in_its_folder_whatever_that_is_called(tmp_path):
    """Behind a # it lay beside the folder, where the next installation found it."""
    folder = tmp_path / ODD
    shutil.copytree(ROOT / "helpdesk", folder / "helpdesk")
    code, said = start(code=WHERE, PYTHONPATH=os.pathsep.join([str(folder), str(ROOT)]), at=folder)
    assert (code, said) == (0, f"{folder}/collected\n")
    assert [each.name for each in tmp_path.iterdir()] == [ODD]
    made = {"helpdesk.sqlite3", "helpdesk.jobs.sqlite3"}
    assert made <= {each.name for each in (folder / "var").iterdir()}


def test_an_address_of_a_file_means_that_file():
    for path in (f"/srv/{ODD}/helpdesk.sqlite3", "/srv/helpdesk/var/helpdesk.sqlite3"):
        assert env.sqlite_path("DATABASE_URL", env.sqlite_url(Path(path))) == path


def test_workers_of_the_settings_are_for_a_server_of_a_school():
    code = "import helpdesk.settings as s; print(s.WORKERS)"
    both = {"DATABASE_URL": "postgres://x/y", "REDIS_URL": "redis://x", "HELPDESK_WORKERS": "3"}
    assert start(code=code, **both) == (0, "3\n")
    assert start(code=code, HELPDESK_WORKERS="3", HELPDESK_MODE="demo") == (0, "1\n")
    assert start(code=code) == (0, "1\n")


def test_a_refused_address_does_not_show_the_password():
    for url in ("postgres://x:hunter2@host", "postgres://x:hunter2@host:54x2/y"):
        assert "hunter2" not in start(DATABASE_URL=url)[1]


def test_the_example_lists_what_the_settings_read():
    sources = (ROOT / "helpdesk/settings.py").read_text() + (ROOT / "helpdesk/env.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', sources))
    read |= set(re.findall(r'"(HELPDESK_[A-Z_]+)",', sources))
    listed = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert listed == read


@pytest.mark.django_db
def test_the_database_is_set_to_keep_what_it_acknowledged():
    """By the product's own settings: those of the tests wait longer for a lock."""
    options = product.DATABASES["default"]["OPTIONS"]
    known = connection.settings_dict | {"OPTIONS": options}
    ours = ConnectionHandler({"default": known, "product": known})["product"]

    def answer(query):
        with ours.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone()[0]

    if settings.SQLITE:
        assert answer("PRAGMA journal_mode") == "wal"
        assert answer("PRAGMA synchronous") == 2  # FULL: a power cut loses nothing answered
        assert answer("PRAGMA foreign_keys") == 1
        assert answer("PRAGMA busy_timeout") == 5000
        assert options["transaction_mode"] == "IMMEDIATE"
        ours.close()
    else:
        assert answer("SHOW statement_timeout") == "5s"
        assert answer("SHOW lock_timeout") == "1s"
        # The tests' server gives up durability for speed; the product's connections must not.
        assert "synchronous_commit" not in options["options"]
        ours.close()
        ours.close_pool()
