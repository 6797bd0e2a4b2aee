"""Settings come from the environment, and a wrong value stops the start.

Every refusal is one sentence that names the variable and says what it wants:
a school's technician reads it, not a programmer.
"""

import difflib
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

PREFIX = "HELPDESK_"
MODES = ("local", "demo", "lan", "production")
#: Below this a secret key can be guessed (characters).
SECRET_LENGTH = 50

env = environ.Env()


def read_env_file(path: Path) -> None:
    """Take over ``NAME=value`` lines of a ``.env`` file; the real environment wins.

    One that is there and cannot be read is refused: going on with the defaults would be a help desk
    of its own, with a database of its own.
    """
    if path.is_symlink() or path.exists():
        if not os.access(path, os.R_OK):
            raise ImproperlyConfigured(
                f"The settings in {path.resolve()} cannot be read: run this as the user that "
                "the service runs as, such as sudo -u helpdesk ./run manage."
            )
        environ.Env.read_env(str(path))


def refuse_unknown(known: set[str]) -> None:
    """Raise for a ``HELPDESK_*`` variable that nothing reads: a typing error must not pass."""
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise ImproperlyConfigured(f"{name} is not a setting of helpdesk.{hint}")


def text(name: str, default: str = "") -> str:
    """The value with white space trimmed, or what the file ``NAME_FILE`` holds."""
    file = os.environ.get(f"{name}_FILE")
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: cannot read {file} ({error}).") from None
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool) -> bool:
    value = text(name).lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    if value:
        raise ImproperlyConfigured(f"{name} must be yes or no, not {value!r}.")
    return default


def number(name: str, default: int, *, low: int, high: int) -> int:
    value = text(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise ImproperlyConfigured(f"{name} must be a number from {low} to {high}, not {value!r}.")
    return int(value)


def words(name: str) -> list[str]:
    """A list written with commas."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def origin(name: str, value: str) -> str:
    """A full origin such as ``https://help.example.org``: scheme, host, port, nothing more."""
    parts = urlsplit(value)
    try:
        port = parts.port
    except ValueError:
        port = None
        parts = parts._replace(netloc="")
    bare = f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port else "")
    if parts.scheme not in ("http", "https") or not parts.hostname or "*" in value:
        raise ImproperlyConfigured(
            f"{name} must be the full address people use, such as https://help.example.org, "
            f"not {value!r}."
        )
    if value.rstrip("/").lower() != bare.lower():
        raise ImproperlyConfigured(f"{name} must be {bare} alone, without a path: not {value!r}.")
    return bare


def may_have_passkeys(site_url: str) -> bool:
    """Whether browsers make passkeys for this origin: a name, over HTTPS or on this machine."""
    parts = urlsplit(site_url)
    host = parts.hostname or ""
    is_name = ":" not in host and not host.replace(".", "").isdigit()
    return is_name and (parts.scheme == "https" or host == "localhost")


def database(name: str, default: str) -> dict:
    """Where the database is; what is said about a typing error never shows the password."""
    value = text(name, default)
    if not value.startswith(("sqlite:///", "postgres://", "postgresql://")):
        raise ImproperlyConfigured(f"{name} must start with sqlite:/// or postgres://.")
    if value.startswith("sqlite"):
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": sqlite_path(name, value)}
    path = urlsplit(value).path
    if not path.strip("/"):
        raise ImproperlyConfigured(f"{name} must end with the name of the database: .../helpdesk.")
    if not has_port(value):
        raise ImproperlyConfigured(f"{name} has a port that is no number from 1 to 65535.")
    return env.db_url_config(value)


def sqlite_url(path: Path) -> str:
    """The address of a database file, whatever its folder is called."""
    return "sqlite:///" + quote(str(path))


def sqlite_path(name: str, url: str) -> str:
    """The file that an address means. Raises where a part of the path would be left out of it: the
    database would lie elsewhere, and two installations might share one."""
    path = url.removeprefix("sqlite:///")
    if "#" in path or "?" in path:
        raise ImproperlyConfigured(f"{name}: in a file's path write %23 for # and %3F for ?.")
    if not path.strip("/"):
        raise ImproperlyConfigured(
            f"{name} must end with the name of the file: .../helpdesk.sqlite3."
        )
    return unquote(path)


