"""The clock: once a minute, every move whose time has come. Late or twice does no harm."""

from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from requests_app import actions


@db_periodic_task(crontab(minute="*"))
def run_clock() -> None:
    actions.run_clock()
