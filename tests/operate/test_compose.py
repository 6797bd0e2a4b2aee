"""compose.yaml holds together: no engine runs it here, so each name in it is looked up."""

import ipaddress
import os
import re
import subprocess

import pytest
import yaml
from django.core.management import get_commands

from helpdesk import supervisor
from tests.helpdesk.test_settings import start
from tests.operate.image import instructions
from tests.servers import ROOT

PLACE = ROOT / "deploy"
TEXT = (PLACE / "compose.yaml").read_text(encoding="utf-8")
HEAD = TEXT.partition("name: helpdesk")[0]
ALL = yaml.safe_load(TEXT)
SERVICES = ALL["services"]
OURS = {name: each for name, each in SERVICES.items() if each["image"] == "helpdesk"}
SETTINGS = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
PINNED = re.compile(r"(postgres|redis|caddy):\d+")


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_pinned_comes_back_and_waits_for_who_it_needs(name):
    told = SERVICES[name]
    assert name in OURS or PINNED.fullmatch(told["image"])
    assert told["restart"] == "unless-stopped"
    for other, how in told.get("depends_on", {}).items():
        assert how == {"condition": "service_healthy"}
        # Ours has its check from the image, the others theirs from here.
        assert other in OURS or SERVICES[other]["healthcheck"]["test"][0] == "CMD"


def test_only_the_proxy_is_seen_from_outside():
    assert [name for name, told in SERVICES.items() if "ports" in told] == ["proxy"]
    assert SERVICES["proxy"]["ports"] == ["80:80", "443:443"]
    assert not [name for name, told in SERVICES.items() if "network_mode" in told]


def test_the_proxy_has_the_address_that_is_believed_and_passes_on_to_the_app():
    address = SERVICES["proxy"]["networks"]["default"]["ipv4_address"]
    (subnet,) = ALL["networks"]["default"]["ipam"]["config"]
    assert ipaddress.ip_address(address) in ipaddress.ip_network(subnet["subnet"])
    for told in OURS.values():
        assert told["environment"]["HELPDESK_TRUSTED_PROXIES"] == address
    used = set(re.findall(r"\{\$(\w+):", (PLACE / "Caddyfile").read_text(encoding="utf-8")))
    assert used == set(SERVICES["proxy"]["environment"])
    dockerfile = (PLACE / "Dockerfile").read_text(encoding="utf-8")
    (port,) = [told for name, told in instructions(dockerfile) if name == "EXPOSE"]
    assert SERVICES["proxy"]["environment"]["HELPDESK_UPSTREAM"] == f"app:{port}"


def test_each_name_leads_to_something():
    for told in SERVICES.values():
        assert set(told.get("secrets", ())) <= set(ALL["secrets"])
        for volume in told.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source in ALL["volumes"] or (PLACE / source).is_file()
        values = [str(value) for value in told.get("environment", {}).values()]
        for value in values:
            assert value.removeprefix("/run/secrets/") in {value, *told.get("secrets", ())}
    assert {PLACE / told["build"]["dockerfile"] for told in OURS.values()}
    for told in OURS.values():
        context = (PLACE / told["build"]["context"]).resolve()
        assert (context / told["build"]["dockerfile"]).is_file()


def test_each_of_our_settings_is_one():
    for told in OURS.values():
        assert {name.removesuffix("_FILE") for name in told["environment"]} <= SETTINGS


def test_there_is_one_clock_and_its_command_is_real():
    assert "command" not in OURS["app"]
    python, manage, command = OURS["clock"]["command"]
    assert (python, manage) == ("python", "manage.py")
    assert command in get_commands()
    assert OURS["app"]["environment"]["HELPDESK_CLOCK"] == "separate"
    grace = int(OURS["app"]["stop_grace_period"].removesuffix("s"))
    assert grace > supervisor.GRACE


@pytest.mark.skipif(os.name != "posix", reason="the lines are for a shell")
def test_the_lines_at_its_top_make_what_it_needs(tmp_path):
    """All but those that need an engine; then our settings are read with what they made."""
    lines = re.findall(r"^#   (\S.*)$", HEAD, re.MULTILINE)
    made_by = [line for line in lines if not line.startswith(("cd ", "docker "))]
    done = subprocess.run(
        ["sh", "-ec", "\n".join(made_by)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    made = {each.name for each in (tmp_path / "secrets").iterdir()}
    assert made == set(ALL["secrets"])
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    host = (tmp_path / ".env").read_text().strip().partition("=")[2]
    told = {name: str(value) for name, value in OURS["app"]["environment"].items()}
    told |= {
        name: value.replace("/run/secrets", str(tmp_path / "secrets"))
        for name, value in told.items()
        if name.endswith("_FILE")
    }
    told["HELPDESK_SITE_URL"] = re.sub(
        r"\$\{HELPDESK_HOST:\?[^}]*\}", host, told["HELPDESK_SITE_URL"]
    )
    code = (
        "import helpdesk.settings as s; d = s.DATABASES['default'];"
        "print(s.SITE_URL, s.WORKERS, s.CLOCK, s.MAIL, d['HOST'], d['NAME'], len(d['PASSWORD']))"
    )
    answered = start(code=code, HELPDESK_MODE="production", **told)
    expected = f"https://{host} 2 separate True database helpdesk 48\n"
    assert answered == (0, expected)
