"""Answers without a name, from the moment they are sent until they are written.

Promise: nobody who has the files (the database, its write-ahead log, every copy of it from every
moment) can say of an answer whose it is with a better chance than one in five. Who has replied is
written at once, because nobody may answer twice. Were the answers written at once too, each would
stand beside a name. So they wait here, in this process's memory, and on no disk:

* Ten answers wait: five of them, drawn at random, are written in a random order. The other five
  stay, so that there are never fewer than five left when the check-in closes.
* The check-in closes: all that wait are written together. Where fewer than five wait anywhere
  they are dropped: writing them would name them.
* The process is told to stop: the same, check-in by check-in. When it dies without a word, what
  waited (nine at the most, in each process) is lost. That is the price; answers with names are
  written at once and are never lost.

With several workers each keeps its own; every one of them hands in what it has within seconds of
the closing (``hand_in_closed``), whichever closed it.

Whoever came into the class after the check-in opened may have been made up to find out what
others said: nine that one knows and a tenth. So such an answer never makes a group big enough. It
waits for the closing, and is counted where at least five others said the same.
"""

import logging
import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connections, transaction
from django.db.models import F

from checkins import gate, kernel, results, suppress
from checkins.models import CheckIn, CheckInStatus, ReasonTally, UnnamedReply, Visibility
from checkins.questions import InTheWay, Kind
from checkins.suppress import FLOOR
from classrooms.models import Membership

logger = logging.getLogger(__name__)

#: So many are written together, and so many stay behind for the next time.
LOT = STAY = FLOOR


@dataclass(frozen=True)
class Waiting:
    """What one student sent. ``found_by`` finds it again for the browser that sent it (a digest
    of a key that only that browser has), for as long as it waits."""

    answers: dict[str, Any]
    reason: str
    found_by: str
    #: Came into the class after the check-in opened.
    is_late: bool = False
    #: Was asked about work in place of well-being: a group of its own, as few as it may be.
    about_work: bool = False


@dataclass
class _Pool:
    """One check-in's answers that wait in this process."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    waiting: list[Waiting] = field(default_factory=list)


_pools: dict[int, _Pool] = {}
_guard = threading.Lock()


@contextmanager
def holding(check_in_id: int) -> Iterator[list[Waiting]]:
    """What waits for a check-in; nobody else in this process adds to it or hands it in meanwhile.

    To be taken before the class's lock, never after it.
    """
    with _guard:
        pool = _pools.setdefault(check_in_id, _Pool())
    with pool.lock:
        yield pool.waiting


def find(check_in_id: int, found_by: str) -> Waiting | None:
    """What this browser sent, while it waits here."""
    with holding(check_in_id) as waiting:
        return next((each for each in waiting if each.found_by == found_by), None)


def keep(check_in_id: int, sent: Waiting) -> None:
    with holding(check_in_id) as waiting:
        waiting.append(sent)


def change(check_in_id: int, found_by: str, answers: dict[str, Any]) -> None:
    """Other answers in the place of those that this browser sent; the reason stays as it was."""
    with holding(check_in_id) as waiting:
        for place, each in enumerate(waiting):
            if each.found_by == found_by:
                waiting[place] = replace(each, answers=answers)


def is_waiting() -> bool:
    """Whether this process holds anything at all."""
    return any(pool.waiting for pool in _pools.values())


def forget_all() -> None:
    """As if the process had died."""
    with _guard:
        _pools.clear()


# --- From memory into the database -------------------------------------------


def write_a_lot(check_in: CheckIn) -> None:
    """Write five at random of ten that wait, if so many do."""
    with holding(check_in.pk) as waiting:
        ready = [group for group in _early(waiting) if len(group) >= LOT + STAY]
        if not ready:
            return
        lot = secrets.SystemRandom().sample(ready[0], LOT)
        try:
            with transaction.atomic():
                current = kernel.locked(check_in)
                _write(current, lot)
                _publish(current)
        except Exception:  # They wait for the next try; the student's own reply is in.
            logger.exception("Answers without names could not be written yet.")
        else:
            waiting[:] = [each for each in waiting if each not in lot]


def hand_in(check_in: CheckIn) -> None:
    """Write what waits here for a check-in that has closed, or drop it where it is too little.

    Totals follow at once where nobody else holds any; else the clock shows them a minute later
    (``show_late_totals``), so that they do not move for a few.
    """
    with holding(check_in.pk) as waiting:
        with transaction.atomic():
            current = kernel.locked(check_in)
            if current.is_open:
                return
            waited = current.waiting or 0
            early, on_work = _early(waiting)
            if current.status == CheckInStatus.CLOSED:
                if len(early) >= LOT or (early and waited >= LOT):
                    _write(current, early + _joining(current, early, waiting))
                if len(on_work) >= LOT:
                    _write(current, on_work)
            if len(early) >= waited:
                _publish(current)
        waiting.clear()
    with _guard:
        _pools.pop(check_in.pk, None)


def hand_in_closed() -> None:
    """Hand in for every check-in that has closed since, at whichever worker."""
    held = [pk for pk, pool in list(_pools.items()) if pool.waiting]
    closed = CheckIn.objects.filter(pk__in=held).exclude(status=CheckInStatus.OPEN)
    for check_in in closed.select_related("classroom__school"):
        hand_in(check_in)
    gone = set(held) - set(CheckIn.objects.filter(pk__in=held).values_list("pk", flat=True))
    with _guard:
        for pk in gone:
            _pools.pop(pk, None)


def before_the_end() -> None:
    """This process ends: write what is enough to be written, check-in by check-in."""
    hand_in_closed()
    for pk in list(_pools):
        with holding(pk) as waiting:
            check_in = CheckIn.objects.select_related("classroom").filter(pk=pk).first()
            enough = [group for group in _early(waiting) if len(group) >= LOT]
            if check_in is not None and enough:
                with transaction.atomic():
                    current = kernel.locked(check_in)
                    for group in enough:
                        _write(current, group)
                    _publish(current)
            waiting.clear()


def note_new_process() -> None:
    """A process begins: what another one held when it ended is not waited for any more."""
    unnamed = CheckIn.objects.open().filter(visibility=Visibility.TOTALS)
    for check_in in unnamed.select_related("classroom"):
        with transaction.atomic():
            current = kernel.locked(check_in)
            current.settled = len(current.replied)
            current.save(update_fields=["settled"])


def in_thread(work) -> None:
    """Do this in a thread of the server's; what goes wrong is logged, and tried again later."""
    try:
        work()
    except Exception:
        logger.exception("Answers without names: %s went wrong.", work.__name__)
    finally:
        connections.close_all()


