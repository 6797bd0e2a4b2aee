"""All settings, from the environment alone; ``.env.example`` lists them with their defaults.

Works after a clone with nothing set. Safe by default: in ``production`` mode a
missing or weak value stops the start with one sentence (``helpdesk.env``).
"""

import socket
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from helpdesk import env, logs

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env.read_env_file(BASE_DIR / ".env")
env.refuse_unknown(
    {
        "HELPDESK_MODE",
        "HELPDESK_SITE_URL",
        "HELPDESK_DEBUG",
        "HELPDESK_OPEN_SIGNUP",
        "HELPDESK_CHECK_LINKS",
        "HELPDESK_KEEP_WORDS_DAYS",
        "HELPDESK_KEEP_FACTS_DAYS",
        "HELPDESK_KEEP_LEFT_DAYS",
        "HELPDESK_KEEP_DEVICES_DAYS",
        "HELPDESK_KEEP_CLASSES_DAYS",
        "HELPDESK_KEEP_ACCOUNTS_DAYS",
        "HELPDESK_KEEP_HISTORY_DAYS",
        "HELPDESK_TIME_ZONE",
        "HELPDESK_LANGUAGES",
        "HELPDESK_TRUSTED_PROXIES",
        "HELPDESK_MAIL",
        "HELPDESK_MAIL_FROM",
        "HELPDESK_SECOND_FACTOR",
        "HELPDESK_CLOCK",
        "HELPDESK_LOGS",
        "HELPDESK_METRICS_TOKEN",
        "HELPDESK_STATIC_ROOT",
        "HELPDESK_WORKERS",
        "HELPDESK_BACKUP_PASSPHRASE_FILE",
    }
)

# --- Where and how it runs ---------------------------------------------------

#: local: one machine. demo: a made-up school with one-tap sign-in. lan: a teacher's laptop on
#: the school network, plain HTTP. production: HTTPS, everything given.
MODE = env.choice("HELPDESK_MODE", "local", env.MODES)
PRODUCTION = MODE == "production"
DEMO = MODE == "demo"
LAN = MODE == "lan"
DEBUG = env.flag("HELPDESK_DEBUG", False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("HELPDESK_DEBUG must be off in production: it shows secrets.")

HOST = env.text("HOST", "127.0.0.1")
PORT = env.number("PORT", 8000, low=1, high=65535)
#: The full origin that people use. Hosts, CSRF and socket origins follow from it.
SITE_URL = env.origin(
    "HELPDESK_SITE_URL",
    env.text("HELPDESK_SITE_URL", "" if PRODUCTION else f"http://127.0.0.1:{PORT}"),
)
HTTPS = SITE_URL.startswith("https://")
if PRODUCTION and not HTTPS:
    raise ImproperlyConfigured(
        "HELPDESK_SITE_URL must start with https:// in production: others can read plain HTTP."
    )
if "*" in env.words("ALLOWED_HOSTS"):
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS must not be *: set HELPDESK_SITE_URL, hosts follow from it."
    )
ORIGINS = [SITE_URL] if PRODUCTION or LAN else [SITE_URL, f"http://localhost:{PORT}"]
ALLOWED_HOSTS = sorted({urlsplit(origin).hostname or "" for origin in ORIGINS})
CSRF_TRUSTED_ORIGINS = ORIGINS
#: Addresses of proxies whose X-Forwarded-* headers are believed.
TRUSTED_PROXIES = env.words("HELPDESK_TRUSTED_PROXIES") or ["127.0.0.1"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None

SECRET_KEY = env.secret("SECRET_KEY", kept_in=None if PRODUCTION else VAR_DIR / "secret.key")
#: Former ones: what they signed counts, and is signed anew when it is seen (classrooms.keys).
SECRET_KEY_FALLBACKS = env.former_secrets("SECRET_KEY_FALLBACKS")

# --- Applications ------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "channels",
    "django_htmx",
    "huey.contrib.djhuey",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "helpdesk",
    "accounts",
    "live",
    "classrooms",
    "requests_app",
    "checkins",
    "resources",
    "coaching",
    *(["demo"] if DEMO else []),
    "records",
]

MIDDLEWARE = [
    "helpdesk.middleware.RequestId",
    "helpdesk.middleware.Measures",
    "helpdesk.middleware.SecurityHeaders",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "helpdesk.middleware.Probes",
    "helpdesk.static.StaticFiles",
    "helpdesk.middleware.SmallPages",
    "helpdesk.middleware.BodyLimit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "helpdesk.middleware.FormerKeys",
    "django.middleware.locale.LocaleMiddleware",
    "helpdesk.middleware.Refusals",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "helpdesk.middleware.HtmxLoginWall",
    "helpdesk.middleware.WithoutNul",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.Accounts",
]

