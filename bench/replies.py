"""What one reply to a check-in costs when few have replied before it, and when many have.

In a process of its own, without a server, as ``work_per_event`` does it: a student's POST through
the whole of Django, and the push to the teacher's page that follows the commit.
"""

import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice

from bench import servers

#: Replies whose processor time is measured, and as many whose queries are counted, so that counting
#: is not measured. Without names five are written with every fifth, so it is a multiple of five.
SAMPLE = 20
WRITING = ("INSERT", "UPDATE", "DELETE")


def measured(few: int, many: int) -> dict[str, dict[int, dict[str, float]]]:
    """With names and without → replies there were before → what each of the next ones took."""
    apart = multiprocessing.get_context("spawn")
    with servers.sqlite() as environment, ProcessPoolExecutor(1, mp_context=apart) as pool:
        return pool.submit(_measured, environment, few, many).result()


def _measured(environment: dict[str, str], few: int, many: int) -> dict:
    os.environ.update(environment)
    os.environ["DJANGO_SETTINGS_MODULE"] = "helpdesk.settings"
    import django

    django.setup()
    from django.test import override_settings

    from bench import school
    from requests_app import hub

    rooms = school.fill(4, many + 2 * SAMPLE, 0, check_ins=1)
    hub.tell_all = _push
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        return {
            "named": _in_turn({few: rooms[0], many: rooms[2]}),
            "unnamed": _in_turn({few: rooms[1], many: rooms[3]}),
        }


def _push(message: dict) -> None:
    """To the teacher's page, as the reply is committed."""
    from requests_app import hub, live

    list(live.frames_for(message["queue"], hub.Work(changed=True), {live.helpers("en")}))


def _in_turn(rooms: dict) -> dict[int, dict[str, float]]:
    """Two classes of one size, that differ in how many have replied: both meet the same noise."""
    from django.test import Client

    client = Client()
    lines = {number: _replies(client, room) for number, room in rooms.items()}
    for number, replies in lines.items():
        _next(replies, number)
    spent = dict.fromkeys(lines, 0.0)
    for _turn in range(SAMPLE):
        for number, replies in lines.items():
            began = time.thread_time()
            next(replies)
            spent[number] += time.thread_time() - began
    return {
        number: _counted(replies) | {"ms": spent[number] * 1000 / SAMPLE}
        for number, replies in lines.items()
    }


def _replies(client, room) -> Iterator[bytes]:
    for student in room.students:
        yield _reply(client, room, student)


def _next(replies: Iterator[bytes], number: int) -> list[bytes]:
    return list(islice(replies, number))


def _counted(replies: Iterator[bytes]) -> dict[str, float]:
    """Queries of one reply, and bytes: of those that write, with all they write, and its answer."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        answers = _next(replies, SAMPLE)
    asked = [each["sql"] for each in captured.captured_queries]
    writing = [each for each in asked if each.startswith(WRITING)]
    return {
        "queries": len(asked) / SAMPLE,
        "written": sum(map(len, writing)) / SAMPLE,
        "answer": sum(map(len, answers)) / SAMPLE,
    }


def _reply(client, room, student) -> bytes:
    """The POST and the page that it leads to."""
    client.cookies.clear()
    url, form = student.url(f"check-ins/{room.check_in}/"), {"edit_key": student.name, "q0": "1"}
    answer = client.post(url, form, follow=True, headers={"cookie": student.cookie})
    assert answer.redirect_chain, f"A reply was answered with {answer.status_code}"
    return answer.content
