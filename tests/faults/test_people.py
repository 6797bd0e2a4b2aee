"""F15, F16 and F18: the same tap many times, many taps for one hand, and a clock that is set."""

import asyncio
import secrets
from contextlib import closing

from bench.wire import Http
from tests.faults import invariants
from tests.faults.shims import built

COPIES = 50


async def post_all(stand, posts) -> list[int]:
    """The statuses of many posts at one moment, each on a connection of its own."""

    async def post(person, path, form) -> int:
        with closing(await Http(stand.url).open()) as http:
            return (await http.post(person.url(path), person.cookie, **form)).status

    answers = await asyncio.gather(*(post(*each) for each in posts))
    await asyncio.sleep(0.1)  # what was closed has gone before its loop goes
    return answers


async def test_fifty_copies_of_one_tap(stand):
    """F15: each is answered as the first one was, and it was done once."""
    stand.mend()
    room = stand.rooms[0]
    student = room.students[0]
    await post_all(stand, [(student, "lower/", {})])
    key = f"copy-{secrets.token_hex(4)}"
    raised = await post_all(stand, [(student, "raise/", {"form_key": key})] * COPIES)
    assert set(raised) == {200}
    [(pk, hand)] = _hands(stand, key)
    replies = [(student, f"check-ins/{room.check_in}/", {"q0": "the same"})] * COPIES
    assert set(await post_all(stand, replies)) <= {200, 204, 302, 409}
    claims = [(room.teacher, f"requests/{hand}/claim/", {})] * COPIES
    assert set(await post_all(stand, claims)) == {200}
    done = [(room.teacher, f"requests/{hand}/resolve/", {})] * COPIES
    assert set(await post_all(stand, done)) <= {200, 409}
    asked = f"SELECT verb FROM requests_app_event WHERE help_request_id = {pk} ORDER BY id"
    verbs = [verb for (verb,) in invariants.asked(stand.database, asked)]
    assert verbs == ["raise_hand", "claim", "resolve"]
    assert invariants.asked(stand.database, REPLIES.format(student.name)) == [(1,)]


REPLIES = """
SELECT count(*) FROM checkins_namedreply n
JOIN classrooms_membership m ON m.id = n.student_id WHERE m.name = '{}'
"""


def _hands(stand, form_key) -> list[tuple]:
    asked = f"SELECT id, key FROM requests_app_helprequest WHERE form_key = '{form_key}'"
    return invariants.asked(stand.database, asked)


async def test_everybody_who_helps_claims_every_hand(stand, rounds):
    """F16: each hand has one helper, and everybody else is told so."""
    stand.mend()
    room = stand.rooms[1]
    for _round in range(rounds):
        key = f"storm-{secrets.token_hex(4)}"
        await post_all(stand, [(each, "lower/", {}) for each in room.students])
        raises = [(each, "raise/", {"form_key": key + each.name[-3:]}) for each in room.students]
        assert set(await post_all(stand, raises)) == {200}
        hands = [_hands(stand, form["form_key"])[0] for _who, _path, form in raises]
        claims = [
            (helper, f"requests/{hand}/claim/", {})
            for _pk, hand in hands
            for helper in (room.teacher, *room.helpers)
        ]
        answers = await post_all(stand, claims)
        assert sorted(answers) == [200] * len(hands) + [409] * (len(claims) - len(hands))
        for pk, _hand in hands:
            asked = f"SELECT verb FROM requests_app_event WHERE help_request_id = {pk}"
            verbs = [verb for (verb,) in invariants.asked(stand.database, asked)]
            assert verbs.count("claim") == 1


async def test_the_clock_is_set(stand, tmp_path):
    """F18: ten minutes on, then twenty back; what is newer is not told by a wall."""
    told = tmp_path / "clock"
    told.write_text("0")
    stand.mend()
    stand.stop()
    stand.start(LD_PRELOAD=built("clock", tmp_path), FAULT_CLOCK=str(told))
    try:
        async with stand.lesson("F18 clock set") as load:
            for seconds in (600, -600):
                fresh = told.with_suffix(".new")
                fresh.write_text(str(seconds))
                fresh.replace(told)
                await load.some()
    finally:
        stand.stop()
