"""Each command that the README and docs/operate.md tell to type, and the test that runs it."""

import re

import pytest

from tests.operate import image, scratch
from tests.operate.conftest import LONG
from tests.operate.test_image import own_machine
from tests.servers import ROOT, until

PAGES = ("README.md", "docs/operate.md")
#: What every change must pass runs it (.ci/run), or a person does, on a machine that is idle.
CI, BY_HAND = "CI", "by hand"
#: ``python -m tests.operate.debian`` does, which needs a network.
DEBIAN = "debian"
USED = "test_what_is_installed_starts_is_used_and_ends"
REPLACED = "test_workers_of_the_last_release_serve_while_the_next_one_is_put_in"
#: How a command begins → the test that runs it. The longest beginning counts.
COMMANDS = {
    "./run": "test_what_the_readme_tells_to_try_starts",
    "./run demo": "test_what_the_readme_tells_to_try_starts",
    "./run lan": "test_the_banner_on_a_network_shows_the_address_a_code_and_the_risk",
    "./run test": CI,
    "./run test --changed": "test_the_nearest_are_run_while_there_is_time_and_the_rest_is_named",
    "./run lint": CI,
    "./run audit": CI,
    "./run bench": BY_HAND,
    "apt install": DEBIAN,
    "git clone": DEBIAN,
    "cd ": DEBIAN,
    "sudo ./run install --site-url": USED,
    "sudo ./run install --database": "test_several_workers_are_set_up_by_their_options",
    "sudo -u helpdesk ./run manage createsuperuser": USED,
    "sudo -u helpdesk ./run manage collectstatic": USED,
    "sudo -u helpdesk ./run manage migrate": REPLACED,
    "sudo systemctl reload": REPLACED,
    "sudo systemctl reload caddy": BY_HAND,
    "sudo apt install": DEBIAN,
    "sudo -u postgres psql": DEBIAN,
    "sudo cp deploy/Caddyfile": DEBIAN,
    "git pull": BY_HAND,
    "sudo -u helpdesk ./run move": "test_every_table_arrives_and_comes_back",
    "./run backup": "test_a_backup_brings_back_what_was_there",
    "./run restore": "test_a_backup_brings_back_what_was_there",
    "umask ": BY_HAND,
    ".venv/bin/python -c": BY_HAND,
}


def commands(page: str) -> list[str]:
    """The lines of its blocks of shell, each in one line, without what is said behind a #."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    fenced = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    blocks += re.findall(r"(?:^    \S.*\n)+", fenced, re.MULTILINE)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    bare = [" ".join(re.sub(r"(^|\s)#.*", "", line).split()) for line in lines]
    return [line for line in bare if line]


def held_by(command: str) -> str:
    begins = [begin for begin in COMMANDS if begin != "./run" and command.startswith(begin)]
    if command == "./run":
        begins = [command]
    return COMMANDS[max(begins, key=len)] if begins else ""


@pytest.mark.parametrize("page", PAGES)
def test_each_command_of_a_page_has_its_test(page):
    told = commands(page)
    assert len(told) > 4
    assert [command for command in told if not held_by(command)] == []


@pytest.mark.parametrize("named", sorted(set(COMMANDS.values()) - {CI, BY_HAND, DEBIAN}))
def test_each_test_that_is_named_exists(named):
    begin = re.compile(rf"^(async )?def {named}\(", re.MULTILINE)
    files = (ROOT / "tests").rglob("test_*.py")
    assert any(begin.search(file.read_text(encoding="utf-8")) for file in files)


@own_machine
@pytest.mark.own_servers
@pytest.mark.parametrize("command", ["./run demo --living", "./run"])
def test_what_the_readme_tells_to_try_starts(command, tmp_path):
    """In somebody's own clone, by somebody who is not root, with no network and nothing set."""
    assert command in commands("README.md")
    with scratch.scratch() as machine:
        machine.run("useradd", "--create-home", "--base-dir", "/srv", "ada")
        image.clone(ROOT, machine.inside("/srv/ada/helpdesk"))
        machine.inside("/srv/ada/helpdesk/.venv").symlink_to(scratch.VENV)
        machine.run("chown", "-R", "ada", "/srv/ada/helpdesk")
        how = {"user": "ada", "cwd": "/srv/ada/helpdesk"}
        with machine.running(*command.split(), **how) as started:
            until(lambda: "is ready: http" in started.said() or started.ended(), LONG)
            assert not started.ended(), started.said()
            ask = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/').status)"
            assert machine.run("python", "-c", ask) == "200\n"
            started.signal("INT")
            assert started.process.wait(LONG) in (0, 130), started.said()
            assert "Traceback" not in started.said()
