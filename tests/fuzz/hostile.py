"""Hostile values and broken requests, drawn from a seeded ``Random``: same seed, same input."""

import re
from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote_from_bytes

from tests.fuzz.answers import MARK, SMUGGLED

LONG = b"9" * 5000
#: What people, programs and attackers put where something else is awaited.
VALUES: tuple[bytes, ...] = (
    b"", b" ", b"\0", b"a\0b", b"\t\r\n", b"\r\n%s: 1\r\n" % SMUGGLED.encode(), b"\xff\xfe",
    "\ud800".encode("utf-8", "surrogatepass"), "\U0010ffff".encode(), b"\xc0\xaf",
    b"\xf4\x90\x80\x80",
    ("e" + "\u0301" * 2000).encode(), "\u202e\u2066\ufeff\u200d".encode(),
    "\U0001d56c".encode() * 900,
    "\ufdfa".encode() * 700, "\u1e9b\u0323".encode(), "ﬃ".encode() * 600, "İ".encode() * 300,
    b"a" * 300, b"a" * 20_000, b"\n" * 5000, b"<" * 3000, b"&" * 3000, b"%" * 500, b"(" * 2000,
    LONG, b"-" + LONG, b"9" * 19, b"9" * 30, b"9223372036854775808", b"-1", b"0", b"00", b"1.5",
    b"1e999", b"-1e-999", b"nan", b"inf", b"0x1", b"1_0", b" 1 ", "²".encode(), "٣".encode(),
    "Ⅷ".encode(),
    b"9999-99-99", b"0000-00-00", b"99999-01-01", b"2025-02-30", b"9999-12-31", b"0001-01-01",
    b"10000-01-01T00:00", b"9999-12-31T23:59", b"0001-01-01T00:00", b"25:61", b"24:00", b"-1:00",
    b"2026-W99", b"9999-13", b"0000-01", b"true", b"on", b"None", b"null", b"undefined",
    b"__proto__",
    b"[]", b"{}", b'{"a":' * 500, b"[" * 3000, b'"', b"\\", b"'", b"' OR 1=1 --", b"%s%n%x",
    b'{"id":"x"}', b'{"id":1,"rawId":"x","response":{}}', b'"\\ud800"', b'{"\\udc00":["\\ud800"]}',
    b"{{7*7}}",
    b"{% debug %}", MARK.encode(), b'"><' + MARK.encode(), b"javascript:alert(1)",
    b"../../../../etc/passwd",
    b"http://[::1", b"//[", b"http://host:99999999", b"https:///x", b"//evil.example/x",
    b"/\\evil.example",
    b"http://evil.example", b"http://h\xf6st", "http://host:²".encode(),
    "http://\u2100.example".encode(),
    b"http://localhost:1/", b"http://169.254.169.254/", b"mailto:x", b"data:text/html,x",
    b"///x", b"\x01\x1f",
    b"a@" + b"b" * 300 + b".example", b'"a b"@example.org', b"a@[127.0.0.1]",
    "ä@exämple.org".encode(),
    b"a@b@c", b"\xed\xa0\x80@example.org", b"=cmd|'/c calc'!A0", b"a,b;c\td\n\"e", b"\r\n" * 800,
    b"en-" + b"x-" * 500, b"Europe/Berlin", b"../Berlin", b"teacher", b"admin", b"student",
)  # fmt: skip
#: In an address: as it stands, not escaped again.
PATH_PARTS = (
    b"%00", b"%2f", b"%2e%2e%2f", b"..", b".", b"", b"%c0%af", b"%ff", b"%ed%a0%80",
    b"%E2%80%AE", b"%0d%0a",
    b"%", b"%zz", b"%u0041", b";a=b", b"%5c", b"\\", b"%252f", b"a" * 4000, LONG, b"-1", b"0",
    b"9" * 19,
    b"9" * 30, b"%D9%A3", b"%C2%B2", b"1.5", b"~", b"*", b"%20", b"+", b"%3f", b"%23",
    b"%F0%9D%95%AC" * 100,
    b"x" * 60, b"'", b"%22%3E%3Csvg%20onload=fuzz()%3E", b"__debug__", b".git", b"wp-login.php",
)  # fmt: skip
METHODS = (
    b"HEAD", b"OPTIONS", b"PUT", b"PATCH", b"DELETE", b"TRACE", b"PROPFIND", b"LOCK", b"PURGE",
    b"QUERY",
    b"CONNECT", b"FOO", b"get", b"GETT", b"", b"\x00", b"SOURCE", b"M-SEARCH",
)  # fmt: skip
CONTENT_TYPES = (
    b"", b";", b"/", b"text/plain", b"application/json", b"application/xml", b"x" * 3000,
    b"application/x-www-form-urlencoded; charset=klingon",
    b"application/x-www-form-urlencoded; charset=utf-16",
    b"application/x-www-form-urlencoded; charset=\"\xff\"",
    b"application/x-www-form-urlencoded; charset=idna",
    b"application/x-www-form-urlencoded; charset=hex",
    b"application/x-www-form-urlencoded; charset=",
    b"application/x-www-form-urlencoded; charset=undefined", b"text/html; charset*=utf-8''%ff%fe",
    b"multipart/form-data", b"multipart/form-data; boundary=",
    b"multipart/form-data; boundary=\xff",
    b"multipart/form-data; boundary=" + b"b" * 300, b"multipart/form-data; boundary=\"a b\"",
    b"multipart/form-data; boundary=x; charset=klingon", b"multipart/mixed; boundary=x",
    b"multipart/form-data; boundary*0=x; boundary*1=y", b"a/b" + b";a=b" * 800,
    b"a/b;" + b'a="\\"' * 500,
)  # fmt: skip
HEADERS = (
    b"Host", b"Origin", b"Referer", b"Cookie", b"Accept-Language", b"Accept-Encoding", b"Accept",
    b"HX-Request", b"HX-Current-URL", b"HX-Target", b"HX-Trigger", b"HX-Boosted", b"HX-Prompt",
    b"HX-Current-URL-URI-AutoEncoded", b"If-Modified-Since", b"If-None-Match", b"If-Match",
    b"If-Range",
    b"If-Unmodified-Since", b"Range", b"X-Forwarded-For", b"X-Forwarded-Proto", b"X-Forwarded-Host",
    b"X-Forwarded-Port", b"X-Request-ID", b"X-CSRFToken", b"X-Requested-With",
    b"X-HTTP-Method-Override",
    b"Authorization", b"User-Agent", b"Sec-Fetch-Site", b"Expect", b"TE", b"Content-Encoding",
    b"DNT",
    b"Content-Language", b"Forwarded", b"Via", b"Date", b"X_CSRFToken", b"Content-Disposition",
    b"X-Odd\xff",
    b"Upgrade", b"Connection", b"Idempotency-Key", b"X-Original-URL", b"Max-Forwards",
    b"Keep-Alive",
)  # fmt: skip
HEADER_VALUES = (
    b"", b" ", b"\xff\xfe", b"a" * 8000, LONG, b"*", b"null", b"true", b"http://[::1",
    b"http://host:99999999",
    "http://host:²".encode(), b"http://evil.example", b"[", b"[::1", b"host:host", b"a b",
    b"testserver:99999",
    b"testserver:\xb2", b"..", b"a" * 300 + b".example", b"en" + b",en-x" * 1500,
    b"en;q=" + LONG, b"de-" + b"x-" * 900,
    b"a;q=" + b"0." * 500, b"identity;q=1, *;q=0", b"gzip" + b",gzip" * 900,
    b"bytes=" + LONG + b"-",
    b"bytes=-1", b"bytes=0-0,1-1,2-2", b"bytes=9-1", b"Thu, 99 Foo 9999 99:99:99 GMT",
    b"Mon, 01 Jan 0000 00:00:00 GMT",
    b"Wed, 21 Oct 99999 07:28:00 GMT", b'W/"a"', b'"' + b"a" * 3000, b"sessionid=" + b"a" * 4000,
    b"sessionid=\xff; csrftoken=\xb2", b"csrftoken=" + b"c" * 32, b";;;=;=", b"a=b; " * 1500,
    b"$Version=1",
    b'sessionid="\\"', b"helpdesk-device=e30:1abcde:x", b"helpdesk-language=" + b"x" * 3000,
    b"messages=[]:x",
    b"1.2.3.4, 5.6.7.8", b"1.2.3.4" + b", 1.2.3.4" * 800, b"https", b"javascript:alert(1)",
    b"100-continue",
    b"Basic \xff", b"Bearer " + LONG, b"chunked", b"gzip", b"websocket", b"close", b"Upgrade",
    b"keep-alive",
    MARK.encode(), b"%00", b"(" * 3000, b"1" + b".1" * 2000,
)  # fmt: skip


