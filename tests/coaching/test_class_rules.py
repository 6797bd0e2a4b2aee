"""R3 and R9 in a class: the rules that check-ins and help moments follow."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from checkins import actions
from coaching.models import Coaching, Starter
from tests.checkins.conftest import class_region, own_region

pytestmark = pytest.mark.django_db


def test_a_class_can_switch_the_nudge_off_by_its_rule(room, lesson, ada):
    Coaching.objects.create(classroom=room, rules_off=["R3"])
    actions.say_how(by=ada, going="stuck")
    with time_machine.travel(timezone.now() + timedelta(minutes=9)):
        assert actions.nudge(lesson, now=timezone.now()) == 0
        Coaching.objects.update(rules_off=[])
        assert actions.nudge(lesson, now=timezone.now()) == 1
    assert 'id="nudge"' in own_region(ada)


def test_a_help_moment_shows_two_starters_of_the_class(room, lesson, grace):
    for position, text in enumerate(["Our own ___.", "And this ___.", "Not this ___."]):
        Starter.objects.create(
            classroom=room, language="en", group="stuck", position=position, text=text
        )
    actions.start_moment(room, by=grace, seconds=60)
    shown = class_region(room)
    assert "Our own ___." in shown
    assert "And this ___." in shown
    assert "Not this" not in shown
    Coaching.objects.create(classroom=room, rules_off=["R9"])
    assert "Our own" not in class_region(room)
    assert "A moment to ask" in class_region(room)
