"""Two-person stories. The numbers are those of the acceptance scenarios."""

from datetime import timedelta

import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from classrooms.actions import attend
from requests_app import actions
from requests_app.models import HelpRequest, Queue
from tests.conftest import student
from tests.servers import until


def tap(page, name):
    page.get_by_role("button", name=name, exact=True).first.click()


def heading(page, words):
    return page.get_by_role("heading", name=words)


def row(page, name):
    return page.locator(".queue-item", has_text=name)


def skip_to(page, question):
    """Skip cards until the one with this question is there; returns its group."""
    card = page.get_by_role("group", name=question)
    for _card in range(6):
        expect(page.locator(".coach-card")).to_be_visible()
        if card.count():
            break
        shown = page.locator(".coach-card").get_attribute("id")
        tap(page, "Skip")
        expect(page.locator(f"#{shown}")).to_have_count(0)
    expect(card).to_be_visible()
    return card


def test_1_one_tap_puts_me_in_line(open_as, in_database, lesson, ada, grace):
    teacher, page = open_as(grace), open_as(ada)
    page.get_by_role("button", name="Raise hand").dblclick()
    expect(heading(page, "You are in line")).to_be_visible()
    expect(page.get_by_role("button", name="Lower hand")).to_be_visible()
    expect(page.get_by_role("button", name="I solved it")).to_be_visible()
    expect(row(teacher, "Ada Lovelace")).to_be_visible()
    [stored] = in_database(lambda: list(HelpRequest.objects.all()))
    assert stored.status == "waiting"


def test_every_icon_is_drawn(open_as, in_database, lesson, raise_hand, ada, grace):
    in_database(lambda: raise_hand(ada))
    shown = "[...document.querySelectorAll('svg.icon')].filter((each) => each.checkVisibility())"
    widths = f"{shown}.map((each) => each.querySelector('use').getBBox().width)"
    for who in (grace, ada):
        page = open_as(who)
        assert len(page.evaluate(widths)) > 2
        until(lambda page=page: all(page.evaluate(widths)))


def test_quick_taps_are_all_done(open_as, in_database, lesson, ada, ben, grace):
    """A tap that comes while the answer to another is on its way is not lost."""
    teacher, first, second = open_as(grace), open_as(ada), open_as(ben)
    tap(first, "Raise hand")
    tap(second, "Raise hand")
    expect(row(teacher, "Ben")).to_be_visible()
    teacher.evaluate(
        """() => {
            const buttons = [...document.querySelectorAll('[formaction$="/claim/"]')]
            buttons.forEach((button) => button.click())
        }"""
    )
    expect(heading(first, "Grace Hopper is on the way")).to_be_visible()
    expect(heading(second, "Grace Hopper is on the way")).to_be_visible()


def test_a_colleagues_row_is_theirs_also_when_it_was_pushed(
    open_as, in_database, lesson, ada, grace, alan
):
    teacher, page = open_as(grace), open_as(ada)
    tap(page, "Raise hand")
    expect(row(teacher, "Ada")).to_be_visible()
    for verb, button in ((actions.claim, "Start"), (actions.start, "Done")):
        in_database(lambda verb=verb: verb(HelpRequest.objects.get(), by=alan))
        expect(row(teacher, "Ada")).to_contain_text("Alan Turing")
        expect(row(teacher, "Ada").locator(".queue-item__main", has_text=button)).to_be_hidden()
    expect(row(teacher, "Ada").locator(".queue-item__main")).to_have_count(1)
    expect(teacher.get_by_role("button", name="Hide these tips")).to_have_count(0)


