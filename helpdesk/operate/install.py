"""``sudo ./run install``: makes this folder a service; after ``git pull``, updates it.

It makes what is missing and says so: a user of its own, folders and their rights, the settings in
/etc/helpdesk.env, the static files, the unit. Run again it mends what a wrong hand changed.
"""

import argparse
import io
import os
import re
import secrets
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import environ

from helpdesk.operate import Refusal

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS, UNIT = Path("/etc/helpdesk.env"), Path("/etc/systemd/system/helpdesk.service")
#: It is there where systemd runs.
BOOTED = Path("/run/systemd/system")
#: What the unit's ProtectHome and PrivateTmp hide from the service.
HIDDEN = ("/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/")  # noqa: S108
#: What deploy/helpdesk.service calls its folder and its user.
FOLDER, USER = "/srv/helpdesk", "helpdesk"
HEAD = """# The settings of helpdesk; .env.example in its folder lists all there are.
# After a change: systemctl restart helpdesk
"""


class Steps:
    """Says each step, and does it unless this is a look at what would be done."""

    def __init__(self, *, dry: bool) -> None:
        self.dry = dry

    def do(self, what: str, action: Callable[[], object]) -> None:
        print(f"would {what}" if self.dry else what, flush=True)
        if not self.dry:
            action()


def main(words: list[str]) -> None:
    args = parse(words)
    steps = Steps(dry=args.dry_run)
    try:
        refuse_place(ROOT, Path(sys.base_prefix))
        if not re.fullmatch(r"[a-z_][a-z0-9_-]*", args.user) or args.user == "root":
            raise Refusal(f"--user must be the name of a user other than root, not {args.user!r}.")
        if not steps.dry and os.geteuid() != 0:
            raise Refusal(
                "This makes a user and a service, which only root may: sudo ./run install"
            )
        install(steps, args.user, with_answers(read_settings(), args))
    except Refusal as refusal:
        sys.exit(str(refusal))
    except subprocess.CalledProcessError:
        sys.exit("The last step did not work, for the reason above: mend it and run this again.")
    except OSError as error:
        sys.exit(f"{error.filename} cannot be used: {error.strerror}.")


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run install",
        description="Makes this folder a service of the machine; after git pull, updates it.",
        epilog=f"What is not given stays as it is in {SETTINGS}.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--site-url", metavar="URL", help="what people type: https://help.example.org")
    add("--mail", metavar="URL", help="smtp+tls://user:password@host:587, or none")
    add("--database", metavar="URL", help="postgres://user:password@host:5432/name")
    add("--redis", metavar="URL", help="redis://127.0.0.1:6379/0, for several workers")
    add("--workers", metavar="N", help="how many processes serve")
    add("--user", default=USER, metavar="NAME", help=f"who the service runs as ({USER})")
    add("--dry-run", action="store_true", help="only say what would be done")
    return parser.parse_args(words)


def refuse_place(folder: Path, python: Path) -> None:
    """Raise where no service could be started from this folder, or by this Python."""
    if not sys.platform.startswith("linux"):
        raise Refusal("./run install makes a service of systemd, on Linux; elsewhere use ./run.")
    if not re.fullmatch(r"[\w./@+-]+", str(folder), re.ASCII):
        raise Refusal(f"The folder's name must have plain letters only: move it to {FOLDER}.")
    if f"{folder}/".startswith(HIDDEN):
        raise Refusal(f"A service sees nothing of {folder}: move it to {FOLDER}.")
    if f"{python}/".startswith(HIDDEN):
        raise Refusal(
            f"A service sees nothing of the Python in {python}: install the system's own "
            "(apt install python3 python3-venv), remove .venv here, and run this again."
        )


def install(steps: Steps, user: str, settings: str) -> None:
    make_user(steps, user)
    give_folders(steps, user)
    if SETTINGS.exists() and not steps.dry:
        protect(SETTINGS, 0o640, user)  # of an older installation: for root alone, by hand
    if not steps.dry:
        refuse_unreadable(user)
    told = dict(values(settings), PATH=os.environ.get("PATH", os.defpath))
    # With the new settings, before they are written: what the server would refuse ends this here.
    collect = [sys.executable, "-m", "helpdesk.operate.collect"]
    steps.do("collect the static files", lambda: as_user(user, *collect, env=told))
    write_settings(steps, user, settings)
    write(steps, UNIT, unit_for(user), mode=0o644)
    begin(steps)


