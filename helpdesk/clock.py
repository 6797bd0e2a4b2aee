"""The clock's process or thread: huey's consumer, which starts the jobs that time starts."""

from django.utils.module_loading import autodiscover_modules
from huey.consumer import Consumer
from huey.contrib.djhuey import HUEY


class Clock(Consumer):
    """huey's consumer beside other work: it must leave that work's signal handlers alone."""

    def _set_signal_handlers(self) -> None:
        pass


def start() -> Clock:
    """A clock that runs, in threads; ``stop(graceful=True)`` waits for the job that is running."""
    autodiscover_modules("tasks")
    clock = Clock(HUEY, workers=1, periodic=True, check_worker_health=False)
    clock.start()
    return clock