def test_two_pushes_at_once_shut_nothing_that_was_opened(open_as, lesson, ada, grace):
    """The second one comes while the first is still settling."""
    teacher, page = open_as(grace), open_as(ada)
    tap(page, "Raise hand")
    teacher.get_by_text("More for Ada").click()
    teacher.evaluate(
        """async () => {
            const answer = await fetch(document.querySelector("main").dataset.regions)
            const text = await answer.text()
            for (const each of [text, text]) htmx.swap("body", each, { swapStyle: "none" })
            await new Promise((done) => setTimeout(done, 200))
        }"""
    )
    expect(teacher.get_by_role("button", name="Bring forward")).to_be_visible()


def test_who_is_next_is_seen_without_scrolling_on_a_phone(open_as, lesson, ada, grace):
    teacher = open_as(grace, viewport={"width": 360, "height": 740})
    tap(open_as(ada), "Raise hand")
    way = row(teacher, "Ada").get_by_role("button", name="On my way")
    expect(way).to_be_visible()
    box = way.bounding_box()
    assert box["y"] + box["height"] <= 740


def test_nobody_scrolls_a_projector(open_as, lesson, grace):
    board = open_as(grace, "board/", viewport={"width": 1366, "height": 768})
    expect(board.get_by_role("img", name="QR code of the link to join")).to_be_visible()
    assert board.evaluate("document.documentElement.scrollHeight") <= 768


def test_a_whole_visit_is_seen_by_both(open_as, lesson, ada, grace):
    teacher, page = open_as(grace), open_as(ada)
    tap(page, "Raise hand")
    expect(page).to_have_title("You are next")
    expect(teacher).to_have_title("(1) Year 9 Computing")
    tap(teacher, "On my way")
    expect(heading(page, "Grace Hopper is on the way")).to_be_visible()
    expect(page).to_have_title("Grace Hopper is on the way")
    tap(teacher, "Start")
    expect(heading(page, "Grace Hopper is with you")).to_be_visible()
    tap(teacher, "Done")
    expect(heading(page, "How did that go?")).to_be_visible()
    expect(page).to_have_title("Year 9 Computing")
    tap(page, "I can carry on")
    expect(page.get_by_text("Good. On you go.")).to_be_visible()
    expect(page.get_by_role("button", name="Raise hand")).to_be_visible()


def test_2_saying_more_never_costs_my_place(open_as, in_database, lesson, room, ada, ben, grace):
    in_database(lambda: room.tasks.create(title="Loops"))
    teacher, a, b = open_as(grace), open_as(ada), open_as(ben)
    tap(a, "Raise hand")
    expect(row(teacher, "Ada")).to_be_visible()
    tap(b, "Raise hand")
    expect(row(teacher, "Ben")).to_be_visible()
    tap(a, "Loops")
    expect(row(teacher, "Ada")).to_contain_text("Loops")
    for _card in range(3):
        shown = b.locator(".coach-card").get_attribute("id")
        tap(b, "Skip")
        expect(b.locator(f"#{shown}")).to_have_count(0)
    skip_to(a, "Finish a sentence")
    a.get_by_label("Finish a sentence").fill("It never ends and I do not see why.")
    expect(a.get_by_text("Saved. Your place is the same.")).to_be_visible()
    expect(row(teacher, "Ada")).to_contain_text("It never ends")
    names = teacher.locator(".queue__rows--waiting .queue-item__name").all_inner_texts()
    assert names == ["Ada Lovelace", "Ben Okri"]


def test_4_i_solved_it_myself(open_as, lesson, ada, grace):
    teacher, page = open_as(grace), open_as(ada)
    tap(page, "Raise hand")
    tap(teacher, "On my way")
    tap(page, "I solved it")
    expect(heading(page, "You solved it")).to_be_visible()
    expect(heading(teacher, "No hand is up")).to_be_visible()