#: Something that is repeated, as it is told where a failure is.
_REPEATED = re.compile(rb"(.{1,24}?)\1{9,}", re.DOTALL)


def shown(raw: bytes) -> str:
    """Bytes as Python has them, what is repeated said once."""
    parts, end = [], 0
    for found in _REPEATED.finditer(raw):
        once = found[1]
        parts += [repr(raw[end : found.start()]), f"{once!r} * {len(found[0]) // len(once)}"]
        end = found.end()
    parts.append(repr(raw[end:]))
    return " + ".join(part for part in parts if part != "b''")


def value(rng: Random) -> bytes:
    if rng.random() < 0.1:
        return rng.randbytes(rng.choice((1, 7, 60, 900)))
    return rng.choice(VALUES)


@dataclass
class Asked:
    """A request that can be spoilt, and its bytes."""

    method: bytes
    path: bytes
    query: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    #: Whether the other side can tell where it ends.
    is_framed: bool = True

    def as_bytes(self) -> bytes:
        target = self.path + (b"?" + self.query if self.query else b"")
        headers = list(self.headers)
        named = {name.lower() for name, _ in headers}
        if (self.body or self.method == b"POST") and not named & {
            b"content-length",
            b"transfer-encoding",
        }:
            headers.append((b"Content-Length", b"%d" % len(self.body)))
        lines = [b"%s %s HTTP/1.1" % (self.method, target)]
        lines += [b"%s: %s" % pair for pair in headers]
        return b"\r\n".join([*lines, b"", self.body])

    def set(self, name: bytes, text: bytes) -> None:
        self.headers = [pair for pair in self.headers if pair[0].lower() != name.lower()]
        self.headers.append((name, text))


