"""Counting replies, and what of the counts is shown: through ``suppress``, always."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from checkins import suppress
from checkins.models import CheckIn, CheckInStatus, NamedReply, ReasonTally, ReasonTotals
from checkins.questions import COUNTED, InTheWay, Kind, about_work, options_of
from classrooms.models import Lesson

Answers = dict[str, Any]
#: The one answer of those who are asked about work in place of well-being, and its table.
WORK = "work"


@dataclass(frozen=True)
class Line:
    """One answer: ``count`` is None where it is hidden; ``share`` is of whoever replied."""

    label: str
    count: int | None
    of: int

    @property
    def share(self) -> int:
        """Tenths, for a bar."""
        return round(10 * (self.count or 0) / self.of) if self.of else 0


@dataclass(frozen=True)
class Table:
    """One question's totals; ``lines`` is empty while nothing may be shown."""

    text: str
    lines: list[Line]
    of: int


def cells_of(check_in: CheckIn, table: str, replies: Iterable[Answers]) -> list[int]:
    """The true cells of one table; the last one is "skipped", or "not chosen"."""
    number, option = check_in.tables()[table]
    given = (answers.get(str(number)) for answers in replies)
    if option is not None:
        return suppress.count((0 if option in (each or ()) else None for each in given), 1)
    return suppress.count(given, len(options_of(check_in.question(number))))


def all_cells(check_in: CheckIn, replies: Iterable[Answers]) -> dict[str, list[int]]:
    replies = [each for each in replies if WORK not in each]
    return {table: cells_of(check_in, table, replies) for table in check_in.tables()}


def publish(check_in: CheckIn) -> None:
    """Let each table of a totals-only check-in move on, if nobody stands out in the step.

    About well-being nothing is shown while somebody could watch it grow.
    """
    if check_in.is_about_well_being and check_in.is_open:
        return
    replies = list(check_in.unnamed_replies.values_list("answers", flat=True))
    counted = all_cells(check_in, replies)
    if on_work := [each[WORK] for each in replies if WORK in each]:
        counted[WORK] = suppress.count(on_work, len(options_of(about_work()[0])))
    for table, cells in counted.items():
        history = check_in.published.setdefault(table, [])
        if suppress.next_to_show(history, cells) and cells not in history[-1:]:
            history.append(cells)


def to_keep(check_in: CheckIn) -> dict[str, Any]:
    """What stays of the totals when the answers are deleted: cells of five or more, and under
    ``of`` how many replies each table is of."""
    if check_in.is_named:
        true = all_cells(check_in, check_in.named_replies.values_list("answers", flat=True))
    else:
        true = {table: shown[-1] for table, shown in check_in.published.items() if shown}
    kept = {table: _told(check_in, cells) for table, cells in true.items()}
    told = {table: cells for table, cells in kept.items() if suppress.says_something(cells)}
    of = {table: sum(true[table]) for table in told}
    return {"of": of} | {table: [cells] for table, cells in told.items()}


def tables(check_in: CheckIn) -> list[Table]:
    """Each counted question with the totals that may be shown now."""
    found = {name: _shown(check_in, name) for name in check_in.tables()}
    return [
        _table(check_in, number, found)
        for number, question in enumerate(check_in.asked)
        if question["kind"] in COUNTED
    ]


def work_table(check_in: CheckIn) -> Table | None:
    """What those said who were asked about work; None where nothing may be shown of it."""
    cells, of = _shown(check_in, WORK) if check_in.is_about_well_being else ([], 0)
    if not suppress.says_something(cells):
        return None
    question = about_work()[0]
    labels = [*options_of(question), _("Skipped")]
    lines = [Line(label, count, of) for label, count in zip(labels, cells, strict=True)]
    return Table(question["text"], lines, of)


def _shown(check_in: CheckIn, table: str) -> tuple[suppress.Shown, int]:
    """The cells to show and how many replies they are of."""
    if check_in.is_named and check_in.status != CheckInStatus.PURGED:
        cells = cells_of(check_in, table, check_in.named_replies.values_list("answers", flat=True))
        return list(cells), sum(cells)
    history = check_in.published.get(table)
    if not history:
        return [], 0
    if check_in.status == CheckInStatus.PURGED:
        # Those deleted before ``of`` was kept have only what is shown.
        shown = sum(cell or 0 for cell in history[-1])
        return history[-1], check_in.published.get("of", {}).get(table, shown)
    told = _told(check_in, history[-1])
    return (told, sum(history[-1])) if suppress.says_something(told) else ([], 0)