def test_6_classmates_cannot_see_me(open_as, in_database, lesson, room, ada, ben, grace):
    others = [ada, ben, in_database(student, room, "Chidi Okafor")]
    watcher = in_database(student, room, "Dora Watching")
    answers, frames = [], []
    page = open_as(watcher)
    page.on("response", lambda answer: answers.append(answer) if answer.ok else None)
    hear = lambda text: frames.append(text)  # noqa: E731  Playwright keeps no method of a list
    page.on("websocket", lambda socket: socket.on("framereceived", hear))
    page.reload()
    page.wait_for_selector('#live[data-live="on"]')
    for who in others:
        pages = open_as(who)
        tap(pages, "Raise hand")
        skip_to(pages, "Finish a sentence")
        pages.get_by_label("Finish a sentence").fill("a secret question")
        expect(pages.get_by_text("Saved. Your place is the same.")).to_be_visible()
    teacher = open_as(grace)
    tap(teacher, "On my way")
    tap(page, "Raise hand")
    expect(heading(page, "You are in line")).to_be_visible()
    until(lambda: page.title() and any("You are in line" in str(each) for each in frames))
    told = [answer.text() for answer in answers if not answer.request.is_navigation_request()]
    everything = "".join([page.content(), *told, *map(str, frames)])
    for who in others:
        assert who.name not in everything
    assert "secret question" not in everything
    for count in ("3 ", "4 "):
        assert f"{count}waiting" not in everything


def test_7_a_cut_connection_comes_back_to_the_truth(open_as, in_database, lesson, ada, grace):
    page = open_as(ada)
    tap(page, "Raise hand")
    expect(heading(page, "You are in line")).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator("#live")).to_have_text("Reconnecting…")
    in_database(lambda: actions.claim(HelpRequest.objects.get(), by=grace))
    page.context.set_offline(False)
    expect(heading(page, "Grace Hopper is on the way")).to_be_visible()
    assert in_database(HelpRequest.objects.count) == 1


def test_7_without_javascript_the_same_request_is_made(open_as, in_database, lesson, ada, grace):
    page = open_as(ada, javascript=False)
    assert page.locator("noscript meta[http-equiv=refresh]").count() or "refresh" in page.content()
    tap(page, "Raise hand")
    expect(heading(page, "You are in line")).to_be_visible()
    page.get_by_role("link", name="Say what it is about").click()
    skip_to(page, "Finish a sentence")
    page.get_by_label("Finish a sentence").fill("Why?")
    tap(page, "That is it")
    page.get_by_role("link", name="Back to my place in line").click()
    teacher = open_as(grace, javascript=False)
    expect(row(teacher, "Ada")).to_contain_text("Why?")
    for name in ("On my way", "Start"):
        tap(teacher, name)
    teacher.get_by_text("More for Ada").click()
    teacher.get_by_role("link", name="All about this hand").click()
    teacher.get_by_role("link", name="Try this, back soon").click()
    teacher.get_by_label("What to try").fill("Draw it")
    tap(teacher, "Try this, back soon")
    page.reload()
    expect(page.get_by_text("Draw it")).to_be_visible()
    tap(teacher, "Start")
    tap(teacher, "Done")
    page.reload()
    tap(page, "Not yet")
    expect(heading(page, "You are in line")).to_be_visible()
    assert in_database(HelpRequest.objects.count) == 1


def past_lessons(room, who, count):
    for days in range(count):
        opened = timezone.now() - timedelta(days=days + 1)
        lesson = room.lessons.create(opened_at=opened, closed_at=opened + timedelta(hours=1))
        lesson.attendances.create(membership=who)


