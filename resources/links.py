"""Whether the web addresses in the directory still lead somewhere.

Promises: a look asks for the headers of one page, sends nothing about anybody, takes seconds
at most and never raises; and nobody can have this server knock at addresses inside the
school's own network: each step of a look resolves a name once, and connects to what it checked.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import SplitResult, urljoin, urlsplit

#: Seconds to wait for a server, seconds after which no further step of a look begins, and how
#: often a look lets itself be sent on: the clock, which looks, has other work too.
PATIENCE, GIVES_UP, MOST_STEPS = 4, 8, 4
#: Scheme → the one port at which the web answers.
PORTS = {"http": 80, "https": 443}
#: Answers of a server that is there and keeps its pages for people, or counts its guests.
_THERE = frozenset({401, 402, 403, 405, 406, 408, 418, 425, 429, 451})
_AGENT = {"User-Agent": "helpdesk-link-check", "Accept": "*/*"}
#: The internet's part of the newer addresses; what is not in it stands for other addresses (NAT64,
#: IPv4-mapped, -compatible), for one network (site-local) or for many receivers.
_NEWER = ipaddress.ip_network("2000::/3")
#: What is left of both kinds that leads elsewhere than it says, or that not every Python knows of.
_ELSEWHERE = [
    ipaddress.ip_network(each)
    for each in (
        "192.0.0.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "198.18.0.0/15",
        "2001::/23",  # Teredo and other tunnels
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
]


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
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with closing(_connection(parts)) as connection, _ended_in_time(connection.sock):
        if isinstance(connection.sock, ssl.SSLSocket):
            connection.sock.do_handshake()
        connection.request(method, path, headers=_AGENT)
        answer = connection.getresponse()
        is_sent_on = answer.status in (301, 302, 303, 307, 308)
        return answer.status, answer.getheader("Location", "") if is_sent_on else ""


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    """Open already, to an address that was checked; ``Host`` and the certificate go by the name."""
    host = parts.hostname
    if parts.scheme not in PORTS or not host or parts.port not in (None, PORTS[parts.scheme]):
        raise ValueError(parts.geturl())
    port = PORTS[parts.scheme]
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(host, port, timeout=PATIENCE)
    plain = socket.create_connection((checked_address(host, port), port), PATIENCE)
    try:
        connection.sock = _secured(plain, host) if parts.scheme == "https" else plain
    except BaseException:
        plain.close()
        raise
    return connection


def _secured(plain: socket.socket, host: str) -> ssl.SSLSocket:
    secure = ssl.create_default_context()
    return secure.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)


@contextmanager
def _ended_in_time(connected: socket.socket) -> Iterator[None]:
    """``PATIENCE`` is for each byte: a server that drips its answer would hold the clock up."""
    timer = threading.Timer(GIVES_UP, _end, [connected])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end(connected: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


def checked_address(host: str, port: int) -> str:
    """The address to connect to. Nothing is asked where one of a name's addresses is inside."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for _family, _type, _protocol, _name, address in found]
    if not addresses or not all(is_public(each) for each in addresses):
        raise ValueError(host)
    return min(addresses, key=lambda each: ":" in each)  # more servers reach the older kind


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet and not to this machine or network."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if not found.is_global or found.is_multicast or found.is_reserved:
        return False
    if found.version == 6 and found not in _NEWER:
        return False
    return not any(found in each for each in _ELSEWHERE)