ROOT_URLCONF = "helpdesk.urls"
ASGI_APPLICATION = "helpdesk.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "helpdesk.context.site",
            ],
        },
    }
]

# --- Storage -----------------------------------------------------------------

VAR_DIR.mkdir(mode=0o700, exist_ok=True)
DATABASES = {"default": env.database("DATABASE_URL", env.sqlite_url(VAR_DIR / "helpdesk.sqlite3"))}
SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
#: Django's own, which notice when their database is away (helpdesk.breaker).
DATABASES["default"]["ENGINE"] = f"helpdesk.engines.{'sqlite3' if SQLITE else 'postgresql'}"
REDIS_URL = env.redis_url("REDIS_URL")
if SQLITE:
    # WAL with synchronous=NORMAL loses acknowledged work in a power cut, and a deferred
    # transaction that turns into a write dies with "database is locked"
    # (reliability.md finding 4).
    DATABASES["default"] |= {
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                "PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000;"
                # What is deleted is written over with zeros, not left in the file.
                "PRAGMA secure_delete=ON;"
            ),
        },
    }
else:
    from helpdesk.engines.connection import GONE, Connection

    DATABASES["default"] |= {
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        # What DATABASE_URL says (?sslmode=require) stays.
        "OPTIONS": DATABASES["default"].get("OPTIONS", {})
        | GONE
        | {
            "pool": {
                "min_size": 2,
                "max_size": 8,
                "timeout": 2,
                "connection_class": Connection,
            },
            "options": (
                "-c statement_timeout=5s -c lock_timeout=1s"
                " -c idle_in_transaction_session_timeout=10s"
            ),
        },
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

#: How many processes serve, unless `./run serve --workers` says it.
WORKERS = 1 if DEMO or LAN else env.number("HELPDESK_WORKERS", 1, low=1, high=64)
if WORKERS > 1:
    env.refuse_alone(f"HELPDESK_WORKERS={WORKERS}", sqlite=SQLITE, redis_url=REDIS_URL)
CHANNEL_LAYERS: dict = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
CACHES: dict = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        # Guess limits live here: a flood of devices must not push them out.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
#: Seconds, times and milliseconds; not every system knows each of them.
_KEEPALIVE = {
    getattr(socket, name): value
    for name, value in {
        "TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000,
    }.items()
    if hasattr(socket, name)
}  # fmt: skip
if REDIS_URL:
    # The pub/sub layer, never the core one: it survives a restart of Redis (reliability.md 6).
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [
                {
                    "address": REDIS_URL,
                    "socket_connect_timeout": 1,
                    # A machine that is gone does not say so: found out in about ten seconds.
                    "socket_keepalive": True,
                    "socket_keepalive_options": _KEEPALIVE,
                }
            ]
        },
    }
    CACHES["default"] = {
        "BACKEND": "helpdesk.caches.LastingRedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }

# --- The clock: jobs that time, not people, start ----------------------------

#: in-server: this server runs the clock, with several workers in a process of its own.
#: separate: `manage.py run_huey` does, exactly one wherever servers run.
CLOCK = env.choice(
    "HELPDESK_CLOCK", "in-server" if SQLITE else "separate", ("in-server", "separate")
)
if SQLITE:
    HUEY: dict = {
        "huey_class": "huey.SqliteHuey",
        "filename": str(Path(DATABASES["default"]["NAME"]).with_suffix(".jobs.sqlite3")),
    }
else:
    # Never in Redis: the clock goes on while that is away.
    HUEY = {"huey_class": "huey.PostgresHuey", "dsn": env.text("DATABASE_URL")} | GONE
# Its tables are made with ours (startup.prepare_jobs): a command that asks no database, as one that
# collects static files, works while that is away.
HUEY |= {"name": "helpdesk", "immediate": False, "results": False, "create_tables": False}

# --- People ------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "accounts.hashers.Argon2id",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_validation = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": _validation + "UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": _validation + "MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "accounts.passwords.NothingCommon"},
]
#: Ask other servers whether the links in the directory still work; not in a class's own network.
CHECK_LINKS = env.flag("HELPDESK_CHECK_LINKS", PRODUCTION)
# How many days things about people stay; docs/privacy.md has the whole list.
#: What was written about a request, after its end; what measures need stays.
KEEP_WORDS_DAYS = env.number("HELPDESK_KEEP_WORDS_DAYS", 90, low=1, high=3650)
#: Who asked and how it went, who was there, who was offered help, after the lesson.
KEEP_FACTS_DAYS = env.number("HELPDESK_KEEP_FACTS_DAYS", 365, low=1, high=3650)
#: People who left a class, and invitations that ran out.
KEEP_LEFT_DAYS = env.number("HELPDESK_KEEP_LEFT_DAYS", 30, low=1, high=365)
#: A student's browser that did not come back.
KEEP_DEVICES_DAYS = env.number("HELPDESK_KEEP_DEVICES_DAYS", 180, low=30, high=3650)
#: A class in which help is not opened any more is put away; a class put away is erased.
KEEP_CLASSES_DAYS = env.number("HELPDESK_KEEP_CLASSES_DAYS", 365, low=30, high=3650)
#: An account that belongs to no class and no school, after its last sign-in.
KEEP_ACCOUNTS_DAYS = env.number("HELPDESK_KEEP_ACCOUNTS_DAYS", 365, low=30, high=3650)
#: Who changed what, of a school's and of the server's settings.
KEEP_HISTORY_DAYS = env.number("HELPDESK_KEEP_HISTORY_DAYS", 365, low=30, high=3650)
#: Whether anybody may make a teacher's account.
OPEN_SIGNUP = env.flag("HELPDESK_OPEN_SIGNUP", not PRODUCTION)
LOGIN_URL = "classrooms:index"
LOGIN_REDIRECT_URL = "classrooms:index"
LOGOUT_REDIRECT_URL = "classrooms:index"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupExtra"
ACCOUNT_FORMS = {
    "login": "accounts.entrance.SignIn",
    "signup": "accounts.entrance.SignUp",
    "request_login_code": "accounts.entrance.CodeRequest",
    "reset_password": "accounts.entrance.ResetRequest",
}
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGOUT_REDIRECT_URL = "classrooms:index"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
#: Seconds: a mail server that says nothing must not hold a thread that answers, or the clock.
EMAIL_TIMEOUT = 5
EMAIL_CONFIG, MAIL = env.mail("EMAIL_URL", "HELPDESK_MAIL", needed=PRODUCTION)
vars().update(EMAIL_CONFIG)
#: Letters to accounts are sent after the answer (accounts.mail).
MAIL_AT_ONCE = False
DEFAULT_FROM_EMAIL = env.text("HELPDESK_MAIL_FROM", f"helpdesk@{urlsplit(SITE_URL).hostname}")
# Where mail arrives, an address is proven before anybody comes in by it, by a code that is typed
# into the very browser that began: a link could be opened for somebody else (accounts.proof).
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if MAIL else "none"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = MAIL
#: Seconds that a mailed code is good for.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 180
#: One address an account; a new one takes the old one's place once it is proven.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = MAIL
#: Nobody who has no account here gets a letter, unless anybody may make one.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = OPEN_SIGNUP
# Nobody is refused for a neighbour's mistakes: passwords wait in a line and letters are counted
# (accounts.guesses). No limit of allauth counts a network address that a whole school shares.
# A day on which a school begins is three hundred colleagues in a minute behind one of them.
ACCOUNT_RATE_LIMITS = dict.fromkeys(
    (
        "login",
        "request_login_code",
        "reset_password",
        "reset_password_from_key",
        "reauthenticate",
        "signup",
        "verify_phone",
    )
) | {
    "login_failed": "10/10m/key",  # codes of a second factor, once the password was right
    "change_password": "20/h/user",
    "manage_email": "20/h/user",
    "confirm_email": "10/h/key",
}
ACCOUNT_REAUTHENTICATION_REQUIRED = True
#: Who must have a second factor: off (whoever likes), or admins (those of schools, and operators).
SECOND_FACTOR = env.choice(
    "HELPDESK_SECOND_FACTOR", "admins" if PRODUCTION else "off", ("off", "admins")
)
#: A passkey belongs to a name, never to a bare address, and browsers want it to be protected.
PASSKEYS = env.may_have_passkeys(SITE_URL)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", *(["webauthn"] if PASSKEYS else [])]
MFA_PASSKEY_LOGIN_ENABLED = PASSKEYS
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_ALLOW_UNVERIFIED_EMAIL = not MAIL
MFA_FORMS = {
    "authenticate": "accounts.app_codes.SecondStepByCode",
    "reauthenticate": "accounts.app_codes.ShowCodeAgain",
    "add_webauthn": "accounts.passkeys.AddPasskey",
    "login_webauthn": "accounts.passkeys.SignInByPasskey",
    "authenticate_webauthn": "accounts.passkeys.SecondStepByPasskey",
    "reauthenticate_webauthn": "accounts.passkeys.ShowPasskeyAgain",
}
MFA_TOTP_ISSUER = "helpdesk"
MFA_TOTP_TOLERANCE = 1  # half a minute: a telephone's clock is never quite right
MFA_RATE_LIMITS = {"webauthn_login": None}
#: Seconds: a link to a new password is worth an hour, and one use.
PASSWORD_RESET_TIMEOUT = 3600