def escaped(text: bytes) -> bytes:
    return quote_from_bytes(text, safe="").encode()


def urlencoded(pairs: list[tuple[bytes, bytes]]) -> bytes:
    return b"&".join(escaped(name) + b"=" + escaped(text) for name, text in pairs)


def multipart(pairs: list[tuple[bytes, bytes]], files: set[bytes], edge: bytes = b"edge") -> bytes:
    """Fields and files; a name in ``files`` comes as a file."""
    parts = []
    for name, text in pairs:
        of_file = b'; filename="a.csv"\r\nContent-Type: text/csv' if name in files else b""
        told = b'--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n' % (
            edge,
            name,
            of_file,
        )
        parts.append(told + text + b"\r\n")
    return b"".join(parts) + b"--" + edge + b"--\r\n"


# --- What can be spoilt ---------------------------------------------------------


def spoil_path(asked: Asked, rng: Random) -> None:
    parts = asked.path.split(b"/")
    odd = rng.choice(PATH_PARTS)
    if rng.random() < 0.7 and len(parts) > 2:
        numbers = [place for place, part in enumerate(parts) if part.isdigit()]
        parts[rng.choice(numbers or range(1, len(parts)))] = odd
    elif rng.random() < 0.5:
        parts.insert(rng.randrange(1, len(parts) + 1), odd)
    else:
        asked.path = rng.choice((asked.path.rstrip(b"/"), b"/" + asked.path,
        b"http://evil.example" + asked.path,
                                 asked.path.upper(), asked.path + b"#x", b"*",
                                 asked.path[1:], asked.path * 9))  # fmt: skip
        return
    asked.path = b"/".join(parts)