def _told(check_in: CheckIn, cells: list[int]) -> suppress.Shown:
    """What of these cells is shown; that all feel the same would tell how each one does."""
    show = suppress.unless_all_alike if check_in.is_about_well_being else suppress.shown
    return show(cells)


def _table(check_in: CheckIn, number: int, found: dict[str, tuple[suppress.Shown, int]]) -> Table:
    question = check_in.question(number)
    options = options_of(question)
    if question["kind"] == Kind.SEVERAL:
        parts = [found[f"{number}.{option}"] for option in range(len(options))]
        lines = [
            Line(label, cells[0] if cells else None, of)
            for label, (cells, of) in zip(options, parts, strict=True)
        ]
        of = max((of for _cells, of in parts), default=0)
        return Table(question["text"], lines if of else [], of)
    cells, of = found[str(number)]
    lines = [
        Line(label, count, of)
        for label, count in zip([*options, _("Skipped")], cells, strict=False)
    ]
    return Table(question["text"], lines, of)


def publish_reasons(lesson: Lesson) -> None:
    """Let a lesson's tallies of what got in the way move on, if nobody stands out."""
    counts = dict(ReasonTally.objects.filter(lesson=lesson).values_list("reason", "count"))
    cells = [counts.get(reason, 0) for reason in InTheWay]
    totals, _created = ReasonTotals.objects.get_or_create(lesson=lesson)
    if suppress.next_to_show(totals.history, cells) and cells not in totals.history[-1:]:
        totals.history.append(cells)
        totals.save(update_fields=["history"])


def reasons(lesson: Lesson | None) -> Table | None:
    """What got in the way in this lesson; None while nothing may be shown."""
    totals = ReasonTotals.objects.filter(lesson=lesson).first() if lesson else None
    if totals is None or not totals.history:
        return None
    last = totals.history[-1]
    is_kept = isinstance(last, dict)
    cells, of = (last["cells"], last["of"]) if is_kept else (suppress.shown(last), sum(last))
    lines = [
        Line(str(reason.label), count, of) for reason, count in zip(InTheWay, cells, strict=True)
    ]
    return Table("", lines, of)


def keep_reasons(lesson: Lesson) -> None:
    """What stays of a lesson's reasons when the tallies are deleted: what was shown last."""
    for totals in ReasonTotals.objects.filter(lesson=lesson).exclude(history=[]):
        true = totals.history[-1]
        totals.history = [{"cells": suppress.shown(true), "of": sum(true)}]
        totals.save(update_fields=["history"])


def advice(told: Table | None) -> str:
    """What a teacher could do about what got in the way most often, of what is shown (A60)."""
    if told is None:
        return ""
    something = {
        InTheWay.NOTICED: _("A help moment asks everybody at once, so that nobody stands out."),
        InTheWay.UNSURE: _("Read ways to begin a question together, such as “I tried …”."),
        InTheWay.BUSY: _("A second helper, or answering for the group, leaves more time for each."),
        InTheWay.ALONE: _("“Try this, back soon” lets them go on alone, and you come by later."),
    }
    counts = {
        reason: line.count
        for reason, line in zip(InTheWay, told.lines, strict=True)
        if line.count and reason in something
    }
    return something[max(counts, key=lambda reason: counts[reason])] if counts else ""


def named_lines(reply: NamedReply) -> list[tuple[str, str]]:
    """``(question, answer)`` of one reply in words; skipped questions are left out."""
    found = []
    for number, answer in sorted(reply.answers.items()):
        question = reply.check_in.question(int(number))
        options = options_of(question)
        picked = answer if isinstance(answer, list) else [answer]
        is_text = question["kind"] == Kind.TEXT
        found.append(
            (question["text"], answer if is_text else ", ".join(options[each] for each in picked))
        )
    return found
