"""What the help desk does, in numbers for Prometheus. They tell of no person and no class.

With several workers each writes its numbers to files that all can read (the folder in
``PROMETHEUS_MULTIPROC_DIR``, which ``helpdesk.supervisor`` makes), so whichever worker
is asked tells the sum. Numbers of work that a separate clock did are not in it.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    PROCESS_COLLECTOR,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from live.metrics import TIMES

CONTENT_TYPE = CONTENT_TYPE_LATEST
_METHODS = ("GET", "HEAD", "POST", "OPTIONS")
#: What an alarm waits for is told as 0 before it happens: a first one that comes out of nothing is
#: no growth for Prometheus.
_ALARMING = (500, 503)

RAISES = Counter("helpdesk_raises", "Hands that were raised.")
#: ``verb``: one of requests_app.models.Verb.
EVENTS = Counter("helpdesk_events", "Recorded moves of requests.", ["verb"])
CONNECTIONS_REFUSED = Counter(
    "helpdesk_connections_refused", "Connections for which there were no open files left."
)
#: With SQLite the lock is the file's, and all changes wait for it.
LOCK_SECONDS = Histogram("helpdesk_lock_seconds", "Waiting for a queue's lock.", buckets=TIMES)
#: What programs ask. A server that is not ready says so with 503, and nobody was sent away.
_PROBES = ("healthz", "readyz", "metrics")
_REQUESTS = Counter("helpdesk_http_requests", "People's requests.", ["method", "status"])
_SECONDS = Histogram(
    "helpdesk_http_seconds", "From a request to its answer.", ["view"], buckets=TIMES
)


def answered(*, method: str, status: int, view: str, seconds: float) -> None:
    """Count one request. A method that nobody offers is ``other``: anybody can make up more."""
    if view not in _PROBES:
        _requests(method if method in _METHODS else "other", status).inc()
    _seconds(view).observe(seconds)


def time_begin(execute: Callable, sql: str, *args: Any) -> Any:
    """Around each query of SQLite (Django's ``execute_wrapper``): a transaction's begin waits."""
    if not sql.startswith("BEGIN"):
        return execute(sql, *args)
    with LOCK_SECONDS.time():
        return execute(sql, *args)


@cache
def _requests(method: str, status: int) -> Counter:
    return _REQUESTS.labels(method, str(status))


@cache
def _seconds(view: str) -> Histogram:
    return _SECONDS.labels(view)


for _method in (*_METHODS, "other"):
    for _status in _ALARMING:
        _requests(_method, _status)
REGISTRY.unregister(PROCESS_COLLECTOR)  # it knows one process; _Processes tells of all


def as_text(present: Mapping[str, int], parts: Mapping[str, int]) -> bytes:
    """All numbers, of all workers, as Prometheus reads them.

    ``present``: name of a gauge → what is true at this moment, whichever worker says it.
    ``parts``: what helpdesk needs → 1 if it answers, else 0.
    """
    counted = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)
    now = CollectorRegistry()
    now.register(_Present(present, parts))
    now.register(_Processes())
    return generate_latest(counted) + generate_latest(now)


class _Present(Collector):
    """Gauges that are read when they are asked for; no file of a worker holds them."""

    def __init__(self, values: Mapping[str, int], parts: Mapping[str, int]) -> None:
        self.values, self.parts = values, parts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, value in self.values.items():
            yield GaugeMetricFamily(name, "In all open lessons, now.", value)
        up = GaugeMetricFamily("helpdesk_part_up", "Whether it answers now.", labels=["part"])
        for part, value in self.parts.items():
            up.add_metric([part], value)
        yield up


class _Processes(Collector):
    """Memory, open files and processor time of each process: a sum would hide one that is full.
    The names are those that every program has (``process_open_fds``); ``pid`` tells them apart."""

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for pid in _pids():
            for found in ProcessCollector(pid=partial(str, pid), registry=None).collect():
                alone = Metric(found.name, found.documentation, found.type)
                family = families.setdefault(found.name, alone)
                for sample in found.samples:
                    family.add_sample(sample.name, {"pid": pid}, sample.value)
        yield from families.values()


def _pids() -> list[str]:
    """This process, or all that share their numbers: those that live have a gauge's file."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return [str(os.getpid())]
    return sorted({file.stem.rpartition("_")[2] for file in Path(folder).glob("gauge_live*.db")})
