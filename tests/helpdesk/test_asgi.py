"""The server's life: the clock starts and stops with it and leaves its signals alone."""

import asyncio
import signal

import pytest
from django.conf import settings
from django.utils import timezone

from helpdesk.asgi import application
from requests_app import actions, tasks
from requests_app.models import CLAIM_LASTS, HelpRequest


@pytest.fixture
async def lifespan():
    """The application between startup and shutdown, as a server drives it."""
    heard, said = asyncio.Queue(), asyncio.Queue()
    running = asyncio.create_task(application({"type": "lifespan"}, heard.get, said.put))
    await heard.put({"type": "lifespan.startup"})
    assert (await asyncio.wait_for(said.get(), 10))["type"] == "lifespan.startup.complete"
    yield
    await heard.put({"type": "lifespan.shutdown"})
    assert (await asyncio.wait_for(said.get(), 10))["type"] == "lifespan.shutdown.complete"
    await asyncio.wait_for(running, 10)


@pytest.fixture
def own_clock(monkeypatch):
    """A server that runs the clock itself, as it does with SQLite."""
    monkeypatch.setattr(settings, "CLOCK", "in-server")
    return signal.getsignal(signal.SIGTERM)


async def test_the_clock_lives_and_ends_with_the_server(own_clock, lifespan):
    assert signal.getsignal(signal.SIGTERM) is own_clock


@pytest.mark.django_db
def test_the_job_makes_every_move_whose_time_has_come(raise_hand, ada, grace):
    help_request = raise_hand(ada)
    actions.claim(help_request, by=grace)
    HelpRequest.objects.update(claimed_at=timezone.now() - CLAIM_LASTS)
    tasks.run_clock.call_local()
    help_request.refresh_from_db()
    assert help_request.status == "waiting"
    tasks.run_clock.call_local()  # twice does no harm
    help_request.refresh_from_db()
    assert help_request.status == "waiting"
    assert help_request.events.filter(verb="let_go").count() == 1
