"""(d): database queries and templates rendered for one raised hand, with ever more waiting.

In this process, without a server: a student's POST through the whole of Django, and as it commits
the push that the hub renders for the teacher's page and the student's own, as in a server.
"""

import os
from contextlib import contextmanager
from types import SimpleNamespace

from bench import servers
from bench.report import Result

TITLE = "Queries and renders for one raised hand"
#: Of either.
MOST_QUERIES = 8


def run(quick: bool) -> Result:
    result = Result("work_per_event", TITLE)
    with servers.sqlite() as environment:
        os.environ.update(environment)
        os.environ["DJANGO_SETTINGS_MODULE"] = "helpdesk.settings"
        import django

        django.setup()
        counted(2)  # what is remembered for all classes is rendered once
        counts = {waiting: counted(waiting) for waiting in ((1, 10) if quick else (1, 10, 100))}
    for kind in ("answer", "push"):
        for what in ("queries", "renders"):
            listed = [getattr(each[kind], what) for each in counts.values()]
            told = ", ".join(map(str, listed))
            words = f"{kind}: {what} with {', '.join(map(str, counts))} waiting ({told})"
            figure = result.add(words, max(listed))
            result.at_most(figure, min(listed), words="the same with each")
    for kind in ("answer", "push"):
        most = max(each[kind].queries for each in counts.values())
        result.at_most(result.add(f"{kind}: most queries", most), MOST_QUERIES)
    result.notes.append(
        "The answer is the rest of the POST: who asks, the verb (whose BEGIN and COMMIT are not "
        "counted), and their page's HTML."
    )
    result.raw = {
        str(number): {k: vars(v) for k, v in each.items()} for number, each in counts.items()
    }
    return result


def counted(waiting: int) -> dict[str, SimpleNamespace]:
    """What the last of so many raises costs."""
    from django.test import Client, override_settings
    from django.urls import reverse

    from bench import school
    from live import hub
    from live.drawing import Drawing, Watch
    from live.topics import News

    room = school.fill(1, waiting + 2, 0)[0]
    pushes: list[SimpleNamespace] = []
    drawing = Drawing()

    def push(message: dict) -> None:
        if message["type"] != "live.changed":
            return
        hands = (each.partition(".")[2] for each in message["what"] if each.startswith("hand."))
        seen = {"helpers:en", *(f"student.{each}:en" for each in hands)}
        with work() as done:
            new = News(set(message["what"]))
            list(drawing.batches(message["topic"], new, Watch(seen, seen, {})))
        pushes.append(done)

    hub.tell_all = push
    for number, student in enumerate(room.students[: waiting + 1]):
        client = Client(headers={"cookie": student.cookie, "hx-request": "true"})
        form = {"form_key": f"d-{number}"}
        with override_settings(ALLOWED_HOSTS=["testserver"]), work() as answer:
            url = reverse("requests_app:raise_hand", args=[room.slug])
            assert client.post(url, form).status_code == 200
    answer.queries -= pushes[-1].queries
    answer.renders -= pushes[-1].renders
    return {"answer": answer, "push": pushes[-1]}


@contextmanager
def work():
    """Counts queries and rendered templates, those inside others too."""
    from django.db import connection
    from django.template.base import Template
    from django.test.utils import CaptureQueriesContext

    told = SimpleNamespace(queries=0, renders=0)
    render = Template.render

    def counting(template, context):
        told.renders += 1
        return render(template, context)

    Template.render = counting
    try:
        with CaptureQueriesContext(connection) as captured:
            yield told
    finally:
        Template.render = render
    told.queries = sum(
        not each["sql"].startswith(("BEGIN", "COMMIT")) for each in captured.captured_queries
    )
