"""``python -m helpdesk.server``: the whole help desk in one process, or with several workers.

It binds the port, brings the database up to date, says where it is, and serves until it is told
to stop. What goes wrong before that is told in one sentence, for a teacher or a technician.
"""

import argparse
import asyncio
import errno
import gc
import io
import logging
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import uvicorn
from django.core.exceptions import ImproperlyConfigured

from helpdesk import connections, env, private, startup
from helpdesk.supervisor import BEAT, CLOCK, WORKER, Pulse, Supervisor

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
EVERYWHERE = "0.0.0.0"  # noqa: S104
MOST_WORKERS = 64
#: Bytes that the system keeps for a connection that does not take them.
SEND_BUFFER = 64 * 1024
#: Seconds between the last new connection and the end of those on which nothing is said.
LAST_WORDS = 0.2
#: Milliseconds after which a connection is ended whose other side takes nothing of what it is sent.
#: Closing it waits for the same full buffer, so without this it would be kept for ever.
TAKES_NOTHING = 30_000
#: Nobody has this address (RFC 5737), and none is needed to ask which way packets would go.
SOMEWHERE_ELSE = "192.0.2.1"
PLAIN_HTTP = """
This is plain HTTP: people on the same network could read or change what is sent.
Use it for the queue only. Private features stay off; use HTTPS for anything else.
"""


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m helpdesk.server", description=__doc__)
    parser.add_argument("--seed-demo", action="store_true", help="fill an empty database")
    parser.add_argument("--living", action="store_true", help="let a made-up class work in it")
    parser.add_argument("--workers", type=worker_count, help="processes that serve")
    # What a worker or the clock is given by the parent (helpdesk.supervisor): open files.
    for name in (f"--{WORKER}", f"--{CLOCK}", "--listener"):
        parser.add_argument(name, type=int, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    # Until uvicorn listens to signals, and after: the cleaning up below must run.
    for number in (signal.SIGTERM, *hang_up()):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        if args.worker is not None:
            be_worker(socket.socket(fileno=args.listener), Pulse(args.worker))
        elif args.clock is not None:
            be_clock(Pulse(args.clock))
        else:
            start(seed=args.seed_demo, living=args.living, workers=args.workers)
    except ImproperlyConfigured as refusal:
        sys.exit(str(refusal))
    except KeyboardInterrupt:
        print("\nhelpdesk has stopped.")


def worker_count(told: str) -> int:
    if told.isascii() and told.isdigit() and 1 <= int(told) <= MOST_WORKERS:
        return int(told)
    raise argparse.ArgumentTypeError(f"must be a number from 1 to {MOST_WORKERS}, not {told!r}")


def hang_up() -> list[signal.Signals]:
    """SIGHUP, where there is such a thing and nohup has not told us to leave it alone."""
    number = getattr(signal, "SIGHUP", None)
    return [number] if number and signal.getsignal(number) is not signal.SIG_IGN else []


def prepare_process() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    private.files_from_now_on()
    env.read_env_file(ROOT / ".env")


def start(*, seed: bool, living: bool, workers: int | None) -> None:
    """``workers``: None where the settings say it."""
    prepare_process()
    port = env.number("PORT", 8000, low=1, high=65535)
    if env.text("HELPDESK_MODE") == "lan":
        assume_lan(port)
    # Before Django, which takes most of the start: whoever forgot a running one learns it at once.
    listener = bind(env.text("HOST", "127.0.0.1"), port)
    workers = workers_of(workers)
    startup.wait_for_database()
    startup.prepare_database(seed=seed)
    startup.tell_if_redis_is_away()
    if workers > 1:
        supervise(listener, workers)
    else:
        serve(listener, living=living)


# --- Where it listens --------------------------------------------------------


def assume_lan(port: int) -> None:
    """Listen to the whole network, at the address this computer has there, unless told others."""
    if not env.text("HOST"):
        os.environ["HOST"] = EVERYWHERE
    if env.text("HELPDESK_SITE_URL"):
        return
    host = env.text("HOST")
    address = lan_address() if host == EVERYWHERE else host
    if address is None:
        raise ImproperlyConfigured(
            "This computer has no address on a network: connect it to the school network, or "
            "give the address people use as HELPDESK_SITE_URL=http://ADDRESS:PORT."
        )
    # As browsers write it: they leave out port 80, and the origin must be equal.
    os.environ["HELPDESK_SITE_URL"] = f"http://{address}" + (f":{port}" if port != 80 else "")


def lan_address() -> str | None:
    """This computer's address on the network it is on, or None. Nothing is sent."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((SOMEWHERE_ELSE, 9))
            found = [probe.getsockname()[0]]
    except OSError:  # a network without a way out
        found = named_addresses()
    return next((a for a in found if not a.startswith(("127.", "0."))), None)


def named_addresses() -> list[str]:
    try:
        return socket.gethostbyname_ex(socket.gethostname())[2]
    except OSError:
        return []


def bind(host: str, port: int) -> socket.socket:
    """The socket to listen on; the program ends with one sentence where it cannot be had."""
    try:
        return bound(host, port)
    except socket.gaierror:
        sys.exit(f"HOST must be an address of this computer, not {host!r}.")
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            sys.exit(
                f"Port {port} is taken (is helpdesk running already?); take another one: "
                f"PORT={free_port(host, port)} {how_started()}"
            )
        if error.errno == errno.EACCES:
            sys.exit(f"Port {port} is not for everyone; take another one: PORT=8000 ./run")
        sys.exit(f"HOST must be an address of this computer, not {host!r} ({error.strerror}).")


def bound(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    # "localhost" may be both; the address we print is of the older kind.
    family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        # Inherited by every connection. A page that reads nothing is found out, and given up, after
        # a few dozen texts instead of 1,400 that the system would keep for it (3 MB).
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, TAKES_NOTHING)
        if os.name == "posix":  # on Windows this would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def free_port(host: str, taken: int) -> int:
    for port in range(taken + 1, min(taken + 50, 65535)):
        try:
            bound(host, port).close()
        except OSError:
            continue
        return port
    return 8000


def how_started() -> str:
    mode = env.text("HELPDESK_MODE")
    return f"./run {mode}" if mode in ("demo", "lan") else "./run"


# --- What it serves ----------------------------------------------------------


def configuration() -> uvicorn.Config:
    """How connections are served; Django must be set up."""
    from helpdesk.asgi import application
    from helpdesk.connections import Connection, Socket

    return uvicorn.Config(
        application,
        http=Connection,
        lifespan="on",
        # The pings find out who has gone, and keep proxies from closing a quiet socket.
        ws=Socket,
        ws_max_size=16 * 1024,
        ws_max_queue=8,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        ws_per_message_deflate=False,
        server_header=False,
        proxy_headers=False,  # helpdesk.asgi reads them
        timeout_graceful_shutdown=15,
        access_log=False,
        log_config=None,  # Django's settings have said how logs look
        log_level="warning",
    )


def serve(listener: socket.socket, *, living: bool = False, pulse: Pulse | None = None) -> None:
    """Answer until a signal ends it; a worker shows its ``pulse`` and announces nothing."""
    from django.conf import settings

    from helpdesk import preload

    config = configuration()
    if pulse is not None or settings.PRODUCTION:
        preload.everything()
    spare_the_collector()
    open_many_files()
    with living_class(settings.SITE_URL, wanted=living) as begin, holding_the_database():
        when_ready = [begin, announce] if pulse is None else []
        Server(config, when_ready=when_ready, pulse=pulse).run(sockets=[listener])


@contextmanager
def holding_the_database() -> Iterator[None]:
    """Keep SQLite's file open: by this, commands that would put another one in its place find out
    that we run, also before anybody asked for anything."""
    from django.conf import settings

    if not settings.SQLITE:
        yield
        return
    with closing(sqlite3.connect(settings.DATABASES["default"]["NAME"])) as connection:
        connection.execute("SELECT count(*) FROM sqlite_master")
        yield


def open_many_files() -> None:
    """Let this process have as many connections as the system allows: 1,024 is a usual default, and
    a school's open pages alone are more."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(ValueError, OSError):  # macOS allows less than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    connections.keep_files(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def spare_the_collector() -> None:
    """Keep Python's garbage collector from stopping everything to look at what stays anyway.

    With 10,000 open pages a full collection took 0.5 to 1.9 s, during which nobody was answered,
    and came every few seconds while pages opened; all that is loaded by now added 0.1 s to each.
    Almost everything goes without the collector; cycles are found a little later.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


class Server(uvicorn.Server):
    """Calls what waits for it as soon as it answers, and lets nobody down who came before its end.

    With a ``pulse`` it is a worker, and ends when its parent is gone.
    """

    def __init__(
        self, config: uvicorn.Config, when_ready: list, pulse: Pulse | None = None
    ) -> None:
        super().__init__(config)
        self.when_ready = when_ready
        self.pulse = pulse

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for number in hang_up():
            signal.signal(number, self.leave)
        with suppress(BrokenPipeError):  # nobody reads what we say: no reason to end
            for call in self.when_ready:
                call()

    def leave(self, *_told) -> None:
        """End as at SIGTERM."""
        logger.warning("SIGHUP: one process cannot replace itself, so it ends; start it again")
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        # uvicorn counts tenths of seconds.
        if self.pulse is not None and counter % (10 * BEAT) == 0:
            self.should_exit |= not self.pulse.beat()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Whose connection was taken a moment ago has a request on its way: it is read first."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(LAST_WORDS)
        await super().shutdown(sockets)


# --- Several workers ---------------------------------------------------------


def workers_of(told: int | None) -> int:
    """How many; raises where they would not know of each other."""
    from django.conf import settings

    if told is None:
        return settings.WORKERS
    if told > 1:
        asked = f"--workers {told}"
        env.refuse_alone(asked, sqlite=settings.SQLITE, redis_url=settings.REDIS_URL)
    return told


def supervise(listener: socket.socket, workers: int) -> None:
    from django.conf import settings

    listener.listen(2048)
    supervisor = Supervisor(
        listener,
        workers=workers,
        clock=settings.CLOCK == "in-server",
        share_numbers=bool(settings.METRICS_TOKEN),
        when_ready=announce,
    )
    if not supervisor.run():
        sys.exit(1)


def be_worker(listener: socket.socket, pulse: Pulse) -> None:
    import django

    prepare_process()
    startup.wait_for_database()
    django.setup()
    from helpdesk.static import refuse_uncollected

    refuse_uncollected()  # new code without them: the old workers stay
    refuse_former_database()
    serve(listener, pulse=pulse)


def refuse_former_database() -> None:
    """End where ``migrate`` was forgotten: the workers that serve are of the version before, and
    stay. One whose database is away just now starts, and waits for it."""
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return
    finally:
        connection.close()
    if missing:
        sys.exit("The database is of an older version: ./run manage migrate, then reload again.")


def be_clock(pulse: Pulse) -> None:
    """The clock alone, until a signal ends it or the parent is gone.

    The signal raises SystemExit (``main``). If it set a ``threading.Event`` on which we wait, it
    would now and then come while this thread holds the event's own lock, and wait for itself.
    """
    prepare_process()
    startup.wait_for_database()
    import django

    django.setup()
    from helpdesk import clock

    running = clock.start()
    try:
        while pulse.beat():
            time.sleep(BEAT)
    finally:
        running.stop(graceful=True)


@contextmanager
def living_class(url: str, *, wanted: bool) -> Iterator:
    """Yields what starts the made-up class; the class ends with this."""
    children = []

    def begin() -> None:
        if wanted:
            command = [sys.executable, "-m", "demo.living", "--url", url]
            # Its own session: Ctrl+C is for the server, which then ends it.
            children.append(subprocess.Popen(command, start_new_session=True))

    try:
        yield begin
    finally:
        for child in children:
            child.terminate()
            child.wait()


def announce() -> None:
    from django.conf import settings

    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # some consoles lack the QR code's characters
    what_next = {
        "demo": "A made-up school: sign in there with one tap. Stop with Ctrl+C.",
        "lan": "Everyone on this network can join there. Stop with Ctrl+C.",
        "production": f"It listens on {settings.HOST}, port {settings.PORT}.",
    }.get(settings.MODE, "Start a classroom there. Stop with Ctrl+C.")
    print(f"helpdesk is ready: {settings.SITE_URL}  ·  {what_next}", flush=True)
    if settings.LAN:
        print(join_code(settings.SITE_URL) + PLAIN_HTTP, flush=True)


def join_code(url: str) -> str:
    """A QR code for the terminal; never the micro kind, which telephones do not read."""
    import segno

    picture = io.StringIO()
    segno.make(url, micro=False).terminal(out=picture, compact=True)
    if not sys.stdout.isatty() or os.name != "posix":
        return picture.getvalue()
    # White on black whatever the terminal's colours are: not every camera reads a negative.
    lines = picture.getvalue().splitlines()
    return "".join(f"\033[97;40m{line}\033[0m\n" for line in lines)


if __name__ == "__main__":
    main()
