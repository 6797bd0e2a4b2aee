"""The product's settings with the few values a test run needs."""

import os
import re
import socket
from copy import deepcopy

os.environ.setdefault("SECRET_KEY", "tests-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH")

from helpdesk.settings import *  # noqa: F403
from helpdesk.settings import (
    ALLOWED_HOSTS,
    CACHES,
    CHANNEL_LAYERS,
    DATABASES,
    ORIGINS,
    REDIS_URL,
    VAR_DIR,
)
from tests.services import PATIENCE, _free_port

#: Where the browser tests serve; known before the application is imported, since the origins
#: that may open sockets are fixed then. Held from now on, so that nobody else takes it.
BROWSER_SOCKET = socket.socket()
BROWSER_SOCKET.bind(("127.0.0.1", 0))
BROWSER_PORT = BROWSER_SOCKET.getsockname()[1]
#: Where they reach it through a network that can be cut (tests.proxy).
PROXY_PORT = _free_port()
ORIGINS = [
    *ORIGINS,
    "http://testserver",
    *(f"http://127.0.0.1:{port}" for port in (BROWSER_PORT, PROXY_PORT)),
]
ALLOWED_HOSTS = [*ALLOWED_HOSTS, "testserver"]
CSRF_TRUSTED_ORIGINS = ORIGINS
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MAIL_AT_ONCE = True
PASSKEYS = MFA_PASSKEY_LOGIN_ENABLED = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
#: How long the product waits for a lock is little where others are at work on the machine: tests
#: of many at once would fail for the time that something took.
DATABASES = deepcopy(DATABASES)
_options = DATABASES["default"]["OPTIONS"]
if "pool" in _options:
    _options["pool"]["timeout"] = PATIENCE
    _options["options"] = re.sub(r"timeout=\d+s", f"timeout={PATIENCE}s", _options["options"])
else:
    _options["init_command"] += f"PRAGMA busy_timeout={PATIENCE}000;"
#: A file, not memory: the live pages are rendered in a thread with a connection of its own.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / f"test-{os.getpid()}.sqlite3")}
#: Tests that run side by side share one Redis, not what is in it.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
if REDIS_URL:
    # A machine that is busy must not look like a Redis that is away: limits would be counted twice.
    CACHES["default"]["OPTIONS"] = {"socket_timeout": PATIENCE}
    CACHES["default"]["LOCATION"] = f"{REDIS_URL.rstrip('/').removesuffix('/0')}/{_worker}"
    CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] = f"test-{_worker}"
#: A made-up right-to-left language proves the layout and finds texts that were not marked.
LANGUAGES = [("en", "English"), ("ar", "Pseudo-Arabic")]
LOCALE_PATHS = [VAR_DIR / "pseudo-locale"]
#: Looks a file up when it is asked for: else each new client scans them all first (100 ms). That
#: the scanning mode has them is a test of its own (tests/helpdesk/test_static.py).
WHITENOISE_AUTOREFRESH = True