def spoil_query(asked: Asked, rng: Random) -> None:
    names = [
        b"next",
        b"school",
        b"page",
        b"q",
        b"ticket",
        b"language",
        b"a[]",
        b"",
        b"request",
        b"e",
        b"o",
    ]
    kind = rng.randrange(6)
    if kind < 3:
        pairs = [(rng.choice(names), value(rng)[:3000]) for _each in range(rng.randint(1, 3))]
        asked.query = urlencoded(pairs)[:9000]
    elif kind == 3:
        asked.query = b"&".join(b"a%d=b" % number for number in range(rng.choice((50, 1200))))
    else:
        asked.query = rng.choice((b"%", b"%ff", b"%zz=%00", b"=&=&=", b"&" * 2000, b"?" * 500,
        b"next=%ff%fe",
                                  b"next=http://[::1", b"a" * 9000, b"next=//evil.example",
                                  b"\\", b"next=%5c%5cevil.example"))  # fmt: skip


def spoil_header(asked: Asked, rng: Random) -> None:
    for _each in range(rng.choice((1, 1, 2, 4))):
        name = rng.choice(HEADERS)
        odd = rng.choice(HEADER_VALUES)
        if rng.random() < 0.3:
            asked.headers.append((name, odd))  # once more
        else:
            asked.set(name, odd)
    if rng.random() < 0.05:
        asked.headers += [(b"X-Many-%d" % number, b"x") for number in range(rng.choice((90, 900)))]


def spoil_method(asked: Asked, rng: Random) -> None:
    asked.method = rng.choice(METHODS)


def spoil_type(asked: Asked, rng: Random) -> None:
    asked.set(b"Content-Type", rng.choice(CONTENT_TYPES))


def spoil_body(asked: Asked, rng: Random) -> None:
    """Another body than its kind promises, or one that is broken on the way."""
    asked.method = b"POST"
    kind = rng.randrange(8)
    if kind == 0:
        asked.body = rng.choice(VALUES) + asked.body
    elif kind == 1:
        asked.body = asked.body[: rng.randrange(len(asked.body) + 1)]
    elif kind == 2:
        asked.body += b"&x=1" * rng.choice((4_990, 12_000, 20_000))
    elif kind == 3:
        asked.body += b"".join(b"&a%d" % number for number in range(6000))
    elif kind == 4:
        asked.body = rng.randbytes(rng.choice((1, 300, 70_000)))
    elif kind == 5:
        asked.body = b"--edge\r\n" * rng.choice((1, 2000)) + asked.body
    elif kind == 6:
        places = [rng.randrange(len(asked.body) or 1) for _each in range(9)]
        spoilt = bytearray(asked.body or b"x")
        for place in places:
            spoilt[place] = rng.randrange(256)
        asked.body = bytes(spoilt)
    else:
        asked.body = b'{"a": ' * 5000