# --- Cookies and headers -----------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
#: Remembers which classes a student's browser has joined; see classrooms.access.
DEVICE_COOKIE_NAME = "__Host-helpdesk-device" if HTTPS else "helpdesk-device"
#: Remembers which accounts a browser has signed in to; see accounts.guesses.
KNOWN_COOKIE_NAME = "__Host-helpdesk-known" if HTTPS else "helpdesk-known"
#: Remembers which pupils a browser has been; see classrooms.guesses.
BEEN_COOKIE_NAME = "__Host-helpdesk-been" if HTTPS else "helpdesk-been"
#: Remembers for a day what a browser has answered without a name; see checkins.views.
REPLIES_COOKIE_NAME = "__Host-helpdesk-replies" if HTTPS else "helpdesk-replies"
#: Carries a sentence to the next page; see classrooms.sentences.
MESSAGES_COOKIE_NAME = "__Host-messages" if HTTPS else "messages"
#: Seconds: the device remembers a student for a school year.
DEVICE_COOKIE_AGE = 366 * 24 * 3600
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
#: Seconds: a teacher's sign-in lasts two weeks.
SESSION_COOKIE_AGE = 14 * 24 * 3600
SIGNED_COOKIE_LEGACY_SALT_FALLBACK = False
CSRF_FAILURE_VIEW = "helpdesk.views.csrf_failure"
MESSAGE_STORAGE = "classrooms.sentences.Sentences"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
#: Framing is refused by SecurityHeaders, on static files and errors too.
SILENCED_SYSTEM_CHECKS = ["security.W002"]
# A load balancer asks these by address and without TLS (helpdesk.middleware.Probes).
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
_sockets = SITE_URL.replace("http", "ws", 1)  # older Safari does not count ws under 'self'
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "media-src": [SELF],
        "manifest-src": [SELF],
        "connect-src": [SELF, _sockets],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

