"""Static files go over the wire compressed, also where nobody has run collectstatic."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from helpdesk import static
from helpdesk.static import Made, StaticFiles, keep_copy
from tests import services
from tests.run_all import clean_environment
from tests.servers import KEY, ROOT


@pytest.mark.parametrize("name", ["css/base.css", "js/live.js", "img/hand.svg"])
def test_text_is_compressed_for_who_can_read_it(client, name):
    lies = (ROOT / "static" / name).read_bytes()
    small = client.get(f"/static/{name}", headers={"accept-encoding": "gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.getvalue()) == lies
    plain = client.get(f"/static/{name}", headers={"accept-encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.getvalue() == lies
    assert small.headers["Content-Type"] == plain.headers["Content-Type"]
    assert small.headers["Vary"] == "Accept-Encoding"


def test_the_mode_that_scans_the_files_first_serves_them_too(settings, client):
    """Production's; the tests look files up one by one, since each new client would scan again."""
    settings.WHITENOISE_AUTOREFRESH = False
    files = static.StaticFiles(lambda request: None).files
    assert files["/static/js/live.js"]
    answer = client.get("/static/css/base.css")
    assert answer.status_code == 200
    assert answer.getvalue() == (ROOT / "static/css/base.css").read_bytes()


def test_a_file_that_a_newer_version_has_collected_is_served_by_who_serves_already(
    settings, rf, tmp_path
):
    """Its pages ask the workers of the former version too, while these are replaced."""
    settings.STATIC_ROOT, settings.WHITENOISE_USE_FINDERS = tmp_path, False
    settings.WHITENOISE_AUTOREFRESH = False
    served = StaticFiles(lambda request: None)
    for name in ("a.0123456789ab.css", "plain.css"):
        (tmp_path / name).write_text("p {}" * 99)
    (tmp_path / "a.0123456789ab.css.gz").write_bytes(gzip.compress(b"p {}" * 99))
    asked = rf.get("/static/a.0123456789ab.css", headers={"accept-encoding": "gzip"})
    for _again in range(2):
        answer = served(asked)
        assert answer.status_code == 200
        assert gzip.decompress(answer.getvalue()) == b"p {}" * 99
    elsewhere = (
        "plain.css",
        "../a.0123456789ab.css",
        "b.0123456789ab.css",
        "a.0123456789ab.css.gz",
    )
    assert [served(rf.get(f"/static/{name}")) for name in elsewhere] == [None] * 4


def test_a_changed_file_gets_a_new_copy(tmp_path):
    path, copy = tmp_path / "a.css", tmp_path / "copies" / "a.css"
    for number in range(3):
        path.write_text(f"/* {number} */" * 50)
        os.utime(path, (number, number))
        keep_copy(path, copy)
        keep_copy(path, copy)
        assert copy.read_bytes() == path.read_bytes()
        assert gzip.decompress(copy.with_name("a.css.gz").read_bytes()) == path.read_bytes()
    assert sorted(each.name for each in copy.parent.iterdir()) == ["a.css", "a.css.gz"]


def test_all_stylesheets_come_in_one_file_that_begins_with_the_layers(client):
    text = client.get("/static/css/all.css").getvalue().decode()
    assert text.startswith("@layer ")
    for path in (ROOT / "static/css").glob("*.css"):
        uncommented = "".join(each.partition("*/")[2] or each for each in commented(path))
        assert (bare(uncommented) in bare(text)) == (path.name != "no-script.css")
    assert "/*" not in text
    assert "\n" not in text


def test_all_scripts_come_in_one_file_and_none_sees_anothers_names(client):
    text = client.get("/static/js/all.js").getvalue().decode()
    for path in (ROOT / "static/js").rglob("*.js"):
        lines = path.read_text(encoding="utf-8").splitlines()
        code = [line.partition(" // ")[0].strip() for line in lines]
        lean = "\n".join(line for line in code if line and not line.startswith("//"))
        assert (f"{{\n{lean}\n}}\n" in text) == (path.name != "not-saved.js")
    assert text.startswith("{\nconst main =")  # what the others speak to is there before them


