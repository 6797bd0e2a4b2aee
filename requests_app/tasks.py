"""The clock: once a minute, every move whose time has come. Late or twice does no harm."""

import time

from huey import crontab
from huey.constants import EmptyData
from huey.contrib.djhuey import HUEY, db_periodic_task, on_startup

from classrooms import endings, erasing
from records import registry
from requests_app import actions

#: Where the clock notes when it last worked: beside its jobs, so every process can read it.
_WORKED = "clock-worked"


@db_periodic_task(crontab(minute="*"))
def run_clock() -> None:
    actions.run_clock()
    endings.forget_old()
    HUEY.storage.put_data(_WORKED, str(int(time.time())).encode())


@db_periodic_task(crontab(minute="*"))
def finish_erasing() -> None:
    """A class, a school or an adult that somebody asked to erase."""
    erasing.finish()


@db_periodic_task(crontab(minute="23"))
def keep_rules() -> None:
    """Whatever an app keeps about people goes when its time is up."""
    registry.run_due()


@on_startup()
def begin() -> None:
    """What became due while no clock ran is done at once, not a minute later."""
    run_clock()


def clock_age() -> float | None:
    """Seconds since the clock last worked, wherever it runs; None if it never has."""
    noted = HUEY.storage.peek_data(_WORKED)
    return None if noted is EmptyData else time.time() - int(noted)
