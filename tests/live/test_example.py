"""The ten lines of docs/how-it-works.md that show a live region, copied as a newcomer would."""

import re
from functools import partial
from pathlib import Path

import pytest
from channels.db import database_sync_to_async as db
from django.db import transaction
from django.utils.html import format_html

from live.shown import Piece, mark_of
from requests_app import beside, live
from requests_app.beside import Beside
from tests.live.test_classroom_socket import hears, raised

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = Path(__file__).parents[2] / "docs" / "how-it-works.md"


@pytest.fixture
def example(notes):
    """``notes`` puts back what was registered."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    given = {"Beside": Beside, "Piece": Piece, "beside": beside, "format_html": format_html}
    exec(code, given | {"mark_of": mark_of, "partial": partial})
    assert len([line for line in code.splitlines() if line.strip()]) <= 10


async def test_it_is_on_the_page_and_brought_up_to_date(
    example, browser_of, listen, lesson, ada, ben, grace
):
    page = await db(lambda: browser_of(grace).get(f"/c/{grace.classroom.slug}/").text)()
    assert page.index("0 wait. Kneel down") < page.index('id="queue"')
    teacher, student = await listen(grace), await listen(ben)
    assert "Kneel" not in student.greeting
    await raised(ada)
    await hears(teacher, "1 wait. Kneel down")


async def test_what_it_does_not_say_anew_is_not_sent(example, listen, lesson, grace):
    teacher = await listen(grace)

    def announce():
        with transaction.atomic():
            live.announce_beside(grace.classroom)

    await db(announce)()
    assert await teacher.receive_nothing(timeout=0.3)
