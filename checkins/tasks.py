"""The clock: what was planned begins, what was stuck is nudged. Late or twice does no harm.

Old answers go by the rules in ``checkins.records``.
"""

from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from checkins import actions, followups, gate


@db_periodic_task(crontab(minute="*"))
def run_check_in_clock() -> None:
    gate.end_for_who_left()
    actions.run_clock()
    followups.run_clock()
