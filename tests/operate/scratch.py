"""A machine of a test's own: this one's programs, its own files, users, processes and network.

What is done in it as root is gone with it. It is made of Linux namespaces and a changed root, so it
needs no engine and no image; where these may not be used, ``reason_against`` says why.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

#: Where the packages of this test run lie in it; they stand for ``pip install``.
VENV = "/venv"
PATH = f"{VENV}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TOOLS = ("unshare", "nsenter", "mount", "chroot", "useradd")
#: Where its Python lies that is not the system's: like a system's, where every user can reach it.
PYTHON = Path("/opt/python")
#: Its first process: makes the machine, tells its number outside, and stays until it is killed.
FIRST = r"""
set -e
read -r number rest < /proc/self/stat
cd "$1"
mkdir -p usr dev/shm proc run tmp root srv opt var/lib var/log var/tmp etc/systemd/system
chmod 1777 tmp var/tmp dev/shm
mount -o bind,ro /usr usr
for name in bin sbin lib lib32 lib64; do
    if [ -L "/$name" ]; then cp -P "/$name" "$name"
    elif [ -d "/$name" ]; then mkdir "$name"; mount -o bind,ro "/$name" "$name"; fi
done
for place in ".$2" ".$3"; do
    case "$place" in ./usr/*) ;; *) mkdir -p "$place"; mount -o bind,ro "$2" "$place";; esac
done
mount -o bind,ro "$4" "$5"
mount -t proc proc proc
"""
#: How that ends in every machine, also in tests.operate.debian, whose files are its own.
DEVICES = r"""
for name in null zero full random urandom tty; do
    : > "dev/$name"; mount --bind "/dev/$name" "dev/$name"
done
ln -s /proc/self/fd dev/fd
echo "$number"
exec sleep infinity
"""
#: Its own network has itself alone, and that is switched off at first.
LOOPBACK = (
    "import fcntl, socket, struct;"
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sH22x', b'lo', 1))"
)


class Scratch:
    """The machine; ``root`` is its ``/`` as seen from outside."""

    def __init__(self, root: Path, first: int) -> None:
        self.root, self.first = root, first

    def inside(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def command(
        self, *words: str, user: str = "root", cwd: str = "/", env: Mapping[str, str] | None = None
    ) -> list[str]:
        """What runs ``words`` in it, with no environment but ``env`` and a PATH."""
        everything = {"PATH": PATH, "LANG": "C.UTF-8", **(env or {})}
        return [
            *("nsenter", "--target", str(self.first), "--mount", "--net", "--pid", "--"),
            *("chroot", f"--userspec={user}", "--groups=", str(self.root)),
            *("env", "-i", "-C", cwd, *(f"{name}={value}" for name, value in everything.items())),
            *words,
        ]

    def run(self, *words: str, check: bool = True, given: str = "", **how) -> str:
        """Runs it to its end; what it said. ``check``: it must end well. ``given``: its input."""
        done = subprocess.run(
            self.command(*words, **how),
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            umask=0o022,
        )
        assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}"
        return done.stdout

    @contextmanager
    def running(
        self, *words: str, umask: str = "022", log: str = "/run/log", **how
    ) -> Iterator["Service"]:
        """A program that goes on; killed with the block, and all that it started with it: workers
        without their master keep its port. Its log's first line is its number, and its group's."""
        log = self.inside(log)
        first = ("setsid", "sh", "-c", f'umask {umask}; echo $$; exec "$@"', "sh")
        with log.open("wb") as output:
            process = subprocess.Popen(
                self.command(*first, *words, **how),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        service = Service(self, process, log)
        try:
            yield service
        finally:
            service.signal("KILL", group=True)
            process.wait(20)


class Service:
    def __init__(self, machine: Scratch, process: subprocess.Popen, log: Path) -> None:
        self.machine, self.process, self.log = machine, process, log

    def said(self) -> str:
        return self.log.read_text(errors="replace").partition("\n")[2]

    def ended(self) -> bool:
        return self.process.poll() is not None

    def signal(self, name: str, *, group: bool = False) -> None:
        """To it alone, or also to what it started, which may be there still when it has ended."""
        number = self.log.read_text(errors="replace").partition("\n")[0]
        if number and (group or not self.ended()):
            whom = f"-{number}" if group else number
            self.machine.run("sh", "-c", f"kill -s {name} -- {whom}", check=False)


def reason_against() -> str:
    """Why there can be no such machine here; empty if there can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "another user's rights can be tried only as root"
    missing = [name for name in TOOLS if not shutil.which(name, path=PATH)]
    if missing:
        return f"there is no {', '.join(missing)} here"
    tried = subprocess.run(
        ["unshare", "--mount", "--net", "--pid", "--fork", "mount", "-t", "tmpfs", "x", "/mnt"],
        capture_output=True,
        check=False,
    )
    return "" if tried.returncode == 0 else "this system lets nobody make namespaces"


@contextmanager
def scratch() -> Iterator[Scratch]:
    folder = Path(tempfile.mkdtemp(prefix="helpdesk-scratch-"))
    folder.chmod(0o755)
    shutil.copytree("/etc", folder / "etc", symlinks=True)
    prefix = Path(sys.base_prefix).resolve()
    python = prefix if prefix.is_relative_to("/usr") else PYTHON
    site = Path(sysconfig.get_path("purelib"))
    packages = make_venv(folder / VENV.lstrip("/"), python, site)
    alone = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
    told = [folder, prefix, python, site.resolve(), packages.relative_to(folder)]
    holder = subprocess.Popen(
        [*alone, "sh", "-c", FIRST + DEVICES, "sh", *map(str, told)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        first = holder.stdout.readline().strip()
        assert first, "the scratch machine could not be made; the reason stands above"
        machine = Scratch(folder, int(first))
        machine.run("python", "-c", LOOPBACK)
        yield machine
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
        shutil.rmtree(folder)


def make_venv(venv: Path, python: Path, site: Path) -> Path:
    """One whose Python is ``python``; the folder its packages will be seen in."""
    packages = venv / "lib" / site.parent.name / "site-packages"
    packages.mkdir(parents=True)
    (venv / "bin").mkdir()
    (venv / "bin/python").symlink_to(python / "bin" / f"{site.parent.name}")
    (venv / "bin/python3").symlink_to("python")
    (venv / "pyvenv.cfg").write_text(f"home = {python}/bin\n")
    stamp = Path(sys.prefix, ".stamp")
    if stamp.exists():  # what ./run looks at
        shutil.copy(stamp, venv)
    return packages