def test_12_fair_next(open_as, in_database, room, ada, ben, grace):
    def at(clock, when):
        clock.move_to(f"2026-03-02T{when}Z")

    with time_machine.travel("2026-03-02T09:40Z", tick=False) as clock:
        in_database(past_lessons, room, ben, 5)
        in_database(lambda: actions.open_help(room, by=grace))
        queue = in_database(lambda: Queue.objects.of(room))

        def helped_already():
            request = actions.raise_hand(queue, student=ada, form_key="early")
            actions.start(request, by=grace)
            actions.resolve(request, by=grace)

        in_database(helped_already)
        for when, who in (("10:00", ada), ("10:03", ben)):
            at(clock, when)
            in_database(lambda who=who: actions.raise_hand(queue, student=who, form_key="now"))
        at(clock, "10:04")
        clock_now = timezone.now().timestamp()
        teacher = open_as(grace, "")
        assert clock_now
        names = teacher.locator(".queue__rows--waiting .queue-item__name").all_inner_texts()
        assert names == ["Ben Okri", "Ada Lovelace"]
        expect(row(teacher, "Ben")).to_contain_text("first today")
        expect(row(teacher, "Ben")).to_contain_text("it has been a while")
        late = in_database(student, room, "Cleo Late")
        at(clock, "10:11")

        def with_every_credit():
            request = actions.raise_hand(queue, student=late, form_key="now")
            actions.describe(request, by=late, carry_on="no")

        in_database(with_every_credit)
        expect(row(teacher, "Cleo Late")).to_be_visible()
        names = teacher.locator(".queue__rows--waiting .queue-item__name").all_inner_texts()
        assert names.index("Ada Lovelace") < names.index("Cleo Late")


def test_13_two_helpers_one_student(open_as, lesson, ada, ben, grace, alan):
    first, second, page = open_as(grace), open_as(alan), open_as(ada)
    tap(page, "Raise hand")
    expect(row(second, "Ada")).to_be_visible()
    # Alan's page is a moment behind: he taps what Grace has just taken.
    second.evaluate(
        "document.body.addEventListener('htmx:wsBeforeMessage', e => e.preventDefault())"
    )
    tap(first, "On my way")
    expect(heading(page, "Grace Hopper is on the way")).to_be_visible()
    tap(open_as(ben), "Raise hand")
    row(second, "Ada").get_by_role("button", name="On my way").click()
    expect(second.get_by_text("Already on the way: Grace Hopper")).to_be_visible()
    expect(row(second, "Ada")).to_contain_text("On the way: Grace Hopper")
    expect(row(second, "Ben").get_by_role("button", name="On my way")).to_be_visible()


def test_14_try_and_i_will_come_back(open_as, in_database, lesson, ada, grace):
    teacher, page = open_as(grace), open_as(ada)
    tap(page, "Raise hand")
    expect(row(teacher, "Ada")).to_be_visible()
    raised_at = in_database(lambda: HelpRequest.objects.get().raised_at)
    tap(teacher, "On my way")
    tap(teacher, "Start")
    teacher.get_by_text("More for Ada").click()
    teacher.get_by_role("link", name="Try this, back soon").click()
    teacher.get_by_label("What to try").fill("Draw the loop as a circle")
    tap(teacher, "Try this, back soon")
    expect(page.get_by_text("Draw the loop as a circle")).to_be_visible()
    expect(page.get_by_text("Grace Hopper said: back at")).to_be_visible()
    in_database(lambda: actions.run_clock(timezone.now() + timedelta(minutes=7, seconds=1)))
    expect(row(teacher, "Ada")).to_contain_text("promised")
    expect(page.get_by_text("so you are among the first now")).to_be_visible()
    assert in_database(lambda: HelpRequest.objects.get().raised_at) == raised_at


def test_15_answer_for_the_group(open_as, in_database, lesson, room, grace):
    task = in_database(lambda: room.tasks.create(title="Task 3"))
    crowd = [in_database(student, room, f"Student {n}") for n in range(24)]
    in_database(lambda: attend(lesson, [who.pk for who in crowd]))
    teacher = open_as(grace)
    queue = in_database(lambda: Queue.objects.of(room))

    def ask(who):
        request = actions.raise_hand(queue, student=who, form_key="first")
        actions.describe(request, by=who, task=task)

    for who in crowd[:3]:
        in_database(ask, who)
    expect(row(teacher, "Student 2")).to_contain_text("Task 3")
    expect(teacher.get_by_role("button", name="Answer for the group")).to_have_count(0)
    in_database(ask, crowd[3])
    pages = [open_as(who) for who in crowd[:4]]
    tap(teacher, "Answer for the group")
    for page in pages:
        expect(heading(page, "How did that go?")).to_be_visible()
    tap(pages[1], "Not yet")
    expect(row(teacher, "Student 1")).to_contain_text("back again")
    expect(teacher.locator(".queue-item")).to_have_count(1)


