"""The clock of the directory: whose entry has run out, or leads nowhere, is told, once."""

from django.conf import settings
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from resources import actions


@db_periodic_task(crontab(minute="7"))
def tell_owners() -> None:
    actions.tell_owners()


@db_periodic_task(crontab(minute="*/5"))
def check_links() -> None:
    """Two addresses at a time: the one clock must not wait long for other people's servers."""
    if settings.CHECK_LINKS:
        actions.check_links()
