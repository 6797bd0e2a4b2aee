"""The page tells the truth, or says that it may not, whatever the network does."""

from unittest.mock import patch

import pytest
from django.conf import settings
from playwright.sync_api import expect

from live import hub
from requests_app import actions
from tests.browser.test_accessibility import requested
from tests.browser.test_queue import heading, row, tap
from tests.proxy import Proxy
from tests.servers import until


@pytest.fixture
def network(server):
    proxy = Proxy(settings.PROXY_PORT, settings.BROWSER_PORT)
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture
def open_far(open_as, network):
    """``open_far(ada)``: Ada's page, with the network in between."""

    def open_page(who):
        page = open_as(who, javascript=False)  # sets the cookie, opens no socket
        context = page.context.browser.new_context(
            base_url=f"http://127.0.0.1:{settings.PROXY_PORT}",
            storage_state=page.context.storage_state(),
        )
        far = context.new_page()
        far.goto(f"/c/{who.classroom.slug}/")
        return far

    return open_page


def live(page):
    expect(page.locator('#live[data-live="on"]')).to_be_attached()


def not_live(page):
    expect(page.locator('#live:not([data-live="on"])')).to_be_attached()


def test_a_network_that_goes_silent_is_noticed_and_caught_up_with(
    open_far, network, in_database, lesson, ada, grace
):
    teacher = open_far(grace)
    live(teacher)
    network.stall()
    in_database(requested, ada)
    not_live(teacher)
    network.mend()
    expect(row(teacher, "Ada Lovelace")).to_be_visible()
    live(teacher)


def test_a_cut_connection_is_noticed_and_caught_up_with(
    open_far, network, in_database, lesson, ada, grace
):
    page = open_far(ada)
    live(page)
    tap(page, "Raise hand")
    expect(heading(page, "You are in line")).to_be_visible()
    network.cut()
    not_live(page)
    help_request = in_database(lambda: ada.help_requests.get())
    in_database(actions.claim, help_request, by=grace)
    network.mend()
    expect(heading(page, "Grace Hopper is on the way")).to_be_visible()
    live(page)


def test_a_socket_that_a_silent_network_swallowed_is_tried_again(open_far, network, lesson, ada):
    page = open_far(ada)
    live(page)
    network.swallow()
    not_live(page)
    swallowed = network.knocks
    until(lambda: network.knocks > swallowed + 1 or page.wait_for_timeout(100))
    network.mend()
    live(page)


def test_the_first_socket_of_a_page_is_tried_again_too(open_far, network, lesson, ada):
    page = open_far(ada)
    page.route("**/regions/", lambda route: route.abort())  # so that no answer helps it
    network.swallows_upgrade = True
    before = network.knocks
    page.reload()
    until(lambda: network.knocks > before + 1 or page.wait_for_timeout(100))
    network.mend()
    live(page)


def test_a_page_is_live_again_as_soon_as_it_got_an_answer(open_far, network, lesson, ada):
    page = open_far(ada)
    page.add_init_script("Math.random = () => 1000")  # it would wait a quarter of an hour
    network.refuses_upgrade = True
    page.reload()
    expect(page.locator("#live")).to_contain_text("Not live: updated")
    network.mend()
    live(page)


def test_where_sockets_are_forbidden_everything_works_and_the_page_says_so(
    open_far, network, in_database, lesson, ada, grace
):
    network.refuses_upgrade = True
    page = open_far(ada)
    tap(page, "Raise hand")
    expect(heading(page, "You are in line")).to_be_visible()
    help_request = in_database(lambda: ada.help_requests.get())
    in_database(actions.claim, help_request, by=grace)
    expect(heading(page, "Grace Hopper is on the way")).to_be_visible()
    expect(page.locator("#live")).to_contain_text("Not live: updated")


def test_a_portal_that_answers_in_our_place_is_not_believed(open_far, network, lesson, ada):
    page = open_far(ada)
    live(page)
    network.pose()
    expect(page.locator("#live")).to_contain_text("Not live: updated")
    tap(page, "Raise hand")
    expect(page.get_by_text("This did not reach the help desk.")).to_be_in_viewport()
    expect(page.get_by_text("Welcome to our network")).to_have_count(0)
    network.mend()
    live(page)
    tap(page, "Raise hand")
    expect(heading(page, "You are in line")).to_be_visible()
    expect(page.get_by_text("This did not reach the help desk.")).to_have_count(0)


def test_a_laptop_that_slept_asks_as_it_wakes_and_is_told_what_is_too_late(
    open_far, network, in_database, lesson, ada, ben, grace, alan
):
    page = open_far(grace)
    page.clock.install()
    page.reload()
    live(page)
    help_request = in_database(requested, ada)
    expect(row(page, "Ada Lovelace")).to_be_visible()
    network.stall()
    in_database(actions.claim, help_request, by=alan)
    in_database(requested, ben)
    page.clock.fast_forward("01:00:00")
    not_live(page)
    tap(page, "On my way")  # what the page shows is an hour old
    with page.expect_response(lambda answer: answer.request.method == "POST") as told:
        network.mend()
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert told.value.status == 409
    expect(page.get_by_text("Already on the way: Alan Turing")).to_be_visible()
    expect(row(page, "Ben Okri")).to_be_visible()
    live(page)


def test_with_every_message_between_workers_lost_pages_still_show_the_truth(
    open_as, in_database, lesson, ada, ben, grace
):
    teacher, page = open_as(grace), open_as(ada)
    with patch.object(hub, "tell_all"):
        help_request = in_database(requested, ada)
        expect(row(teacher, "Ada Lovelace")).to_be_visible()
        expect(heading(page, "You are in line")).to_be_visible()
        in_database(actions.claim, help_request, by=grace)
        expect(heading(page, "Grace Hopper is on the way")).to_be_visible()


def test_going_back_shows_what_is_true_now(open_as, in_database, lesson, ada, grace):
    page = open_as(ada)
    help_request = in_database(requested, ada)
    expect(heading(page, "You are in line")).to_be_visible()
    page.get_by_role("link", name="Get help").click()
    expect(heading(page, "Who sees what")).to_be_visible()
    in_database(actions.claim, help_request, by=grace)
    page.go_back()
    expect(heading(page, "Grace Hopper is on the way")).to_be_visible()