def test_undo_takes_the_last_step_back(open_as, lesson, ada, grace):
    teacher, page = open_as(grace), open_as(ada)
    tap(page, "Raise hand")
    tap(teacher, "On my way")
    expect(heading(page, "Grace Hopper is on the way")).to_be_visible()
    tap(teacher, "Undo")
    expect(heading(page, "You are in line")).to_be_visible()
    expect(teacher.get_by_role("button", name="On my way")).to_be_visible()


def test_a_push_leaves_half_written_text_and_the_keyboard_alone(open_as, lesson, ada, ben, grace):
    teacher, page = open_as(grace), open_as(ada)
    tap(page, "Raise hand")
    expect(heading(page, "You are in line")).to_be_visible()
    skip_to(page, "Finish a sentence")
    text = page.get_by_label("Finish a sentence")
    text.focus()
    page.keyboard.type("half writ")
    tap(teacher, "On my way")
    expect(heading(page, "Grace Hopper is on the way")).to_be_visible()
    expect(text).to_have_value("half writ")
    expect(text).to_be_focused()
    button = teacher.get_by_role("button", name="Start", exact=True)
    button.focus()
    teacher.get_by_text("More for Ada").click()
    button.focus()
    tap(open_as(ben), "Raise hand")
    expect(row(teacher, "Ben")).to_be_visible()
    expect(button).to_be_focused()
    expect(row(teacher, "Ada").locator(".queue-item__panel")).to_be_visible()


def test_help_opens_and_closes_on_every_page(open_as, room, ada, grace):
    teacher, page = open_as(grace), open_as(ada)
    expect(heading(page, "Help is closed right now")).to_be_visible()
    expect(page.get_by_role("button", name="Raise hand")).to_be_hidden()
    tap(teacher, "Open help")
    expect(page.get_by_role("button", name="Raise hand")).to_be_visible()
    tap(page, "Raise hand")
    expect(row(teacher, "Ada")).to_be_visible()
    tap(teacher, "Close help")
    expect(heading(page, "Help closed before we got to you")).to_be_visible()
    expect(heading(teacher, "Their hands were still up")).to_be_visible()
    tap(teacher, "Open help")
    tap(page, "I still need this")
    expect(row(teacher, "Ada")).to_contain_text("missed last time")


def test_staff_raise_for_a_student_and_the_student_sees_it(open_as, lesson, ada, grace):
    teacher, page = open_as(grace), open_as(ada)
    teacher.get_by_text("Raise a hand for a student").click()
    teacher.get_by_label("Raise a hand for").select_option("Ada Lovelace")
    teacher.locator("details").get_by_role("button", name="Raise hand").click()
    expect(page.get_by_text("Somebody who helps here put your hand up for you")).to_be_visible()


def test_a_later_time_is_offered_and_taken(open_as, lesson, ada, grace):
    teacher, page = open_as(grace), open_as(ada)
    tap(page, "Raise hand")
    teacher.get_by_text("More for Ada").click()
    teacher.get_by_role("link", name="Offer a later time").click()
    tap(teacher, "Ask the student")
    tap(page, "Yes, later is fine")
    expect(heading(page, "Later")).to_be_visible()
    expect(heading(teacher, "Later")).to_be_visible()


def test_a_removed_student_is_sent_away_at_once(open_as, in_database, lesson, ada):
    from classrooms import actions as people

    page = open_as(ada)
    with page.expect_navigation():
        in_database(people.remove, ada)
    expect(page.get_by_role("button", name="Raise hand")).to_have_count(0)
