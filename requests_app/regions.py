"""What each audience of a queue sees: regions and rows, drawn where somebody lacks them.

Three kinds of audience:

* ``helpers``: the queue, for those who help in the class;
* ``class``: whether help is open; no name, count, place or text of anybody;
* ``student.<id>``: one student's own request, for that student alone.

A student's view has the version of their own request's last change, not of the queue, whose steps
would tell how much the others ask. Every fact that a piece is drawn from stands in its mark.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from classrooms import flood
from classrooms.models import Membership
from live.shown import Listing, Piece, View, mark_of
from requests_app import beside
from requests_app.models import HelpRequest, Queue, Reason, Status, queue_ids
from requests_app.order import NEXT_TIME, NEXT_TIME_FOR_HELPERS, Rule, explain
from requests_app.present import Present, Wait, forget_queues, look

#: Minutes that a student can put their request off by (T12).
LATER_MINUTES = (5, 10, 20)
#: How long "I still need this" is offered after help closed on a request (T16).
CARRY_OVER_WITHIN = timedelta(days=7)
#: Names of students at the door that a helper reads at once.
NAMES_AT_DOOR = 5

#: Audience, without its language → what it sees.
Views = Mapping[str, View]


def topic_of(queue_id: int) -> str:
    return f"queue:{queue_id}"


def audiences_of(membership: Membership, *, on_board: bool = False) -> tuple[str, ...]:
    """Who this member is to the live pages.

    The board (a projector) and a school admin hear only whether help is open.
    """
    if on_board:
        return ("class",)
    if membership.can_help:
        return ("helpers",)
    if membership.can_raise:
        return ("class", f"student.{membership.pk}")
    return ("class",)


def views_of(membership: Membership, present: Present, *, on_board: bool = False) -> Views:
    """All that one member's page shows, in the active language."""
    audiences = audiences_of(membership, on_board=on_board)
    if audiences == ("helpers",):
        return {"helpers": helpers_view(present)}
    views = {"class": class_view(present)}
    if len(audiences) > 1:
        latest = present.latest_of([membership.pk]).get(membership.pk)
        facts = beside.facts_of(present, [membership.pk])[membership.pk]
        views[audiences[1]] = student_view(present, latest, facts)
    return views


def now_of(membership: Membership, *, on_board: bool = False) -> Mapping[str, Views]:
    """The same of this moment, by topic."""
    queue_id = Queue.objects.of(membership.classroom).pk
    views = views_of(membership, look(queue_id), on_board=on_board)
    return {topic_of(queue_id): views}


def drawn(view: View) -> dict[str, SafeString]:
    """For the page's template: each region and list by its name; ``beside``: those of other apps,
    in their order. One that could not be drawn leaves its place."""
    found = {_name(each): format_html('<div id="{}" hidden></div>', each) for each in OWN}
    found |= {_name(each): piece.html for each, piece in view.regions.items()}
    found |= {_name(each): listing.whole(each) for each, listing in view.lists.items()}
    others = [piece for each, piece in view.regions.items() if each not in OWN]
    return found | {"beside": format_html_join("", "{}", ((each.html,) for each in others))}


def _name(element_id: str) -> str:
    return element_id.replace("-", "_")


# --- Those who help -----------------------------------------------------------


def helpers_view(present: Present) -> View:
    queue, is_open = present.queue, present.is_open
    shut, door = flood.reason(queue.classroom), present.door
    names = [each.membership.name for each in door[:NAMES_AT_DOOR]]
    longest, usual = present.longest, present.usual_wait
    counts = [len(each) for each in (present.waiting, present.with_helper, present.promised)]
    spots = [(each["key"], each["task"].title, each["count"]) for each in present.hot_spots]
    closes_at = present.lesson.closes_at if is_open and present.lesson else None
    emptiness = _emptiness(present)
    since = longest.raised_at if longest else None
    pieces = {
        "queue-title": (queue.classroom.name, len(present.waiting), present.newest),
        "help-switch": (is_open, closes_at),
        "queue-summary": (*counts, since, usual),
        "door": (str(shut or ""), len(door), *names),
        "same-problem": (_paused_for(queue), *spots),
        "queue-empty": (emptiness, queue.classroom.shown_code),
    }
    context = {
        "queue": queue,
        "classroom": queue.classroom,
        "present": present,
        "shut": shut,
        "names": names,
        "emptiness": emptiness,
    }
    regions = {
        name: _piece(present, name, facts, lambda: context) for name, facts in pieces.items()
    }
    return View(
        queue.version,
        {**regions, **beside.of_helpers(present)},
        {
            "with-helper": _listing(present, present.with_helper),
            "in-line": _listing(present, present.waiting, "queue__rows--waiting"),
            "later": _listing(present, present.later),
            "missed": _listing(present, present.missed),
        },
    )


