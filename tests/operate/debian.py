"""An empty Debian, set up by what docs/operate.md tells to type.

``python -m tests.operate.debian FOLDER``, by hand, as root, with a network: it fetches Debian into
the new folder and all that the page installs, and takes some minutes. One process with SQLite, a
backup and its way back; then PostgreSQL, Redis, two workers and Caddy. systemd does not run in it,
so what a unit would start is started here. Servers have a network of their own; only what fetches
something sees this machine's.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.operate.conftest import FOLDER, LONG, service
from tests.operate.scratch import DEVICES, LOOPBACK, Scratch
from tests.operate.test_commands import commands
from tests.operate.test_image import OPERATOR
from tests.operate.visit import BROWSE, VISIT
from tests.servers import ROOT, until

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SOURCE, DISK = "/opt/helpdesk.git", "/mnt/other-disk"
PASSPHRASE = "four words are enough\n"
#: Its first process, as in tests.operate.scratch; all files are its own.
FIRST = r"""
set -e
read -r number rest < /proc/self/stat
cd "$1"
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs dev
mkdir -m 1777 dev/shm
"""
#: What this machine needs to fetch anything: never a part of the project, so it is copied.
NETWORK = (
    "/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/root/.config/pip", "/etc/ssl/certs",
    "/usr/local/share/ca-certificates",
)  # fmt: skip
NAMES = re.compile(r"PIP_\w+|SSL_CERT_\w+|(https?|no)_proxy", re.IGNORECASE)
COUNT = "from accounts.models import User; print('accounts', User.objects.count())"
READY = (
    "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/readyz').read().decode())"
)


class Debian(Scratch):
    def command(
        self,
        *words: str,
        user: str = "root",
        cwd: str = "/",
        env: Mapping[str, str] | None = None,
        online: bool = False,
    ) -> list[str]:
        """``online``: in the network of this machine, with its settings."""
        theirs = {name: value for name, value in os.environ.items() if NAMES.fullmatch(name)}
        fixed = {"PATH": PATH, "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        everything = fixed | (theirs if online else {}) | dict(env or {})
        return [
            *("nsenter", "--target", str(self.first), "--mount", "--pid"),
            *([] if online else ["--net"]),
            *("--", "chroot", f"--userspec={user}", "--groups=", str(self.root)),
            *("env", "-i", "-C", cwd, *(f"{name}={value}" for name, value in everything.items())),
            *words,
        ]

    def types(self, command: str, **how) -> str:
        """A line of the page, by root in the folder of the project, as a shell takes it."""
        print(f"# {command}", flush=True)
        where = FOLDER if self.inside(FOLDER).exists() else "/"
        return self.run("sh", "-ec", command, **{"cwd": where, **how})


def told(begin: str, number: int = 0) -> str:
    """The line of the page that begins so."""
    return [line for line in commands("docs/operate.md") if line.startswith(begin)][number]


@contextmanager
def started(folder: Path) -> Iterator[Debian]:
    print("# debootstrap", flush=True)
    fetch = ["debootstrap", "--variant=minbase", "bookworm", str(folder)]
    subprocess.run(fetch, check=True, stdout=subprocess.DEVNULL)
    settings = [*NETWORK, *map(str, Path("/etc/apt/apt.conf.d").glob("*artifact*"))]
    for name in map(Path, settings):
        target = folder / str(name).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if name.is_dir():
            shutil.copytree(name, target, symlinks=True, dirs_exist_ok=True)
        elif name.exists():
            shutil.copy(name, target)
    # Packages start nothing: there is no systemd that would end it.
    (folder / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (folder / "usr/sbin/policy-rc.d").chmod(0o755)
    command = ["git", "clone", "-q", "--bare", str(ROOT), str(folder / SOURCE.lstrip("/"))]
    subprocess.run(command, check=True)
    alone = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
    holder = subprocess.Popen(
        [*alone, "sh", "-c", FIRST + DEVICES, "sh", str(folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        yield Debian(folder, int(holder.stdout.readline()))
    finally:
        holder.kill()
        holder.wait()


def set_up(machine: Debian) -> None:
    machine.run("apt-get", "-qq", "update", online=True)
    machine.types(told("apt install").replace("install", "install -y"), online=True)
    machine.types(re.sub(r"https://\S+", SOURCE, told("git clone")))
    assert told("cd ") == f"cd {FOLDER}"
    machine.types(told("sudo ./run install --site-url"), online=True)
    machine.run("python3", "-c", LOOPBACK)


def create_operator(machine: Debian, **more: str) -> None:
    command = told("sudo -u helpdesk ./run manage createsuperuser") + " --noinput"
    machine.types(command.replace("sudo", "sudo --preserve-env", 1), env=OPERATOR | more)


def look(machine: Debian) -> None:
    seen = json.loads(machine.run("python3", "-c", VISIT, env=OPERATOR))
    assert seen["files"] > 3, seen
    assert seen["missing"] == [], seen
    assert seen["status"] == 302, seen


def accounts(machine: Debian) -> int:
    said = machine.types(f'sudo -u helpdesk ./run manage shell -c "{COUNT}"')
    return int(re.search(r"accounts (\d+)", said)[1])


def back_up_and_restore(machine: Debian) -> None:
    machine.run("install", "-d", "-o", "helpdesk", DISK)
    with service(machine):
        create_operator(machine)
        look(machine)
        machine.types(told("./run backup"), user="helpdesk", given=PASSPHRASE)
        create_operator(machine, DJANGO_SUPERUSER_EMAIL="ada@example.org")
        machine.types("sudo -u helpdesk ./run doctor")
    (made,) = machine.inside(DISK).glob("*.backup")
    command = re.sub(r"\S+\.backup", f"{DISK}/{made.name}", told("./run restore"))
    assert accounts(machine) == 2
    machine.types(command, user="helpdesk", given=PASSPHRASE)
    assert accounts(machine) == 1
    made.unlink()


def move(machine: Debian, stack: ExitStack) -> None:
    """To PostgreSQL, then to several workers."""
    machine.types(told("sudo apt install postgresql").replace("install", "install -y"), online=True)
    machine.run("pg_ctlcluster", machine.run("ls", "/etc/postgresql").strip(), "main", "start")
    stack.enter_context(machine.running("redis-server", log="/run/redis-log"))
    machine.types(told("sudo -u postgres psql"))
    several, alone = (told("sudo ./run install --database", number) for number in (0, 1))
    address = re.search(r"postgres://\S+", alone)[0]
    machine.inside(f"{FOLDER}/var/new-address").write_text(address)
    machine.run("chown", "helpdesk", f"{FOLDER}/var/new-address")
    machine.types(told("sudo -u helpdesk ./run move"))
    machine.types(alone)
    assert accounts(machine) == 1
    machine.types(several)


def serve_by_caddy(machine: Debian) -> None:
    machine.types(told("sudo apt install caddy").replace("install", "install -y"), online=True)
    machine.types(told("sudo cp deploy/Caddyfile"))
    file = machine.inside("/etc/caddy/Caddyfile")
    # Nobody outside gives a certificate to a machine without a network.
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("{\n", "{\n\tlocal_certs\n\tskip_install_trust\n", 1))
    command = ("caddy", "run", "--config", "/etc/caddy/Caddyfile")
    ask = BROWSE + "print(ask('/accounts/login/')['status'])"
    with service(machine), machine.running(*command, env={"HOME": "/root"}, log="/run/caddy-log"):
        until(lambda: machine.run("python3", "-c", ask, check=False).endswith("200\n"), LONG)
        everything = {"database": "ok", "clock": "ok", "layer": "ok"}
        until(lambda: json.loads(machine.run("python3", "-c", READY)) == everything, LONG)
        look(machine)
        machine.types(told("./run backup"), user="helpdesk", given=PASSPHRASE)


def main(folder: Path) -> None:
    if folder.exists():
        sys.exit(f"{folder} is there already: name a new folder.")
    with started(folder) as machine, ExitStack() as stack:
        set_up(machine)
        back_up_and_restore(machine)
        move(machine, stack)
        serve_by_caddy(machine)
    print(f"All that the page says works. The machine is still in {folder}; delete it.")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
