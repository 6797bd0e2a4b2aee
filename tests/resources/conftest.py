"""A complete entry and a complete pathway, to have a part taken away."""

from datetime import timedelta

import pytest
from django.utils import timezone

from resources import actions


def complete(**changes) -> dict:
    """The values of an entry with nothing missing."""
    return {
        "title": "Ms Okafor, counsellor",
        "kind": "formal",
        "use": "Use this to talk about worries.",
        "audience": "Everybody",
        "topics": ["feelings", "bullying"],
        "languages": ["English", "Polski"],
        "cost": "free",
        "hours": "Mon-Fri 08:30-15:30",
        "where": "in_person",
        "place": "Room 12",
        "contact": "Come in",
        "link": "",
        "bring": "",
        "reading_age": 11,
        "author": "Grace Hopper",
        "reviewed_by": "Edsger Dijkstra",
        "review_due": timezone.localdate() + timedelta(days=100),
        "data_note": "Nothing is written down.",
    } | changes


def step(**changes) -> dict:
    return {
        "what": "We talk for as long as you need.",
        "owner": "Ms Okafor",
        "backup": "Mr Brand",
        "hours": "Mon-Fri 08:30-15:30",
        "limit": "today",
        "contact": "Room 12",
    } | changes


@pytest.fixture
def publish(school, edsger):
    """``publish(title=…)`` is an entry of the school that students see."""

    def make(classroom=None, **changes):
        by = edsger.user
        entry = actions.add_entry(school, classroom, complete(**changes), by=by)
        actions.publish_entry(entry, by=by)
        entry.refresh_from_db()
        return entry

    return make


@pytest.fixture
def publish_pathway(school, edsger):
    def make(kind="wellbeing", title="When you feel low", steps=None, publish=True):
        values = {"kind": kind, "title": title, "use": "I feel bad and want to talk."}
        by = edsger.user
        return actions.save_pathway(school, None, values, steps or [step()], by=by, publish=publish)

    return make