# --- The user and what it owns -----------------------------------------------


def make_user(steps: Steps, user: str) -> None:
    if not exists(user):
        command = ["useradd", "--system", "--user-group", "--no-create-home"]
        command += ["--home-dir", str(ROOT), "--shell", "/usr/sbin/nologin", user]
        steps.do(f"make the user {user}", lambda: subprocess.run(command, check=True))


def exists(user: str) -> bool:
    import pwd

    return any(each.pw_name == user for each in pwd.getpwall())


def rights_of(user: str) -> tuple[int, int]:
    import pwd

    entry = pwd.getpwnam(user)
    return entry.pw_uid, entry.pw_gid


def give_folders(steps: Steps, user: str) -> None:
    """The data and the collected files are the service's own; nothing else here is."""
    give_folder(steps, user, ROOT / "var", 0o700)
    give_folder(steps, user, ROOT / "collected", 0o755)


def give_folder(steps: Steps, user: str, folder: Path, mode: int) -> None:
    if not folder.is_dir():
        steps.do(f"make the folder {folder}", folder.mkdir)
    if steps.dry and not (folder.is_dir() and exists(user)):
        return
    wrong = not_of(folder, rights_of(user))
    if wrong or stat.S_IMODE(folder.stat().st_mode) != mode:
        steps.do(f"give {folder} to {user}", lambda: give(folder, wrong, rights_of(user), mode))


def not_of(folder: Path, rights: tuple[int, int]) -> list[Path]:
    """What in the folder belongs to others. A file with a second name elsewhere is left alone."""
    found = [folder, *folder.rglob("*")]
    told = [(path, path.lstat()) for path in found]
    return [
        path
        for path, state in told
        if (state.st_uid, state.st_gid) != rights
        and (state.st_nlink == 1 or stat.S_ISDIR(state.st_mode))
    ]


def give(folder: Path, wrong: list[Path], rights: tuple[int, int], mode: int) -> None:
    for path in wrong:
        os.lchown(path, *rights)
    folder.chmod(mode)


def as_user(user: str, *command: str, env: dict[str, str], quiet: bool = False) -> None:
    uid, gid = rights_of(user)
    errors = subprocess.DEVNULL if quiet else None
    subprocess.run(
        command, check=True, cwd=ROOT, env=env, stderr=errors,
        user=uid, group=gid, extra_groups=[], umask=0o022,
    )  # fmt: skip


def refuse_unreadable(user: str) -> None:
    try:
        as_user(user, sys.executable, "-c", "import django, helpdesk.env", env={}, quiet=True)
    except (OSError, subprocess.CalledProcessError):
        raise Refusal(
            f"The user {user} cannot read {ROOT}: let everybody read it with "
            f"chmod -R go+rX,go-w {ROOT}, and the folders above it with chmod go+x."
        ) from None


# --- The settings ------------------------------------------------------------


def read_settings() -> str:
    """The lines that are there, of an installation or of a ``.env`` that was tried before it."""
    own = ROOT / ".env"
    if own.exists() and not own.is_symlink():
        if SETTINGS.exists():
            raise Refusal(
                f"Two files hold settings, {own} and {SETTINGS}: move the lines "
                f"you want to {SETTINGS} and remove {own}."
            )
        return own.read_text(encoding="utf-8")
    return SETTINGS.read_text(encoding="utf-8") if SETTINGS.exists() else HEAD


