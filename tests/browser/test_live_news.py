"""What a page does with what it is sent (static/js/elements/live-news.js)."""

from playwright.sync_api import expect

from live import hub
from requests_app import actions
from requests_app.models import Queue
from tests.conftest import student
from tests.servers import until

PLACE = """() => {
  const { liveOf, version, digest } = document.querySelector("[data-live-of]").dataset
  return [liveOf, Number(version), digest]
}"""


def bring(page, content, *, since="", version=0, digest="made-up"):
    """As an answer to a tap does."""
    place, showing, shows = page.evaluate(PLACE)
    text = (
        '<div id="news" hx-swap-oob="beforeend">'
        f'<live-news of="{place}" since="{shows if since is None else since}" digest="{digest}"'
        f' version="{showing + version}"><template>{content}</template></live-news></div>'
    )
    page.evaluate("text => htmx.swap('body', text, {swapStyle: 'none'})", text)


def said(text):
    return f'<div id="queue-empty" hx-swap-oob="true"><p>{text}</p></div>'


def names(page):
    return page.locator(".queue-item__name").all_inner_texts()


def up(room, *who):
    queue = Queue.objects.of(room)
    return [actions.raise_hand(queue, student=each, form_key="k") for each in who]


def test_an_older_text_never_replaces_a_newer_one(open_as, lesson, grace):
    page = open_as(grace)
    bring(page, said("of earlier"), version=-1)
    expect(page.locator("#queue-empty")).to_contain_text("No hand is up")
    bring(page, said("of now"), version=1)
    expect(page.locator("#queue-empty")).to_have_text("of now")


def test_what_follows_on_something_else_waits_for_it(open_as, lesson, grace):
    page = open_as(grace)
    bring(page, said("second"), since="first", version=2, digest="second")
    expect(page.locator("#queue-empty")).to_contain_text("No hand is up")
    bring(page, said("first"), since=None, version=1, digest="first")
    expect(page.locator("#queue-empty")).to_have_text("second")


def test_where_something_never_comes_the_page_asks_for_the_whole(
    open_as, in_database, lesson, ada, grace
):
    page = open_as(grace)
    with page.expect_request("**/regions/") as asked:
        bring(page, said("made up"), since="never", version=1)
    assert "=" in asked.value.headers["x-shows"]
    expect(page.locator("#queue-empty")).to_contain_text("No hand is up")
    in_database(up, lesson.classroom, ada)
    expect(page.locator(".queue-item__name")).to_have_text("Ada Lovelace")


def test_a_version_that_went_back_is_believed_once_the_page_has_asked(
    open_as, in_database, lesson, ada, grace
):
    """What a student sees can be of an earlier time when the later one was deleted."""
    page = open_as(grace)
    page.evaluate("() => { document.querySelector('[data-live-of]').dataset.version = 10 ** 12 }")
    in_database(up, lesson.classroom, ada)
    with page.expect_request("**/regions/"):
        bring(page, said("made up"), since="never", version=1)
    expect(page.locator(".queue-item__name")).to_have_text("Ada Lovelace")


def test_an_order_that_names_a_row_that_nobody_has_makes_the_page_ask(
    open_as, in_database, lesson, ada, grace
):
    page = open_as(grace)
    in_database(up, lesson.classroom, ada)
    expect(page.locator(".queue-item__name")).to_have_text("Ada Lovelace")
    with page.expect_request("**/regions/"):
        told = '<live-rows list="in-line" gone="" after="request-none>"></live-rows>'
        bring(page, told, since=None, version=1)
    expect(page.locator(".queue-item__name")).to_have_text("Ada Lovelace")


def test_what_has_no_place_is_passed_over_and_asked_for_once(open_as, lesson, grace):
    page = open_as(grace)
    asked = []
    page.on(
        "request", lambda request: asked.append(request.url) if "/regions/" in request.url else None
    )
    stranger = '<p id="nowhere" hx-swap-oob="true">?</p>'
    bring(page, stranger + said("of now"), since=None, version=1)
    expect(page.locator("#queue-empty")).to_contain_text("No hand is up")
    bring(page, stranger + said("of later"), version=2, digest="later")
    expect(page.locator("#queue-empty")).to_have_text("of later")
    assert len(asked) == 1


def test_rows_come_and_go_and_change_places_and_what_is_at_hand_stays(
    open_as, in_database, room, lesson, ada, ben, grace, alan
):
    page = open_as(grace)
    cy = in_database(student, room, "Cy Young")
    first, second = in_database(up, room, ada, ben)
    expect(page.locator(".queue-item__name")).to_have_count(2)
    page.locator(f"#claim-{second.key}").focus()
    page.evaluate("key => { document.getElementById(key).dataset.mark = 'the same' }",
                  f"request-{second.key}")  # fmt: skip
    in_database(up, room, cy)
    until(lambda: names(page) == ["Ada Lovelace", "Ben Okri", "Cy Young"])
    in_database(actions.claim, first, by=alan)  # it stands in the other list now
    until(lambda: names(page)[0] == "Ada Lovelace" and len(names(page)) == 3)
    expect(page.locator("#with-helper .queue-item")).to_have_count(1)
    expect(page.locator(f"#claim-{second.key}")).to_be_focused()
    assert page.locator(f"#request-{second.key}").get_attribute("data-mark") == "the same"
    in_database(actions.put_back, first, by=alan)
    expect(page.locator("#in-line .queue-item")).to_have_count(3)
    expect(page.get_by_role("heading", name="With a helper")).to_be_hidden()
    expect(page.locator(f"#claim-{second.key}")).to_be_focused()


def test_a_tap_is_answered_with_what_changed(open_as, in_database, room, lesson, grace):
    who = [in_database(student, room, f"Student {number:02}") for number in range(30)]
    hands = in_database(up, room, *who)
    page = open_as(grace)
    expect(page.locator(".queue-item")).to_have_count(30)
    with page.expect_response("**/claim/") as answer:
        page.locator(f"#claim-{hands[0].key}").click()
    expect(page.locator("#with-helper .queue-item")).to_have_count(1)
    assert len(answer.value.body()) < 6_000


def test_a_page_whose_network_swallowed_a_change_shows_it(
    open_as, in_database, monkeypatch, lesson, ada, grace
):
    page = open_as(grace)
    with monkeypatch.context() as lost:
        lost.setattr(hub, "tell_all", lambda message: None)
        in_database(up, lesson.classroom, ada)
    expect(page.locator(".queue-item__name")).to_have_text("Ada Lovelace")


def test_a_student_is_told_what_becomes_true_while_they_write(
    open_as, in_database, room, lesson, ada, ben, grace
):
    first, _second = in_database(up, room, ben, ada)
    page = open_as(ada)
    expect(page.get_by_text("You are in line")).to_be_visible()
    in_database(actions.claim, first, by=grace)
    expect(page.get_by_text("You are next.")).to_be_visible()
    expect(page).to_have_title("You are next")
    page.get_by_role("button", name="Lower hand", exact=True).click()
    expect(page.get_by_text("Your hand is down.")).to_be_visible()