def next_time_for_helpers(present: Present) -> str:
    """What they read above the hands that help closed on."""
    return str(NEXT_TIME_FOR_HELPERS.get(Rule(present.queue.rule), ""))


def _emptiness(present: Present) -> str:
    """Why there is nobody to see: ``closed``, ``none``, or not at all."""
    if not present.is_open:
        return "closed" if not present.waiting else ""
    return "" if present.waiting or present.with_helper else "none"


def _paused_for(queue: Queue) -> str | None:
    """None unless the class is looking up; "" for nothing in particular."""
    if not queue.is_paused:
        return None
    return queue.paused_for.title if queue.paused_for else ""


def _listing(present: Present, help_requests: Iterable[HelpRequest], look: str = "") -> Listing:
    rows = {f"request-{each.key}": _row(present, each) for each in help_requests}
    return Listing(rows, f"queue__rows {look}".strip())


def _row(present: Present, help_request: HelpRequest) -> Piece:
    """Kept with what it is drawn from: who asks again finds the same objects (``Present.rows``)."""
    kept: dict[tuple, Piece] = help_request.__dict__.setdefault("_pieces", {})
    zone = present.queue.classroom.school.time_zone
    place = (get_language(), zone)
    if place not in kept:
        names = [
            getattr(each, "name", "")
            for each in (help_request.student, help_request.helper, help_request.last_helper)
        ]
        task = help_request.task.title if help_request.task else ""
        context = {"help_request": help_request, "classroom": present.queue.classroom}
        kept[place] = Piece(
            mark_of(help_request.pk, help_request.version, *names, task, zone),
            lambda: draw("requests_app/_queue_item.html", context),
        )
    return kept[place]


# --- The class and its students -----------------------------------------------


def class_view(present: Present) -> View:
    facts = (present.is_open, _paused_for(present.queue))
    state = _piece(present, "help-state", facts, lambda: {"present": present})
    return View(present.label, {"help-state": state, **beside.of_class(present)})


def student_view(present: Present, latest: HelpRequest | None, facts: Mapping[str, Any]) -> View:
    """``latest``: their newest request; ``facts``: what their regions of other apps say."""
    own = _my_request(present, latest)
    regions = {"my-request": own}
    if latest is not None and latest.is_seen and latest.status == Status.WAITING:
        regions["my-wait"] = _my_wait(present.wait_of(latest.student_id))
    version = label_of(latest) + beside.label_of(facts)
    return View(version, {**regions, **beside.of_student(present, facts)})


def label_of(latest: HelpRequest | None) -> int:
    """When what a student sees of their request changed last."""
    return latest.label if latest is not None and latest.is_seen else 0


def wait_view(present: Present, student_id: int) -> View:
    """Somebody else's change can make a student the next one."""
    wait = _my_wait(present.wait_of(student_id))
    return View(None, {"my-wait": wait})


def _my_wait(wait: Wait) -> Piece:
    template, context = f"requests_app/{OWN['my-wait']}.html", {"wait": wait}
    return Piece(
        mark_of(*wait), lambda: remembered(("my-wait", wait), lambda: draw(template, context))
    )


def _my_request(present: Present, latest: HelpRequest | None) -> Piece:
    """Without how long they wait for, which changes as others come and go."""
    told = _student_facts(present, latest)
    mine = told["my_request"]
    facts: tuple = (
        told["coach"],
        told["form_key"],
        told["asks_how_it_went"],
        present.queue.rule,
    )
    if mine is not None:
        helpers = [getattr(each, "name", "") for each in (mine.helper, mine.last_helper)]
        facts += (mine.pk, mine.version, mine.is_sealed, *helpers)
    wait = present.wait_of(latest.student_id) if latest else Wait()
    # Its first text has the wait in it that is true now, so it is remembered with that.
    return _piece(present, "my-request", facts, partial(student_context, present, latest), wait)


