"""Everything that can happen to a help request, by who does it.

Each verb runs in one transaction, under its queue's lock: look, check, write, record, announce
(``change``). Views, admin, jobs and commands all come through here.
"""

from classrooms.actions import NotPossible
from requests_app.actions.change import RECORDED, AlreadyDone, moved_on
from requests_app.actions.clock import come_back, let_go, overdue, run_clock
from requests_app.actions.helper import (
    answer_group,
    bring_forward,
    claim,
    note_given,
    pause,
    propose_later,
    put_back,
    resolve,
    start,
    thank,
    undo,
)
from requests_app.actions.lesson import (
    attendance,
    choose_rule,
    close_help,
    open_help,
    pause_class,
    resume_class,
    show_door,
)
from requests_app.actions.student import (
    carry_over,
    choose_manner,
    choose_repair,
    decline_later,
    defer,
    describe,
    describe_late,
    look_ahead,
    lower,
    pass_over,
    raise_hand,
    reflect,
    reopen,
    say_why,
    solve,
)

__all__ = [
    "RECORDED", "AlreadyDone", "NotPossible",
    "answer_group", "attendance", "bring_forward", "carry_over", "choose_manner",
    "choose_repair", "choose_rule", "claim", "close_help", "come_back", "decline_later",
    "defer", "describe", "describe_late", "let_go", "look_ahead", "lower", "moved_on", "note_given",
    "open_help", "overdue", "pass_over", "pause", "pause_class", "propose_later", "put_back",
    "raise_hand", "reflect", "reopen", "resolve", "resume_class", "run_clock", "say_why",
    "show_door", "solve", "start", "thank", "undo",
]  # fmt: skip
