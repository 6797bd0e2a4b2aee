"""What a visitor does to see that a server that was set up works; run inside its machine."""

#: Looks at the sign-in page with all its files and signs in; says in JSON what it found. It speaks
#: as a proxy on the same machine does. Only the standard library, for it may run anywhere.
VISIT = r"""
import json, os, re, urllib.error, urllib.parse, urllib.request
base = "http://127.0.0.1:8000"
proxied = {"Host": "help.example.org", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.9"}
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None
def ask(path, form=None, cookies=""):
    data = urllib.parse.urlencode(form).encode() if form else None
    extra = {"Cookie": cookies, "Origin": "https://help.example.org"} if form else {}
    request = urllib.request.Request(base + path, data, {**proxied, **extra})
    try:
        return urllib.request.build_opener(Stay).open(request, timeout=20)
    except urllib.error.HTTPError as error:
        return error
page = ask("/accounts/login/").read().decode()
files = sorted(set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page)))
missing = [name for name in files if ask(name).status != 200]
token = "c" * 32
form = {"csrfmiddlewaretoken": token, "login": os.environ["DJANGO_SUPERUSER_EMAIL"],
        "password": os.environ["DJANGO_SUPERUSER_PASSWORD"]}
answer = ask("/accounts/login/", form, f"__Host-csrftoken={token}")
cookies = [value.partition("=")[0] for value in answer.headers.get_all("Set-Cookie") or ()]
print(json.dumps({"files": len(files), "missing": missing, "status": answer.status,
                  "signed in": "__Host-sessionid" in cookies}))
"""

#: Tells the headers that a request came with, to see what a proxy adds and what it lets through.
ECHO = r"""
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
class Echo(BaseHTTPRequestHandler):
    def do_GET(self):
        told = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)
    def log_message(self, *_): pass
HTTPServer(("127.0.0.1", 8000), Echo).serve_forever()
"""

#: Headers by which a visitor pretends to be on the server's own machine, and somebody else.
PRETENDED = {
    "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Request-ID": "made-up",
}  # fmt: skip

#: Makes a class with help open and a student; tells its queue's number and the student's cookie.
CLASS = r"""
import secrets
from django.conf import settings
from django.core import signing
from accounts.models import User
from classrooms import access, actions
from requests_app.actions import open_help
from requests_app.models import Queue
teacher = User.objects.create_user(f"{secrets.token_hex(6)}@example.org", name="Grace")
room = actions.start_classroom(teacher, name="Class")
open_help(room, by=room.memberships.get(user=teacher))
device = signing.dumps({room.slug: actions.join(room, name="Ada").key}, salt=access._SALT)
print(Queue.objects.of(room).pk, f"{settings.DEVICE_COOKIE_NAME}={device}")
"""

#: What a visitor sees at https://help.example.org on this machine, whose certificate is its own.
BROWSE = r"""
import http.client, json, re, socket, ssl, sys, urllib.parse
name = "help.example.org"
trusting = ssl.create_default_context()
trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
def connected():
    plain = socket.create_connection(("127.0.0.1", 443), 60)
    return trusting.wrap_socket(plain, server_hostname=name)
def ask(path, *, method="GET", body=None, headers={}, plain=False):
    connection = http.client.HTTPConnection(name, timeout=60)
    connection.sock = socket.create_connection(("127.0.0.1", 80), 60) if plain else connected()
    form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    try:
        connection.request(method, path, body, {**form, **headers})
    except OSError:
        pass  # it was answered before all of it was sent
    try:
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return {"status": 0, "headers": {}, "text": repr(error)}
    told = {key.lower(): value for key, value in answer.getheaders()}
    return {"status": answer.status, "headers": told, "text": text}
def pieces(body):
    for start in range(0, len(body), 16_000):
        yield body[start:start + 16_000]
def socket_of(path, cookie=""):
    # The status, and whether a part of a page came. By one thread: with two on one line of TLS, as
    # the package websockets has them, a question is lost now and then (Python 3.11).
    head = [f"GET {path} HTTP/1.1", f"Host: {name}", f"Origin: https://{name}", f"Cookie: {cookie}",
            "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg=="]
    with connected() as line:
        line.sendall("\r\n".join([*head, "", ""]).encode())
        got = line.recv(10_000)
        status, part = int(got.split()[1]), b"hx-swap-oob"
        while status == 101 and part not in got and (more := line.recv(10_000)):
            got += more
        return [status, part in got]
"""
SEE_WHAT_IS_PASSED_ON = (
    BROWSE
    + f"""
print(ask("/", headers={PRETENDED!r})["text"])
"""
)
THROUGH_A_PROXY = (
    BROWSE
    + f"""
page = ask("/accounts/login/")
file = re.search(r'href="(/static/[^"]+[.]css)"', page["text"])[1]
kB = b"x" * 1000
bodies = {{"100 kB": kB * 100, "1.5 MB": kB * 1500, "5 MB": kB * 5000}}
sent = {{size: ask("/accounts/login/", method="POST", body=body) for size, body in bodies.items()}}
sent |= {{size + " in pieces": ask("/accounts/login/", method="POST", body=pieces(body))
         for size, body in bodies.items()}}
queue, cookie = sys.argv[1:]
print(json.dumps({{
    "page": page, "file": ask(file), "plain": ask("/join/", plain=True), "bodies": sent,
    "readyz": ask("/readyz"), "metrics": ask("/metrics"),
    "pretended": ask("/accounts/login/", headers={PRETENDED!r}),
    "no socket": socket_of("/ws/en/?have=queue:0/class=0"),
    "socket": socket_of(f"/ws/en/?have=queue:{{queue}}/class=0", cookie),
}}))
"""
)
