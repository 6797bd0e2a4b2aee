"""The made-up class's check-in."""

import pytest

from checkins.models import CheckIn, FollowUp
from demo.checkins import add_checkins

pytestmark = pytest.mark.django_db


def test_a_made_up_class_answers_once_however_often_it_is_asked(room, grace, pupils):
    pupils(20)
    room.tasks.create(title="Loops")
    for _time in range(2):
        add_checkins(room)
    check_in = CheckIn.objects.get()
    assert check_in.reply_count == 17
    assert check_in.planned_help.count() == 2
    assert FollowUp.objects.get().adult == grace
    assert room.check_in_templates.count() == 1
