"""Everything that can happen to check-ins, self-checks, help moments and contacts.

Each verb runs in one transaction: lock, check, write, announce. What cannot be done any more
raises NotPossible with a sentence for people.
"""

from checkins.actions.asking import (
    WELL_BEING_AGAIN,
    cancel,
    close,
    open_check_in,
    open_if_due,
    purge,
    schedule,
)
from checkins.actions.clock import OPEN_AT_MOST, delete_what_is_due, purge_reasons, run_clock
from checkins.actions.contacts import checked_in, offer, refuse_offer, take_offer
from checkins.actions.going import end_nudge, nudge, say_how
from checkins.actions.moments import (
    MOMENT_WAITS,
    end_moment,
    plan_moment,
    start_if_due,
    start_moment,
)
from checkins.actions.planning import (
    TEMPLATES_AT_MOST,
    Plan,
    drop_template,
    own,
    preset,
    save_rules,
    save_school_template,
    save_settings,
    save_template,
    settings_of,
)
from classrooms.actions import NotPossible

__all__ = [
    "MOMENT_WAITS", "OPEN_AT_MOST", "TEMPLATES_AT_MOST", "WELL_BEING_AGAIN", "NotPossible",
    "Plan", "cancel", "checked_in", "close", "delete_what_is_due", "drop_template",
    "end_moment", "end_nudge", "nudge", "offer", "open_check_in", "open_if_due", "own",
    "plan_moment", "preset", "purge", "purge_reasons", "refuse_offer", "run_clock",
    "save_rules", "save_school_template", "save_settings", "save_template", "say_how",
    "schedule", "settings_of", "start_if_due", "start_moment", "take_offer",
]  # fmt: skip
