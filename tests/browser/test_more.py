"""What a helper opens in a row: fetched once, there through every push, a page without scripts."""

from playwright.sync_api import expect

from requests_app import actions
from requests_app.models import Status
from tests.browser.test_queue import row, tap

MORE = "More for Ada Lovelace"


def addresses_of(page):
    """What this page asks for behind "More", from now on."""
    found = []
    page.on("request", lambda each: found.append(each.url) if "/more/" in each.url else None)
    return found


def open_by_keyboard(page):
    summary = page.locator("summary", has_text=MORE)
    summary.focus()
    page.keyboard.press("Enter")
    return summary


def button_in(page, name):
    return row(page, "Ada").get_by_role("button", name=name, exact=True)


def test_it_stays_with_the_keyboard_in_it_through_every_push(
    open_as, in_database, lesson, raise_hand, ada, ben, grace, alan
):
    asked = in_database(raise_hand, ada, text="Why is it so?")
    teacher = open_as(grace)
    addresses = addresses_of(teacher)
    summary = open_by_keyboard(teacher)
    button = button_in(teacher, "Bring forward")
    expect(button).to_be_visible()
    expect(row(teacher, "Ada").locator(".queue-item__full")).to_have_text("Why is it so?")
    expect(row(teacher, "Ada").get_by_role("link", name="All about this hand")).to_be_hidden()
    # Another row changes: nothing is asked for again, wherever the keyboard is.
    other = in_database(raise_hand, ben)
    expect(row(teacher, "Ben")).to_be_visible()
    expect(summary).to_be_focused()
    button.focus()
    in_database(actions.lower, other, by=ben)
    expect(row(teacher, "Ben")).to_have_count(0)
    expect(button).to_be_focused()
    assert len(addresses) == 1
    # This row changes: what was there stays until the new comes.
    in_database(actions.describe, asked, by=ada, text="Because?")
    expect(row(teacher, "Ada").locator(".queue-item__full")).to_have_text("Because?")
    expect(button).to_be_focused()
    assert len(addresses) == 2
    # Its buttons are other ones.
    in_database(actions.claim, asked, by=alan)
    expect(button_in(teacher, "Put back")).to_be_visible()
    expect(button).to_have_count(0)
    expect(row(teacher, "Ada").locator("summary")).to_be_focused()
    # And they work, also what htmx sends.
    in_database(raise_hand, ben)
    expect(row(teacher, "Ben")).to_be_visible()
    row(teacher, "Ada").get_by_role("link", name="Offer a later time").click()
    expect(teacher.get_by_role("button", name="Ask the student")).to_be_visible()
    tap(teacher, "Put back")
    expect(button).to_be_visible()
    in_database(actions.lower, asked, by=ada)
    expect(row(teacher, "Ada")).to_have_count(0)
    assert len(addresses) == 4


def test_what_was_there_stays_until_the_new_comes(
    open_as, in_database, lesson, raise_hand, ada, grace, alan
):
    asked = in_database(raise_hand, ada)
    teacher = open_as(grace)
    open_by_keyboard(teacher)
    button = button_in(teacher, "Bring forward")
    button.focus()
    held = []
    teacher.route("**/more/", lambda each: held.append(each))
    in_database(actions.claim, asked, by=alan)
    expect(row(teacher, "Ada")).to_contain_text("Alan Turing")
    expect(button).to_be_focused()
    in_database(actions.put_back, asked, by=alan)  # before the answer is here
    expect(row(teacher, "Ada")).not_to_contain_text("Alan Turing")
    expect(button).to_be_focused()
    teacher.wait_for_timeout(100)
    assert len(held) == 2
    for each in reversed(held):
        each.continue_()
    expect(button).to_be_focused()
    expect(button_in(teacher, "Put back")).to_have_count(0)


def test_where_nothing_comes_a_link_leads_there(
    open_as, in_database, lesson, raise_hand, ada, grace
):
    asked = in_database(raise_hand, ada, text="Why?")
    teacher = open_as(grace)
    teacher.route("**/more/", lambda each: each.abort("internetdisconnected"))
    summary = open_by_keyboard(teacher)
    link = row(teacher, "Ada").get_by_role("link", name="All about this hand")
    expect(link).to_be_visible()
    teacher.unroute("**/more/")
    summary.press("Enter")
    summary.press("Enter")  # is one more try
    expect(button_in(teacher, "Bring forward")).to_be_visible()
    # With scripts the page does what it does without.
    teacher.goto(f"/c/{ada.classroom.slug}/requests/{asked.key}/more/")
    tap(teacher, "Start")
    expect(row(teacher, "Ada")).to_contain_text("Grace Hopper")
    teacher.goto(f"/c/{ada.classroom.slug}/requests/{asked.key}/more/")
    teacher.get_by_role("link", name="Try this, back soon").click()
    teacher.get_by_label("What to try").fill("Draw it")
    tap(teacher, "Try this, back soon")
    expect(row(teacher, "Ada")).to_contain_text("promised")


def test_without_scripts_it_is_a_page_whose_buttons_work(
    open_as, in_database, lesson, raise_hand, ada, grace
):
    asked = in_database(raise_hand, ada, text="Why is it so?")
    teacher = open_as(grace, javascript=False)
    teacher.locator("summary", has_text=MORE).click()
    teacher.get_by_role("link", name="All about this hand").click()
    expect(teacher.get_by_text("Why is it so?")).to_be_visible()
    teacher.get_by_role("link", name="Back to class").click()
    for name, status in (("Bring forward", Status.WAITING), ("Start", Status.HELPING)):
        teacher.locator("summary", has_text=MORE).click()
        teacher.get_by_role("link", name="All about this hand").click()
        tap(teacher, name)
        expect(teacher.locator("#queue")).to_be_visible()
        in_database(asked.refresh_from_db)
        assert asked.status == status
    assert asked.brought_forward_at
