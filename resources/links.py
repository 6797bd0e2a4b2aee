"""Whether the web addresses in the directory still lead somewhere (A29).

Promises: a look asks for the headers of one page, sends nothing about anybody, takes seconds
at most and never raises; and nobody can have this server knock at addresses inside the
school's own network.
"""

import http.client
import ipaddress
import socket
import time
from contextlib import closing
from urllib.parse import urljoin, urlsplit

#: Seconds to wait for a server, seconds after which no further step of a look begins, and how
#: often a look lets itself be sent on: the clock, which looks, has other work too.
PATIENCE, GIVES_UP, MOST_STEPS = 4, 8, 4
#: Answers of a server that is there and keeps its pages for people, or counts its guests.
_THERE = frozenset({401, 402, 403, 405, 406, 408, 418, 425, 429, 451})
_AGENT = {"User-Agent": "helpdesk-link-check", "Accept": "*/*"}


def works(link: str) -> bool:
    """Whether somebody answers at this address and has the page."""
    try:
        return _answers(link)
    except (OSError, ValueError, http.client.HTTPException):
        return False


def _answers(link: str) -> bool:
    began = time.monotonic()
    for _step in range(MOST_STEPS):
        if time.monotonic() - began > GIVES_UP:
            return False
        status, onward = _look(link, "HEAD")
        if status in (405, 501):  # it knows no HEAD
            status, onward = _look(link, "GET")
        if not onward:
            return status < 400 or status in _THERE
        link = urljoin(link, onward)
    return False


def _look(link: str, method: str) -> tuple[int, str]:
    """The status, and where it sends us on to, if it does."""
    parts = urlsplit(link)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(link)
    _check_public(parts.hostname)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with closing(kind(parts.hostname, parts.port, timeout=PATIENCE)) as connection:
        connection.request(method, path, headers=_AGENT)
        answer = connection.getresponse()
        is_sent_on = answer.status in (301, 302, 303, 307, 308)
        return answer.status, answer.getheader("Location", "") if is_sent_on else ""


def _check_public(host: str) -> None:
    for _family, _type, _protocol, _name, address in socket.getaddrinfo(host, None):
        if not is_public(str(address[0])):
            raise ValueError(host)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet and not to this machine or network."""
    return ipaddress.ip_address(address.partition("%")[0]).is_global
