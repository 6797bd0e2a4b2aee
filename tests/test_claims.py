"""Each sentence with which the README promises something, and the tests that hold it.

A new sentence needs an entry here, an entry needs its sentence, and each test has to exist.
"""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from classrooms.qr import opens_only_here

ROOT = Path(settings.BASE_DIR)
#: What stands before the first bullet, the bullets, and what is kept.
PARTS = (("# helpdesk", "## Try it"), ("## What it keeps, and who sees it", "## How it is built"))
#: Sentence → "file::test", under tests/. A sentence of names or of the problem promises nothing.
CLAIMS = {
    "Everybody can read and save what is kept about them.": (
        "records/test_telling.py::test_a_student_reads_and_saves_all_that_is_kept",
        "records/test_telling.py::test_staff_read_about_themselves_and_no_pupil",
    ),
    "Many students who need help never ask.": (),
    "**helpdesk** makes asking easy, private and fast: a student taps **Raise hand** in any "
    "browser, the teacher's screen shows it at once, the teacher helps, and both screens tell the "
    "truth all along.": (
        "browser/test_newcomer.py::test_a_newcomer_starts_a_class_and_helps_in_it",
        "live/test_classroom_socket.py::test_a_raised_hand_reaches_the_helpers_and_the_student",
        "coaching/test_quiet.py::test_somebody_is_on_the_way_only_when_somebody_is",
    ),
    "No app, no student accounts, no third-party service.": (
        "classrooms/test_door.py::test_a_code_then_a_name_and_in",
        "test_claims.py::test_browsers_load_nothing_from_anybody_else",
    ),
    "**One tap puts you in line.**": (
        "browser/test_queue.py::test_7_without_javascript_the_same_request_is_made",
    ),
    "Saying what it is about comes afterwards.": (
        "coaching/test_cards.py::test_cards_never_move_anybody",
    ),
    "Where an answer moves your place, it says so before you tap.": (
        "requests_app/test_sentences.py::test_each_answer_says_before_it_is_tapped_what_it_does",
        "requests_app/test_sentences.py::test_the_card_says_what_the_answer_then_does",
        "requests_app/test_sentences.py::test_choosing_a_task_says_that_it_can_move_where_it_can",
    ),
    "**Private.**": (),
    "Classmates see no name, no count, no place, no text.": (
        "browser/test_queue.py::test_6_classmates_cannot_see_me",
    ),
    "Not even their browsers get it.": (
        "live/test_classroom_socket.py::test_a_classmate_hears_nothing_of_it",
    ),
    "**It teaches asking.**": (),
    "While somebody waits, small cards help them say what they need and find a way themselves.": (
        "coaching/test_cards.py::test_cards_never_move_anybody",
    ),
    "Each can be skipped, and they fade as a student needs them less.": (
        "coaching/test_cards.py::test_everything_can_be_skipped_and_nobody_is_scolded",
        "coaching/test_cards.py::test_cards_fade_to_one_line_and_can_be_opened",
    ),
    "**Fair.**": (),
    "Order of asking, with small capped head starts, all of them named to the students.": (
        "requests_app/test_order.py::"
        "test_nobody_is_overtaken_by_more_than_the_difference_of_the_head_starts",
        "requests_app/test_sentences.py::test_the_sentence_of_head_starts_names_all_that_it_looks_at",
    ),
    "**Reaches those who hold back.**": (),
    "Check-ins whose small groups stay hidden, help moments, an adult's offer, and a directory of "
    "where to get help, beside the queue.": (
        "checkins/test_suppress.py::"
        "test_no_small_cell_follows_from_what_is_shown_and_how_many_replied",
        "checkins/test_views.py::test_a_help_moment_is_started_planned_and_ended",
        "resources/test_manage.py::test_a_sign_has_code_qr_private_way_and_contacts",
    ),
    "**Honest.**": (),
    "A page says whether it is live.": (
        "browser/test_faults.py::test_a_cut_connection_is_noticed_and_caught_up_with",
    ),
    "A promised time that was missed comes first.": (
        "requests_app/test_actions.py::test_a_promise_that_is_not_kept_comes_first_and_is_said",
    ),
    "**For everybody.**": (),
    "Works on small phones, by keyboard, without JavaScript, right to left, in light and dark; axe "
    "finds nothing on any page.": (
        "browser/test_queue.py::test_who_is_next_is_seen_without_scrolling_on_a_phone",
        "browser/test_accessibility.py::test_a_student_and_a_teacher_need_only_the_keyboard",
        "browser/test_queue.py::test_7_without_javascript_the_same_request_is_made",
        "browser/test_accessibility.py::test_right_to_left_in_a_made_up_language",
        "browser/test_every_page.py::test_axe_finds_nothing_on_any_page",
    ),
    "A student is a name in a class; an account is not needed.": (
        "classrooms/test_door.py::test_a_code_then_a_name_and_in",
    ),
    "A request keeps the name, the task, what was said and the times; the people who help in that "
    "class see them, classmates never do, school admins see totals only.": (
        "records/test_registry.py::test_each_field_of_each_model_is_declared",
        "requests_app/test_history.py::"
        "test_helpers_read_what_was_asked_for_what_was_given_and_how_it_went",
        "test_access_table.py::test_nobody_reads_what_is_not_for_them",
    ),
    "A cookie remembers the student's device; **Not you?** forgets it in one tap.": (
        "browser/test_newcomer.py::test_not_you_is_one_tap",
        "classrooms/test_door.py::test_not_you_is_one_tap_and_leaves_nothing",
    ),
    "What was written is deleted 90 days after the request, who asked a year after the lesson; "
    "totals of five or more stay.": (
        "requests_app/test_actions.py::test_words_are_deleted_on_their_day_and_facts_stay",
        "test_claims.py::test_the_days_are_those_that_are_promised",
        "records/::test_it_stays_until_the_day_before_and_is_gone_on_the_day_after",
        "records/::test_totals_of_five_or_more_stay",
    ),
    "Whoever leaves a class is erased after 30 days, or at once if the teacher says so.": (
        "records/::test_after_the_days_the_student_is_erased",
        "records/::test_the_name_typed_erases_everything",
        "test_claims.py::test_the_days_are_those_that_are_promised",
    ),
    "School admins erase an adult, a class or the whole school from its page, after typing the "
    "name.": (
        "records/::test_a_wrong_name_erases_nothing_and_stays_in_the_field",
        "records/::test_a_class_shows_what_depends_on_it_closes_at_once_and_is_gone_after_the_clock",
        "records/::test_a_school_closes_for_its_admins_at_once_and_goes_with_their_accounts",
        "records/::test_an_adult_shows_what_there_is_and_goes",
    ),
    "[docs/privacy.md](docs/privacy.md) lists every field, how long it stays and who sees it.": (
        "records/::test_each_field_of_each_model_is_declared",
        "records/::test_the_page_about_privacy_says_what_is_declared",
    ),
    "Browsers load nothing from anybody else: no fonts, no analytics, no cloud.": (
        "test_claims.py::test_browsers_load_nothing_from_anybody_else",
    ),
    "The server writes to your mail server, and in production looks whether web addresses in the "
    "directory still answer (`HELPDESK_CHECK_LINKS=0` ends that).": (
        "resources/test_links.py::test_the_owner_is_told_once_when_several_looks_found_nobody",
        "resources/test_links.py::test_it_is_off_unless_the_server_is_to_ask_others",
    ),
}


