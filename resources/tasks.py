"""The clock of the directory: whose entry has run out is told, once."""

from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from resources import actions


@db_periodic_task(crontab(minute="7"))
def tell_owners() -> None:
    actions.tell_owners()