#: Bytes. Ordinary forms are small; a view that takes a file says so (helpdesk.middleware).
MAX_BODY = 64 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024 + MAX_BODY
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# --- Words and time ----------------------------------------------------------

LANGUAGE_CODE = "en"
_names = {"en": "English"}
for _code in (_wanted := env.words("HELPDESK_LANGUAGES") or ["en"]):
    if _code not in _names:
        raise ImproperlyConfigured(
            f"HELPDESK_LANGUAGES: {_code!r} is not one of {', '.join(_names)}."
        )
LANGUAGES = [(code, _names[code]) for code in _wanted]
LOCALE_PATHS = [BASE_DIR / "locale"]
#: Read, and set by no page of ours.
LANGUAGE_COOKIE_NAME = "__Host-helpdesk-language" if HTTPS else "helpdesk-language"
USE_I18N = True
USE_TZ = True
#: The time zone of a school that chose none.
TIME_ZONE = env.text("HELPDESK_TIME_ZONE", "UTC")
if TIME_ZONE not in available_timezones():
    raise ImproperlyConfigured(
        f"HELPDESK_TIME_ZONE must be a zone such as Europe/Berlin, not {TIME_ZONE!r}."
    )

# --- Static files ------------------------------------------------------------

STATIC_URL = "/static/"
#: Where `manage.py collectstatic` puts them. Not in var: in a container that is another disk.
STATIC_ROOT = Path(env.text("HELPDESK_STATIC_ROOT", str(BASE_DIR / "collected")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "helpdesk.static.Made",
]
# One command must do: without a `collectstatic` the files are served from where they lie.
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG
#: No other website reads a file of ours.
WHITENOISE_ALLOW_ALL_ORIGINS = False
if PRODUCTION:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "helpdesk.static.Collected"},
    }

# --- Logs and numbers: no names, no texts, no addresses -----------------------

#: text: a line for a person. json: an object in each line (time in UTC, level, logger, message,
#: request and, with an exception, its type and stack). Default: text, in production json.
LOGS = env.choice("HELPDESK_LOGS", "json" if PRODUCTION else "text", ("text", "json"))
#: What a program that reads /metrics shows as its Bearer token; empty: there is no /metrics.
METRICS_TOKEN = env.text("HELPDESK_METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    raise ImproperlyConfigured("HELPDESK_METRICS_TOKEN must have at least 20 characters, or none.")
#: What `./run doctor` shows of the log.
LAST_ERRORS = VAR_DIR / "errors.log"
LOGGING = logs.configuration(LOGS, with_values=DEBUG, last_errors=LAST_ERRORS)
