"""The clock: what was planned begins, what was stuck is nudged, old answers go.

Late or twice does no harm.
"""

from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from checkins import actions


@db_periodic_task(crontab(minute="*"))
def run_check_in_clock() -> None:
    actions.run_clock()


@db_periodic_task(crontab(minute="17"))
def delete_old_answers() -> None:
    actions.delete_what_is_due()
