"""What the made-up class reads from a page: enough to act on, whatever else stands there."""

from random import Random

import pytest

from demo.cast import CLASSES, NEWCOMERS, SAID
from demo.living import Schedule, answer, card_of, main
from demo.pages import Form, read_page

HELPERS = """
<main id="main" data-me="7">
  <button form="move" formaction="/c/y9/close/" id="close-help">Close help</button>
  <ol><li class="queue-item queue-item--waiting" id="request-aa11">
    <div class="queue-item__who"><span class="queue-item__name" hx-disable>Zoë &amp; Co</span></div>
    <button id="claim-aa11" form="move" formaction="/c/y9/requests/aa11/claim/">Go</button>
  </li><li class="queue-item queue-item--helping" id="request-bb22" data-helper="7">
    <span class="queue-item__name">نور</span>
    <button id="resolve-bb22" form="move" formaction="/c/y9/requests/bb22/resolve/">Done</button>
  </li></ol>
</main>
<form id="move" method="post"><input type="hidden" name="csrfmiddlewaretoken" value="t0ken"></form>
"""
STUDENTS = """
<section id="my-request" class="my-request" data-status="waiting">
  <button id="raise-hand" formaction="/c/y9/raise/" name="form_key" value="k1">Raise</button>
</section>
<form method="post" action="/c/y9/describe/task/">
  <input type="hidden" name="csrfmiddlewaretoken" value="abc">
  <button name="task" value="3"><bdi>Loops that count</bdi></button>
  <button name="skip" value="1">Skip</button>
</form>
"""


def test_the_helpers_line_is_read():
    page = read_page(HELPERS)
    assert [(row.key, row.status, row.helper, row.name) for row in page.rows] == [
        ("aa11", "waiting", "", "Zoë & Co"),
        ("bb22", "helping", "7", "نور"),
    ]
    assert [row.key for row in page.waiting()] == ["aa11"]
    assert page.me == "7"
    assert page.token == "t0ken"


def test_buttons_know_where_they_lead_and_what_they_carry():
    buttons = {**read_page(HELPERS).buttons, **read_page(STUDENTS).buttons}
    assert buttons["claim-aa11"].url == "/c/y9/requests/aa11/claim/"
    assert buttons["claim-aa11"].fields == {}
    assert buttons["raise-hand"].fields == {"form_key": "k1"}


def test_the_students_page_says_how_it_stands():
    assert read_page(STUDENTS).status == "waiting"
    assert read_page(HELPERS).status == ""


def test_a_student_fills_in_only_what_the_form_offers():
    form = card_of(read_page(STUDENTS))
    told = [answer(form, "", Random(number)) for number in range(40)]
    assert {fields.get("task", "skipped") for fields, _title in told} == {"3", "skipped"}
    assert {title for fields, title in told if "task" in fields} == {"Loops that count"}
    text = Form("/c/y9/describe/text/", {"text": ""})
    written = [answer(text, "Loops that count", Random(number))[0] for number in range(40)]
    assert {fields["text"] for fields in written if "text" in fields} <= set(
        SAID["Loops that count"]
    )


def test_the_code_is_read_from_the_board():
    page = read_page('<p>Class code</p><p class="board__letters">K7QM-4XRD</p><p>more</p>')
    assert page.class_code == "K7QM-4XRD"


@pytest.mark.parametrize(
    "html", ["", "<li class=queue-item>", "<form><input name=a", "</p></form>"]
)
def test_a_page_that_breaks_off_stops_nobody(html):
    page = read_page(html)
    assert page.token == ""
    assert page.form_with("text") is None


def test_who_is_woken_comes_once_and_at_the_new_time():
    schedule, calls = Schedule(pace=1000), []

    def step():
        calls.append(schedule.now())
        return 10_000

    schedule.at(step, 5_000)
    begun = schedule.now()
    schedule.at(step, 10)
    schedule.run(seconds=0.5)
    assert len(calls) == 1
    assert calls[0] - begun < 4_000


@pytest.mark.parametrize("wrong", [["--url", "nowhere"], ["--url", "http://x", "--pace", "0"], []])
def test_what_cannot_be_is_refused_with_a_sentence(wrong, capsys):
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_nobody_is_in_the_school_twice():
    names = [name for plan in CLASSES for name in plan.students]
    assert len({*names, *NEWCOMERS}) == len(names) + len(NEWCOMERS)
    assert {title for plan in CLASSES for title in plan.tasks} == set(SAID)
