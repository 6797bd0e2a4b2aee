from urllib.parse import urlencode

import pytest
from django.urls import reverse

from requests_app import regions
from requests_app.models import HelpRequest, Queue, Status

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


def url(room, verb="show", key=None):
    return reverse(f"requests_app:{verb}", args=[room.slug, key] if key else [room.slug])


def test_a_student_raises_a_hand_with_a_plain_form(browser_of, room, lesson, ada):
    client = browser_of(ada)
    page = client.get(url(room))
    assert "Raise hand" in page.text
    answer = client.post(url(room, "raise_hand"), {"form_key": "first"}, follow=True)
    assert answer.status_code == 200
    assert "You are in line" in answer.text
    assert HelpRequest.objects.get().student == ada


def test_a_repeated_post_makes_one_request(browser_of, room, lesson, ada):
    client = browser_of(ada)
    for _ in range(3):
        assert (
            client.post(url(room, "raise_hand"), {"form_key": "first"}, **HTMX).status_code == 200
        )
    assert HelpRequest.objects.count() == 1


def test_raising_while_help_is_closed_is_said_kindly(browser_of, room, ada):
    answer = browser_of(ada).post(url(room, "raise_hand"), {"form_key": "first"}, **HTMX)
    assert answer.status_code == 409
    assert "Help is not open right now" in answer.text


def test_a_helper_claims_starts_and_is_done(browser_of, room, raise_hand, ada, grace):
    help_request = raise_hand(ada)
    client = browser_of(grace)
    assert "Ada Lovelace" in client.get(url(room)).text
    for verb, status in (("claim", "claimed"), ("start", "helping"), ("resolve", "resolved")):
        answer = client.post(url(room, verb, help_request.key), **HTMX)
        assert answer.status_code == 200
        help_request.refresh_from_db()
        assert help_request.status == status
    assert "Undo" in answer.text


def test_a_late_claim_answers_409_with_what_is_true(browser_of, room, raise_hand, ada, grace, alan):
    help_request = raise_hand(ada)
    browser_of(grace).post(url(room, "claim", help_request.key))
    answer = browser_of(alan).post(url(room, "claim", help_request.key), **HTMX)
    assert answer.status_code == 409
    assert "Already on the way: Grace Hopper" in answer.text
    assert 'id="help-switch"' in answer.text
    plain = browser_of(alan).post(url(room, "claim", help_request.key))
    assert plain.status_code == 409
    assert "Already on the way: Grace Hopper" in plain.text


def test_how_did_that_go_is_asked_and_not_yet_reopens(browser_of, room, raise_hand, ada, grace):
    help_request = raise_hand(ada)
    teacher, student = browser_of(grace), browser_of(ada)
    teacher.post(url(room, "start", help_request.key))
    teacher.post(url(room, "resolve", help_request.key))
    assert "How did that go?" in student.get(url(room)).text
    answer = student.post(url(room, "reopen"), **HTMX)
    assert "You are in line" in answer.text
    assert "back again" in teacher.get(url(room)).text


def test_partly_is_kept(browser_of, room, raise_hand, ada, grace):
    help_request = raise_hand(ada)
    teacher = browser_of(grace)
    teacher.post(url(room, "start", help_request.key))
    teacher.post(url(room, "resolve", help_request.key))
    student = browser_of(ada)
    assert student.post(url(room, "reflect"), {"reflection": "nonsense"}, **HTMX).status_code == 409
    student.post(url(room, "reflect"), {"reflection": "partly"})
    assert HelpRequest.objects.get().reflection == "partly"


def test_the_reason_for_lowering_can_be_said_afterwards(browser_of, room, raise_hand, ada):
    raise_hand(ada)
    student = browser_of(ada)
    assert "Want to say why?" in student.post(url(room, "lower"), **HTMX).text
    student.post(url(room, "say_why"), {"reason": "wait"})
    assert HelpRequest.objects.get().reason == "wait"


def test_back_soon_asks_for_minutes_and_promises(browser_of, room, raise_hand, ada, grace):
    help_request = raise_hand(ada)
    teacher = browser_of(grace)
    teacher.post(url(room, "start", help_request.key))
    pause = url(room, "pause", help_request.key)
    assert "Back in" in teacher.get(pause).text
    assert teacher.post(pause, {"minutes": "99"}, **HTMX).status_code == 422
    answer = teacher.post(pause, {"minutes": "5", "hint": "Draw it"}, **HTMX)
    assert answer.status_code == 200
    page = browser_of(ada).get(url(room)).text
    assert "Try this for a while" in page
    assert "Draw it" in page