#: What only pretends to send: a log is no letter box, nor is a file or a process that forgets.
_PRETENDING = ("console", "dummy", "filebased", "locmem")
_NO_MAIL = tuple(f"django.core.mail.backends.{name}." for name in _PRETENDING)
_NOWHERE = {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}


def mail(url: str, switch: str, *, needed: bool) -> tuple[dict, bool]:
    """Django's settings for mail, and whether letters reach people.

    ``needed``: without a mail server the start is refused, unless ``switch`` says that it is meant;
    codes and links would stand in the log otherwise.
    """
    try:
        config = env.email_url_config(text(url, "consolemail://"))
    except (ImproperlyConfigured, ValueError):
        raise ImproperlyConfigured(
            f"{url} must look like smtp+tls://user:password@host:587, or be consolemail://."
        ) from None
    if choice(switch, "send", ("send", "none")) == "none":
        return _NOWHERE, False
    works = not config["EMAIL_BACKEND"].startswith(_NO_MAIL)
    if needed and not works:
        raise ImproperlyConfigured(
            f"{url} must name a mail server, such as smtp+tls://user:password@host:587; "
            f"{switch}=none starts without one, and so without codes and new passwords by mail."
        )
    return config, works


def has_port(url: str) -> bool:
    """Whether the port in an address can be one; none at all can be."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def redis_url(name: str) -> str:
    value = text(name)
    if value and not value.startswith(("redis://", "rediss://", "unix://")):
        raise ImproperlyConfigured(f"{name} must start with redis://, not {value!r}.")
    if not has_port(value):
        raise ImproperlyConfigured(f"{name} has a port that is no number from 1 to 65535.")
    return value


def refuse_alone(several: str, *, sqlite: bool, redis_url: str) -> None:
    """Raise where several workers would not know of each other; ``several``: what asked for it."""
    if os.name != "posix":
        raise ImproperlyConfigured(f"{several} needs Linux or macOS: Windows shares no sockets.")
    if sqlite:
        raise ImproperlyConfigured(
            f"{several} needs DATABASE_URL to name a PostgreSQL database:"
            " SQLite is for one worker, which is enough for a small school."
        )
    if not redis_url:
        raise ImproperlyConfigured(
            f"{several} needs REDIS_URL: without it a hand raised at one worker"
            " would not be shown at the other."
        )


def secret(name: str, *, kept_in: Path | None) -> str:
    """The secret key: given, or made once and kept in a file only its owner can read.

    ``kept_in`` is None in production, where a key must be given.
    """
    value = text(name)
    if not value and kept_in is not None:
        return _kept_secret(kept_in)
    if not value:
        raise ImproperlyConfigured(f"{name} is missing: give {SECRET_LENGTH} random characters.")
    if is_weak(value):
        raise ImproperlyConfigured(
            f"{name} is too weak: it must be at least {SECRET_LENGTH} random characters."
        )
    return value


def former_secrets(name: str) -> list[str]:
    """Keys that were used before: what they signed still counts."""
    former = words(name)
    if any(is_weak(each) for each in former):
        raise ImproperlyConfigured(
            f"{name} must hold former values of SECRET_KEY, with commas between them:"
            f" one has fewer than {SECRET_LENGTH} random characters."
        )
    return former


def is_weak(key: str) -> bool:
    return len(key) < SECRET_LENGTH or len(set(key)) < 10 or key.startswith("django-insecure")


def _kept_secret(path: Path) -> str:
    """The key in this file, which is made if there is none: whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_secret(path)
        key = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path} cannot be used ({error.strerror}): give it to the user who runs helpdesk."
        ) from None
    if is_weak(key):
        raise ImproperlyConfigured(
            f"{path} holds no whole key: delete it and start again; everyone then comes in again."
        )
    return key


def _make_secret(path: Path) -> None:
    """If two processes do it at once, both find the key of the one that was first."""
    handle, new = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # for its owner alone
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(64))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(new, path)
        except FileExistsError:
            return
        except OSError:  # a disk whose files have one name each
            os.replace(new, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(new)
