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
