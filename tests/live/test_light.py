"""A push weighs what changed, not what is there."""

import pytest
from channels.db import database_sync_to_async as db

from bench.showing import shown_by
from requests_app import actions
from requests_app.models import Queue
from tests.conftest import student
from tests.live.test_catch_up import connect, shown_to
from tests.live.test_classroom_socket import all_is_said, hear, raised

pytestmark = pytest.mark.django_db(transaction=True)

#: Bytes to a helper for one raise, however many hands are up; 5 kB for each was the former price.
A_PUSH = 3_000


@pytest.fixture
def many_hands(room, lesson):
    """``await many_hands(30)``: so many hands up, each with a text, a kind and what was tried."""

    def put_up(number):
        queue, task = Queue.objects.of(room), room.tasks.create(title="Ratio worksheet")
        facts = {"task": task, "kind": "explain", "tried": ["notes"], "text": "Why is it 42? " * 20}
        for each in range(number):
            who = student(room, f"Student {each}")
            hand = actions.raise_hand(queue, student=who, form_key="k")
            actions.describe(hand, by=who, **facts)

    return db(put_up)


@pytest.mark.parametrize("hands", [0, 5, 30, 100])
async def test_a_raise_weighs_the_same_however_many_hands_are_up(
    hands, many_hands, listen, ada, grace
):
    await many_hands(hands)
    page = shown_by((await listen(grace)).greeting)
    assert len(page.lists["in-line"]) == hands
    teacher = await connect(grace, **await db(shown_to)(grace))
    await hear(teacher)
    hand = await raised(ada)
    told = await hear(teacher)
    assert page.apply(told)
    assert len(page.lists["in-line"]) == hands + 1
    assert len(told.encode()) <= A_PUSH
    for verb in (actions.claim, actions.start, actions.resolve):
        await all_is_said()
        await db(verb)(hand, by=grace)
        told = await hear(teacher)
        assert page.apply(told)
        assert len(told.encode()) <= A_PUSH, verb
    await teacher.disconnect()


async def test_a_student_is_sent_nothing_of_the_others_weight(many_hands, listen, ada):
    await many_hands(30)
    mine = await listen(ada)
    await raised(ada)
    told = await hear(mine)
    assert "You are in line" in told
    assert len(told.encode()) <= 6_000