def _student_facts(present: Present, latest: HelpRequest | None) -> dict:
    shown = latest if latest is not None and latest.is_seen else None
    return {
        "my_request": shown if _is_of_today(present, shown) else None,
        "coach": stage(shown),
        "form_key": f"after-{latest.key}" if latest else "first",
        "asks_how_it_went": shown is not None and shown.asks_how_it_went(present.now),
    }


def student_context(present: Present, latest: HelpRequest | None) -> dict:
    return _student_facts(present, latest) | {
        "classroom": present.queue.classroom,
        "later_minutes": LATER_MINUTES,
        "reasons": Reason.choices,
        "wait": present.wait_of(latest.student_id) if latest else Wait(),
        "rule": explain(present.queue.rule),
        "next_time": NEXT_TIME.get(Rule(present.queue.rule), ""),
    }


def stage(latest: HelpRequest | None) -> str:
    """Changes when a student's cards are other ones: a new hand, another stage of the same."""
    if latest is None:
        return "down"
    if latest.status in (Status.WAITING, Status.CLAIMED, Status.PAUSED, Status.HELPING):
        return f"{latest.key}-up-{latest.reopened}-{latest.manner}"
    return f"{latest.key}-{latest.status}-{latest.reflection}"


def _is_of_today(present: Present, latest: HelpRequest | None) -> bool:
    """Whether the page still speaks of this request: how one ended is no news the next day.

    One that help closed on can be carried over for a week (T16).
    """
    if latest is None or latest.is_active or present.lesson is None:
        return latest is not None
    if latest.status == Status.EXPIRED:
        return present.now - latest.raised_at < CARRY_OVER_WITHIN
    return latest.lesson_id == present.lesson.pk


# --- Pieces -------------------------------------------------------------------

#: Regions of ours → their templates. A piece's id is that of its template's root element.
OWN = {
    "queue-title": "_queue_title",
    "help-switch": "_help_switch",
    "queue-summary": "_queue_summary",
    "door": "_door",
    "same-problem": "_same_problem",
    "queue-empty": "_queue_empty",
    "help-state": "_help_state",
    "my-request": "_my_request",
    "my-wait": "_my_wait",
}
#: What a text is made of, its language too → its HTML: for the same facts it is drawn once.
_memo: dict[tuple, str] = {}
_INDENTATION = re.compile(r"\s*\n\s*")
_MEMO_SIZE = 8192


def forget_all() -> None:
    """Look everything up and draw it anew."""
    forget_queues()
    _memo.clear()
    queue_ids.clear()


def remembered(key: tuple, draw: Callable[[], str]) -> str:
    """Drawn once in each language."""
    key = (*key, get_language())
    text = _memo.get(key)
    if text is None:
        if len(_memo) >= _MEMO_SIZE:
            _memo.clear()
        _memo[key] = text = draw()
    return text


def draw(template: str, context: dict) -> str:
    """A piece's text. What a template's lines are indented by is a quarter of a row."""
    return _INDENTATION.sub("\n", render_to_string(template, context)).strip()


def _piece(
    present: Present, name: str, facts: tuple, context: Callable[[], dict], *more: object
) -> Piece:
    """``more``: facts of the text that do not make it another one."""
    facts = (*facts, present.queue.classroom.school.time_zone)
    key = (name, present.queue.classroom_id, facts, more)
    template = f"requests_app/{OWN[name]}.html"
    return Piece(mark_of(*facts), lambda: remembered(key, lambda: draw(template, context())))


def title(present: Present) -> str:
    """The page title of a helper: how many wait, then the class."""
    waiting = len(present.waiting)
    name = present.queue.classroom.name
    return _("(%(waiting)d) %(name)s") % {"waiting": waiting, "name": name} if waiting else name


def class_context(present: Present) -> dict:
    """For the board."""
    return {"classroom": present.queue.classroom, "join_url": f"{settings.SITE_URL}/join/"}