def test_group_answer_and_undo_through_http(browser_of, room, raise_hand, ada, ben, grace):
    task = room.tasks.create(title="Loops")
    for who in (ada, ben):
        raise_hand(who, task=task)
    teacher = browser_of(grace)
    assert teacher.post(url(room, "answer_group"), {"task": task.pk}, **HTMX).status_code == 200
    assert set(HelpRequest.objects.values_list("outcome", flat=True)) == {"group"}
    assert "Taken back" in teacher.post(url(room, "undo"), **HTMX).text
    assert set(HelpRequest.objects.values_list("status", flat=True)) == {Status.WAITING}
    assert teacher.post(url(room, "answer_group"), {"task": "x"}, **HTMX).status_code == 404


def test_open_and_close_help(browser_of, room, grace):
    teacher = browser_of(grace)
    teacher.post(url(room, "open_help"))
    assert room.open_lesson() is not None
    assert teacher.post(url(room, "open_help"), {"closes_at": "later"}, **HTMX).status_code == 422
    teacher.post(url(room, "close_help"))
    assert room.open_lesson() is None


def test_a_set_end_can_be_given_to_a_lesson_that_is_open(browser_of, room, lesson, grace):
    browser_of(grace).post(url(room, "open_help"), {"closes_at": "23:58"})
    assert room.open_lesson().closes_at is not None


def test_page_and_push_show_the_same_html(browser_of, room, raise_hand, ada, ben, grace):
    raise_hand(ada, text="Why?")
    for who in (ada, ben, grace):
        client = browser_of(who)
        page = client.get(url(room)).text
        pushed = client.get(url(room, "regions")).text
        for region in pushed.split("<section ")[1:]:
            assert region.split("</section>")[0] in page


@pytest.mark.parametrize("waiting", [1, 100])
def test_queries_do_not_grow_with_the_queue(
    waiting, browser_of, room, raise_hand, grace, django_assert_max_num_queries
):
    from tests.conftest import student

    task = room.tasks.create(title="Loops")
    for n in range(waiting):
        raise_hand(student(room, f"Student {n}"), task=task)
    teacher = browser_of(grace)
    teacher.get(url(room))
    with django_assert_max_num_queries(8):
        regions.now_of(grace)
    with django_assert_max_num_queries(15):
        assert teacher.get(url(room)).text.count("queue-item__name") == waiting


def test_the_members_of_another_class_find_nothing(browser_of, room, raise_hand, ada, mallory):
    help_request = raise_hand(ada)
    for verb, key in (("show", None), ("regions", None), ("claim", help_request.key)):
        method = "get" if key is None else "post"
        assert getattr(browser_of(mallory), method)(url(room, verb, key)).status_code == 404


def test_an_unknown_request_is_404(browser_of, room, lesson, grace, ada):
    assert browser_of(grace).post(url(room, "claim", "nothing")).status_code == 404
    assert browser_of(ada).post(url(room, "solve")).status_code == 404


def test_nobody_who_has_not_come_in_sees_anything(client, room):
    answer = client.get(url(room))
    assert answer.status_code == 302
    assert answer["Location"] == "/?" + urlencode({"next": url(room)}, safe="/")
    assert client.get(url(room), **HTMX)["HX-Redirect"].startswith("/?next=")


def test_a_student_reads_how_the_line_is_ordered(browser_of, room, raise_hand, ada):
    raise_hand(ada)
    client = browser_of(ada)
    assert "a few minutes' head start" in client.get(url(room)).text.replace("&#x27;", "'")
    Queue.objects.update(rule="asked")
    assert "head start" not in client.get(url(room)).text


def test_the_board_shows_nobody(browser_of, room, raise_hand, ada, ben, grace):
    raise_hand(ada, text="my secret question")
    for who in (grace, ben):
        page = browser_of(who).get(url(room, "board")).text
        assert "K7QM-4XRD" in page
        assert 'class="qr"' in page
        assert "Ada" not in page
        assert "secret" not in page
