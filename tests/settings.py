"""The product's settings with the few values a test run needs."""

import os
import socket

os.environ.setdefault("SECRET_KEY", "tests-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH")

from helpdesk.settings import *  # noqa: F403
from helpdesk.settings import ALLOWED_HOSTS, DATABASES, ORIGINS, VAR_DIR


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


#: Where the browser tests serve; known before the application is imported, since the origins
#: that may open sockets are fixed then.
BROWSER_PORT = _free_port()
ORIGINS = [*ORIGINS, "http://testserver", f"http://127.0.0.1:{BROWSER_PORT}"]
ALLOWED_HOSTS = [*ALLOWED_HOSTS, "testserver"]
CSRF_TRUSTED_ORIGINS = ORIGINS
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
#: A file, not memory: the live pages are rendered in a thread with a connection of its own.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / f"test-{os.getpid()}.sqlite3")}
#: A made-up right-to-left language proves the layout and finds texts that were not marked.
LANGUAGES = [("en", "English"), ("ar", "Pseudo-Arabic")]
LOCALE_PATHS = [VAR_DIR / "pseudo-locale"]
WHITENOISE_AUTOREFRESH = False