#: Whatever a browser fetches by itself.
LOADED = re.compile(r"<(?:script|img|iframe|link|source)\b[^>]*\b(?:src|href)=\"([^\"]+)")


def sentences():
    """Those of the README that promise something, in their order."""
    text = (ROOT / "README.md").read_text()
    found = []
    for begin, end in PARTS:
        part = text[text.index(begin) : text.index(end)].split("\n", 1)[1]
        part = re.sub(r"!\[.*?\]\(.*?\)", "", part)
        for block in re.split(r"\n\n|\n(?=- )|\n(?=\|)", part):
            line = " ".join(block.removeprefix("- ").split())
            line = re.sub(r"^(\*\*[^*]+\.\*\*) ", r"\1\n", line)
            line = re.sub(r"(?<=[.!?]) (?=[A-Z*\[])", "\n", line)
            found += [each for each in line.split("\n") if each]
    return found


def test_each_promise_of_the_readme_has_its_tests():
    assert sorted(set(sentences())) == sorted(CLAIMS)


@pytest.mark.parametrize("test", sorted({each for tests in CLAIMS.values() for each in tests}))
def test_each_test_that_is_named_exists(test):
    where, _colons, name = test.partition("::")
    place = ROOT / "tests" / where
    files = sorted(place.glob("test_*.py")) if place.is_dir() else [place]
    begin = rf"^(async )?def {name}\("
    assert any(re.search(begin, file.read_text(), re.MULTILINE) for file in files)


# --- What nothing else holds ------------------------------------------------------


@pytest.mark.django_db
def test_browsers_load_nothing_from_anybody_else(room, lesson, ada, grace, browser_of):
    """Neither a page nor a stylesheet nor a script names another server to load from, and the
    policy that browsers are sent would refuse it."""
    slug = room.slug
    pages = [Client().get("/"), Client().get("/join/")]
    pages += [browser_of(ada).get(f"/c/{slug}/{path}") for path in ("", "help/", "how-we-ask/")]
    pages += [browser_of(grace).get(f"/c/{slug}/{path}") for path in ("", "board/", "manage/")]
    for page in pages:
        assert page.status_code == 200
        loaded = LOADED.findall(page.text)
        assert loaded
        assert not [each for each in loaded if re.match(r"(https?:)?//", each)]
        policy = page["Content-Security-Policy"]
        sources = re.findall(r"(?:https?|wss?)://[^\s;]+|\*", policy)
        ours = settings.SITE_URL.split("://", 1)[1]
        assert {each.split("://", 1)[-1] for each in sources} <= {ours}, policy
    for file in [*ROOT.glob("static/css/**/*.css"), *ROOT.glob("static/js/**/*.js")]:
        text = file.read_text()
        assert not re.search(r"""(url\(|import\s|from\s|fetch\()["']?(https?:)?//""", text), file


def test_the_days_are_those_that_are_promised():
    days = (settings.KEEP_WORDS_DAYS, settings.KEEP_FACTS_DAYS, settings.KEEP_LEFT_DAYS)
    assert days == (90, 365, 30)


@pytest.mark.parametrize(
    ("site", "is_here"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://localhost:8000", True),
        ("http://192.168.1.20:8000", False),
        ("https://help.example.org", False),
    ],
)
@pytest.mark.django_db
def test_a_sign_that_would_lead_a_phone_nowhere_says_so(
    site, is_here, settings, room, grace, browser_of
):
    """The README said "Print the sign" of a server that only its own computer can reach."""
    settings.SITE_URL = site
    assert opens_only_here() == is_here
    client = browser_of(grace)
    for path in ("sign/", "manage/sign/", "manage/invite/"):
        page = client.get(f"/c/{room.slug}/{path}")
        assert page.status_code == 200, path
        assert ("works on this computer alone" in page.text) == is_here, path