def spoil_multipart(asked: Asked, rng: Random) -> None:
    """A form of parts, broken in one of the ways that there are."""
    asked.method = b"POST"
    asked.set(b"Content-Type", b"multipart/form-data; boundary=edge")
    name = b'Content-Disposition: form-data; name="code"'
    head, tail = b"--edge\r\n" + name, b"\r\n--edge--\r\n"
    asked.body = rng.choice((
        head + b"\r\n\r\nx", head + b"\r\nx" + tail, head + tail, b"--edge--", b"--edge", tail,
        head + b'; filename="a' + b"\r\n\r\nx" + tail, head + b'; filename=""\r\n\r\nx' + tail,
        head + b'; filename="../a\0b"\r\nContent-Type: text/html; charset=klingon\r\n\r\nx' + tail,
        head + b"; filename*=klingon''%ff\r\n\r\nx" + tail,
        head + b"; filename*=utf-8''%ff\r\n\r\nx" + tail,
        b"--edge\r\nContent-Disposition: form-data\r\n\r\nx" + tail,
        b"--edge\r\nContent-Disposition:\r\n\r\nx" + tail,
        b"--edge\r\n" + b"A: b\r\n" * 3000 + b"\r\nx" + tail,
        b"--edge\r\n\xff: \xff\r\n\r\nx" + tail,
        head + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"====\xff" * 500 + tail,
        head + b"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=FF=" + tail,
        head + b'; filename="a"\r\nContent-Transfer-Encoding: base64\r\n\r\nA' + tail,
        head + b'; filename="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n' + b" " * 50_000,
        b"--edge\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n" * 900 + tail,
        (head + b'; filename="f"\r\n\r\n1\r\n') * 300 + tail,
        head + b"\r\n\r\n" + b"x" * 60_000 + tail, head.replace(b"code",
        b"c" * 9000) + b"\r\n\r\nx" + tail,
        head.replace(b"form-data", b"attachment") + b"\r\n\r\nx" + tail,
        head + b"\r\n\r\n\xff\xfe\xed\xa0\x80" + tail,
    ))  # fmt: skip


def spoil_framing(asked: Asked, rng: Random) -> None:
    """Lengths and pieces that are not what they say."""
    asked.method, asked.is_framed = b"POST", False
    asked.headers = [pair for pair in asked.headers if pair[0].lower() != b"content-length"]
    length, chunked = b"Content-Length", (b"Transfer-Encoding", b"chunked")
    odd: tuple[list[tuple[bytes, bytes]], bytes] = rng.choice((
        ([(length, b"%d" % (len(asked.body) + 9))], asked.body), ([(length, b"1")], asked.body),
        ([(length, b"-1")], asked.body), ([(length, LONG)], b""), ([(length, b"1e3")], asked.body),
        ([(length, b"9" * 19)], b""), ([(length, b"0x9")], asked.body), ([(length, b"")],
        asked.body),
        ([(length, b"3"), (length, b"4")], b"abcd"), ([(length, b"3"), chunked],
        b"3\r\nabc\r\n0\r\n\r\n"),
        ([chunked], b"%x\r\n%s\r\n0\r\n\r\n" % (len(asked.body), asked.body)), ([chunked],
        b"zz\r\nabc\r\n0\r\n\r\n"),
        ([chunked], b"ffffffffffffffffff\r\nabc"), ([chunked], b"3\r\nabcdef\r\n0\r\n\r\n"),
        ([chunked], b"3\r\nab"),
        ([chunked], b"0\r\nX-Late: 1\r\n\r\n"), ([chunked],
        b"3;" + b"x" * 20_000 + b"\r\nabc\r\n0\r\n\r\n"),
        ([chunked], b"1\r\na\r\n" * 3000 + b"0\r\n\r\n"), ([(b"Transfer-Encoding",
        b"gzip, chunked")], b"0\r\n\r\n"),
        ([(b"Transfer-Encoding", b"identity")], asked.body), ([(b"Transfer-Encoding",
        b"chunked, chunked")], b"0\r\n\r\n"),
        ([(length, b"5"), (b"Expect", b"100-continue")], b"abcde"), ([(length,
        b"%d" % 2_000_000)], b"x" * 5000),
        ([chunked],
        (b"10000\r\n" + b"x" * 0x10000 + b"\r\n") * 3 + b"0\r\n\r\n"),
    ))  # fmt: skip
    asked.headers += odd[0]
    asked.body = odd[1]


#: Ways to spoil a request, and how often each is taken.
WAYS = {
    spoil_path: 3, spoil_query: 3, spoil_header: 6, spoil_method: 1, spoil_type: 1, spoil_body: 2,
    spoil_multipart: 2, spoil_framing: 1,
}  # fmt: skip


def spoil(asked: Asked, rng: Random) -> None:
    """In one to three ways."""
    for way in rng.choices(list(WAYS), list(WAYS.values()), k=rng.choice((1, 1, 2, 3))):
        way(asked, rng)
