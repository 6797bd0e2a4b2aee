"""The image: each step of the Dockerfile is done, and what it starts is used as a school would."""

import json
import re
from importlib.metadata import version

import pytest
from django.conf import settings
from packaging.requirements import Requirement

from tests.operate import image, scratch
from tests.operate.conftest import LONG
from tests.operate.visit import VISIT
from tests.servers import KEY, ROOT, until

DOCKERFILE = ROOT / "deploy/Dockerfile"
own_machine = pytest.mark.skipif(bool(scratch.reason_against()), reason=scratch.reason_against())
#: A new school's first operator, made by ``docker exec``.
OPERATOR = {
    "DJANGO_SUPERUSER_EMAIL": "grace@example.org",
    "DJANGO_SUPERUSER_PASSWORD": "correct horse battery",
    "DJANGO_SUPERUSER_NAME": "Grace",
}


def test_every_app_of_ours_goes_into_the_image():
    ignore = (ROOT / "deploy/Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    taken = {name.partition("/")[0] for name in image.taken(ROOT, ignore)}
    apps = {name.partition(".")[0] for name in settings.INSTALLED_APPS}
    ours = {name for name in apps | {"helpdesk", "demo"} if (ROOT / name).is_dir()}
    assert len(ours) > 6
    assert ours <= taken


@pytest.mark.parametrize("name", [".env", "var/helpdesk.sqlite3", ".git/config", "tests/a.py"])
def test_nothing_private_goes_into_the_image(name, tmp_path):
    ignore = (ROOT / "deploy/Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    for each in (name, "helpdesk/a.py", "helpdesk/__pycache__/a.pyc"):
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each).touch()
    assert image.taken(tmp_path, ignore) == ["helpdesk/a.py"]


def test_the_image_installs_what_run_installs():
    (told,) = [
        told
        for name, told in image.instructions(DOCKERFILE.read_text(encoding="utf-8"))
        if told.startswith("pip install")
    ]
    flags = re.search(r"hashed = \[(.*), lock\]", (ROOT / "run").read_text(encoding="utf-8"))[1]
    same = re.findall(r'"(.*?)"', flags)
    assert told.split() == ["pip", "install", "--no-cache-dir", *same, "requirements.txt"]


def test_the_packages_that_stand_for_the_installation_are_those_of_the_lock():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = [Requirement(line.rstrip(" \\")) for line in lines if re.match(r"[a-z]", line)]
    assert len(pinned) > 20
    for each in pinned:
        if each.marker is None or each.marker.evaluate():
            assert each.specifier.contains(version(each.name)), each.name


@own_machine
@pytest.mark.own_servers
def test_the_image_is_built_started_used_and_stopped():
    text = DOCKERFILE.read_text(encoding="utf-8")
    started = dict(re.findall(r"-e (\w+)=(\S+)", text.partition("FROM")[0]))
    started |= {"SECRET_KEY": KEY, "HELPDESK_TRUSTED_PROXIES": "127.0.0.1"}
    # As the lines at its top say, but for mail: there is no server that would take it.
    started |= {"HELPDESK_MAIL": "none", "EMAIL_URL": ""}
    with scratch.scratch() as machine:
        built = image.build(machine, ROOT, DOCKERFILE)
        assert built.volumes == ["/app/var"]
        with built.start(started) as server:
            until(lambda: "is ready" in server.said() or server.ended(), LONG)
            assert not server.ended(), server.said()
            built.run(*built.healthcheck)
            built.run("python", "manage.py", "createsuperuser", "--noinput", env=started | OPERATOR)
            seen = json.loads(built.run("python", "-c", VISIT, env=OPERATOR))
            assert seen["files"] > 3
            assert seen["missing"] == []
            assert seen["signed in"]
            server.signal("TERM")
            assert server.process.wait(LONG) == 0, server.said()
        kept = machine.run("ls", "-l", "/app/var")
        assert re.search(r"-rw-------.* helpdesk helpdesk .* helpdesk\.sqlite3\n", kept)
        assert " root " not in kept