def with_answers(text: str, args: argparse.Namespace) -> str:
    """``text`` with what the options say and what a service needs; all other lines stay."""
    there = values(text)
    site, mail = args.site_url, args.mail
    if not site and not there.get("HELPDESK_SITE_URL"):
        site = ask("The address people will type (https://help.example.org)", "--site-url")
    if not mail and not there.get("EMAIL_URL") and there.get("HELPDESK_MAIL") != "none":
        mail = ask("The mail server (smtp+tls://user:password@host:587), or none", "--mail")
    given = {
        "HELPDESK_MODE": "production",
        "HELPDESK_SITE_URL": site,
        "HELPDESK_MAIL": mail and ("none" if mail == "none" else "send"),
        "EMAIL_URL": mail and ("" if mail == "none" else mail),
        "DATABASE_URL": args.database,
        "REDIS_URL": args.redis,
        "HELPDESK_WORKERS": args.workers,
    }
    if "SECRET_KEY" not in there and "SECRET_KEY_FILE" not in there:
        given["SECRET_KEY"] = secrets.token_urlsafe(64)
    if str(args.database).startswith("postgres") and "HELPDESK_CLOCK" not in there:
        given["HELPDESK_CLOCK"] = "in-server"  # with PostgreSQL nobody else would run it
    for name, value in given.items():
        if value is not None and there.get(name, "") != value:
            text = with_line(text, name, value)
    return text


def values(text: str) -> dict[str, str]:
    """What the settings will read in these lines."""

    class Lines(environ.Env):
        ENVIRON: dict[str, str] = {}

    Lines.read_env(io.StringIO(text))
    return Lines.ENVIRON


def with_line(text: str, name: str, value: str) -> str:
    if not value.isprintable() or value != value.strip():
        raise Refusal(f"{name} must be one line without spaces around it.")
    line = f"{name}={value}"
    old = re.compile(rf"^(export )?{name}=.*$", re.MULTILINE)
    if old.search(text):
        return old.sub(lambda _: line, text)
    return f"{text.rstrip()}\n{line}\n".lstrip()


def ask(question: str, option: str) -> str:
    """What somebody at a terminal types; elsewhere the option must have said it."""
    answer = input(f"{question}: ").strip() if sys.stdin.isatty() else ""
    if not answer:
        raise Refusal(f"{question} is needed: give it as {option}.")
    return answer


def write_settings(steps: Steps, user: str, text: str) -> None:
    """The service and a shell of its user read them alike: through ``.env``, by one reader."""
    own = ROOT / ".env"
    write(steps, SETTINGS, text, mode=0o640, group=user)
    if not own.is_symlink() or own.readlink() != SETTINGS:
        steps.do(f"let {own} lead to {SETTINGS}", lambda: link(own))


def link(own: Path) -> None:
    own.unlink(missing_ok=True)
    own.symlink_to(SETTINGS)


def write(steps: Steps, path: Path, text: str, *, mode: int, group: str = "root") -> None:
    """Whole or not at all; what is there already as it should be is left alone."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        if not steps.dry:
            protect(path, mode, group)
        return
    steps.do(f"write {path}", lambda: put(path, text, mode, group))


def put(path: Path, text: str, mode: int, group: str) -> None:
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text, encoding="utf-8")
    protect(new, mode, group)
    new.replace(path)


def protect(path: Path, mode: int, group: str) -> None:
    shutil.chown(path, "root", rights_of(group)[1])
    path.chmod(mode)


# --- The service -------------------------------------------------------------


def unit_for(user: str) -> str:
    text = (ROOT / "deploy/helpdesk.service").read_text(encoding="utf-8")
    text = re.sub(r"^(User|Group)=.*$", rf"\g<1>={user}", text, flags=re.MULTILINE)
    return text.replace(FOLDER, str(ROOT))


def begin(steps: Steps) -> None:
    commands = [["systemctl", "daemon-reload"], ["systemctl", "enable", "helpdesk"]]
    commands.append(["systemctl", "restart", "helpdesk"])
    if not BOOTED.is_dir():
        lines = " && ".join(map(" ".join, commands))
        print(f"systemd does not run here; where it does, this starts the service: {lines}")
        return
    for command in commands:
        steps.do(" ".join(command), partial(subprocess.run, command, check=True))
    print("Does it run? systemctl status helpdesk. Next: an HTTPS proxy, see docs/operate.md.")


if __name__ == "__main__":
    main(sys.argv[1:])