# --- How many, and who counts ------------------------------------------------


def count_waiting(check_in: CheckIn) -> int:
    """How many answers wait in all processes together, at least: names that are known, less the
    answers that are written or were lost. Latecomers do not count."""
    on_work = gate.asked_about_work(check_in, check_in.replied)
    replied = Membership.objects.filter(pk__in=set(check_in.replied) - on_work)
    early = replied.filter(joined_at__lte=check_in.opened_at).count()
    return max(0, early - max(check_in.settled, check_in.unnamed_replies.count()))


def _early(waiting: list[Waiting]) -> tuple[list[Waiting], list[Waiting]]:
    """Those who were in the class when it opened: asked what everybody was, and about work."""
    early = [each for each in waiting if not each.is_late]
    return [e for e in early if not e.about_work], [e for e in early if e.about_work]


def _joining(check_in: CheckIn, early: list[Waiting], waiting: list[Waiting]) -> list[Waiting]:
    """Latecomers' replies that change nothing but groups that are big enough without them."""
    late = [each for each in waiting if each.is_late and not each.about_work]
    if not late:
        return []
    known = [*check_in.unnamed_replies.values_list("answers", flat=True)]
    cells = results.all_cells(check_in, [*known, *(each.answers for each in early)])
    reasons = [each.reason for each in early]
    tallies = ReasonTally.objects.filter(lesson=check_in.lesson)
    counts = dict(tallies.values_list("reason", "count"))
    return [
        each
        for each in late
        if suppress.fits_in(cells, results.all_cells(check_in, [each.answers]))
        and (not each.reason or counts.get(each.reason, 0) + reasons.count(each.reason) >= FLOOR)
    ]


def _write(check_in: CheckIn, lot: Iterable[Waiting]) -> None:
    """In one statement and a random order: nothing about a row tells which of them it was."""
    mixed = list(lot)
    secrets.SystemRandom().shuffle(mixed)
    UnnamedReply.objects.bulk_create(
        UnnamedReply(check_in=check_in, answers=each.answers) for each in mixed
    )
    _tally(check_in, [each.reason for each in mixed if each.reason])


def _tally(check_in: CheckIn, reasons: list[str]) -> None:
    """Count what got in the way, with nothing that leads back."""
    if not reasons or check_in.lesson is None or not asks_reasons(check_in):
        return
    tallies = ReasonTally.objects.filter(lesson=check_in.lesson)
    if not tallies.exists():
        ReasonTally.objects.bulk_create(
            [ReasonTally(lesson=check_in.lesson, reason=each) for each in InTheWay]
        )
    for reason in InTheWay:
        if count := reasons.count(reason):
            tallies.filter(reason=reason).update(count=F("count") + count)
    results.publish_reasons(check_in.lesson)


def asks_reasons(check_in: CheckIn) -> bool:
    """Whether it asks what got in the way. Nobody can say who was counted already, so in a lesson
    only the first check-in that asks it does."""
    if not any(question["kind"] == Kind.REASONS for question in check_in.questions):
        return False
    earlier = CheckIn.objects.filter(lesson=check_in.lesson, opened_at__lt=check_in.opened_at)
    asked = (question["kind"] for each in earlier for question in each.questions)
    return Kind.REASONS not in asked


def _publish(check_in: CheckIn) -> None:
    results.publish(check_in)
    check_in.save(update_fields=["published"])


def show_late_totals(check_in: CheckIn) -> None:
    """The clock's, once every worker has had its time to hand in."""
    with transaction.atomic():
        _publish(kernel.locked(check_in))