def commented(path):
    """The parts of a stylesheet; all but the first begin inside a comment."""
    return path.read_text(encoding="utf-8").split("/*")


def bare(text):
    return "".join(text.split())


def test_a_changed_stylesheet_is_in_the_one_file(settings, tmp_path):
    settings.BASE_DIR, settings.VAR_DIR = tmp_path, tmp_path / "var"
    folder = tmp_path / "static" / "css"
    folder.mkdir(parents=True)
    (folder / "tokens.css").write_text("@layer a;")
    for words in ("p {}", "q {}"):
        (folder / "b.css").write_text(words)
        found = Made().find("css/all.css")
        assert Path(found).read_text() == "@layer a;" + bare(words)


@pytest.mark.django_db
def test_pages_and_parts_are_compressed_and_answers_to_a_tap_are_not(client):
    page = client.get("/accounts/login/", headers={"accept-encoding": "gzip"})
    assert page.headers["Content-Encoding"] == "gzip"
    assert b"<!doctype html>" in gzip.decompress(page.content)
    assert "Accept-Encoding" in page.headers["Vary"]
    part = client.get("/accounts/login/", headers={"accept-encoding": "gzip", "hx-request": "true"})
    assert part.headers["Content-Encoding"] == "gzip"
    answer = client.post("/accounts/login/", {}, headers={"accept-encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers


def in_production(*command, **environment):
    """A command of a server in production, to its end."""
    told = {"HELPDESK_MODE": "production", "HELPDESK_MAIL": "none", "SECRET_KEY": KEY}
    told |= {"HELPDESK_SITE_URL": "https://help.example.org", "PORT": str(services._free_port())}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**clean_environment(), **told, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_without_collected_files_is_refused_in_one_sentence(tmp_path):
    """It started, and every page was a 500."""
    folder = tmp_path / "collected"
    database = f"sqlite:///{tmp_path}/school.sqlite3"
    done = in_production(
        "-m", "helpdesk.server", HELPDESK_STATIC_ROOT=str(folder), DATABASE_URL=database
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"The static files of this version are not in {folder}: "
        "collect them with ./run manage collectstatic --noinput, and start again.\n"
    )
    assert not (tmp_path / "school.sqlite3").exists()  # nothing was begun


@pytest.fixture
def collected(settings, tmp_path):
    """Two files of a site in production, collected: (where they come from, where they are)."""
    source, target = tmp_path / "static", tmp_path / "collected"
    source.mkdir()
    for name in ("a.css", "b.js"):
        (source / name).write_text(f"/* {name} */")
    settings.PRODUCTION = True
    settings.STATICFILES_DIRS, settings.STATIC_ROOT = [source], target
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = {"staticfiles": {"BACKEND": "helpdesk.static.Collected"}}
    collect(settings)
    return source, target


def collect(settings):
    call_command("collectstatic", interactive=False, verbosity=0)
    settings.STATIC_ROOT = Path(settings.STATIC_ROOT)  # what was read of them is read again


def test_what_was_collected_of_this_version_serves(collected):
    static.refuse_uncollected()


@pytest.mark.parametrize("harm", ["changed", "new", "lost", "no list", "half a list"])
def test_files_of_another_version_are_refused(collected, settings, harm):
    source, target = collected
    os.utime(target / "a.css", (2**31, 2**31))  # newer than any file of the next version
    if harm == "changed":
        (source / "a.css").write_text("b {}")
    elif harm == "new":
        (source / "c.js").write_text("1")
    elif harm == "lost":
        next(target.glob("a.*.css")).unlink()
    elif harm == "no list":
        (target / "staticfiles.json").unlink()
    else:
        (target / "staticfiles.json").write_text("{")
    settings.STATIC_ROOT = target
    with pytest.raises(ImproperlyConfigured, match="collect them with"):
        static.refuse_uncollected()
    (target / "staticfiles.json").unlink(missing_ok=True)
    settings.STATIC_ROOT = target
    collect(settings)
    static.refuse_uncollected()
