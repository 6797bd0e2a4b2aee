"""What the examples of deploy/ say about TLS: new versions, good ciphers, certificates of all."""

import re
import ssl

import pytest

from tests.servers import ROOT

NGINX = (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8")
CADDY = "\n".join(
    line.partition("#")[0] for line in (ROOT / "deploy/Caddyfile").read_text().splitlines()
)


def told(name: str) -> str:
    (value,) = re.findall(rf"^\s*{name}\s+(.*);$", NGINX, re.MULTILINE)
    return value


def test_only_new_versions_are_spoken():
    assert told("ssl_protocols") == "TLSv1.2 TLSv1.3"
    # Caddy speaks these two of itself; a line of the file could only take that away.
    assert not re.search(r"^\s*(tls|protocols)\b", CADDY, re.MULTILINE)


def test_ciphers_are_forward_secret_and_authenticated_and_the_strongest_come_first():
    names = told("ssl_ciphers").split(":")
    assert names
    for name in names:
        assert name.startswith("ECDHE-")
        assert "-GCM-" in name or name.endswith("CHACHA20-POLY1305")
    strength = [128 if "AES128" in name else 256 for name in names]
    assert strength == sorted(strength, reverse=True)
    assert told("ssl_prefer_server_ciphers") == "on"
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_ciphers(told("ssl_ciphers"))
    assert set(names) <= {each["name"] for each in context.get_ciphers()}


def test_certificates_are_those_that_every_browser_trusts():
    """Caddy asks a public authority for one; nginx has it from certbot, as the file says."""
    assert not re.search(r"local_certs|tls\s+internal|skip_install_trust|\bca\b", CADDY)
    assert told("ssl_certificate").startswith("/etc/letsencrypt/live/")
    assert "help.example.org" in CADDY


@pytest.mark.parametrize("what", ["redirect", "tls"])
def test_nothing_is_served_without_tls(what):
    plain, secure = NGINX.split("server {")[1:]
    if what == "redirect":
        assert "listen 80;" in plain
        assert "return 301 https://" in plain
        assert "location" not in plain
    else:
        assert "listen 443 ssl;" in secure
        assert "listen 80" not in secure
    assert not re.search(r"^\s*http://", CADDY, re.MULTILINE)


def test_the_proxies_pass_on_to_the_application_alone():
    """No address of a visitor's choice, and no file of the machine."""
    assert told("proxy_pass") == "http://helpdesk"
    assert re.findall(r"^\s*server (\S+:\d+);", NGINX, re.MULTILINE) == ["127.0.0.1:8000"]
    assert not re.search(r"\b(root|alias|autoindex|try_files)\b", NGINX)
    assert re.findall(r"reverse_proxy (\S+)", CADDY) == ["{$HELPDESK_UPSTREAM:127.0.0.1:8000}"]
    assert not re.search(r"\b(file_server|root|browse)\b", CADDY)
