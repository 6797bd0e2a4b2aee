"""The teacher's pages for coaching: what they keep, and what bad input is told."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from classrooms.actions import NotPossible
from classrooms.models import Classroom
from coaching import actions, class_card, texts
from coaching.catalogue import CLASS_CARD, GROUPS, QUESTIONS, STARTERS
from coaching.forms import STARTERS_AT_MOST, broken_gaps, marked
from coaching.models import (
    CLASS_CARD_LIMIT,
    LINE_LIMIT,
    CardText,
    ClassCard,
    Coaching,
    Starter,
    Suggestion,
    coaching_of,
)
from coaching.rules import Rule
from requests_app.said import PRIVATE, Kind
from resources import actions as resources
from resources.models import MAY_BE_UNKNOWN, Entry
from tests.resources.conftest import complete

pytestmark = pytest.mark.django_db


def url(room, name, *args):
    return reverse(f"coaching:{name}", args=[room.slug, *args])


@pytest.fixture
def teacher(browser_of, grace):
    """Grace's browser."""
    return browser_of(grace)


def page_of(answer):
    return answer.content.decode()


# --- What is on --------------------------------------------------------------

EVERYTHING = {"is_on": "on", "kinds": [*Kind.values, PRIVATE], "rules": Rule.values}


def test_the_settings_of_a_class_start_with_everything_on(teacher, room):
    page = page_of(teacher.get(url(room, "settings")))
    assert page.count("checked") == 1 + len(Kind) + 1 + len(Rule)
    for rule in Rule:
        assert str(rule.label) in page
    assert not Coaching.objects.exists(), "looking keeps nothing"


def test_each_kind_and_rule_can_be_switched_off(teacher, room):
    kinds = [kind for kind in EVERYTHING["kinds"] if kind not in ("show", PRIVATE)]
    rules = [rule for rule in Rule.values if rule != "R7"]
    sent = {"pictures": "on", "kinds": kinds, "rules": rules}
    answer = teacher.post(url(room, "settings"), sent, follow=True)
    assert "Saved." in page_of(answer)
    now = coaching_of(room)
    assert (now.is_on, now.pictures, now.rules_off) == (False, True, ["R7"])
    assert now.kinds_off == ["show", PRIVATE]
    assert Kind.SHOW not in now.kinds
    assert not now.is_private_on
    teacher.post(url(room, "settings"), EVERYTHING)
    now = coaching_of(room)
    assert (now.is_on, now.pictures, now.kinds_off, now.rules_off) == (True, False, [], [])


def test_a_hand_made_kind_is_refused_and_nothing_is_kept(teacher, room):
    answer = teacher.post(url(room, "settings"), EVERYTHING | {"kinds": ["hint", "cheat"]})
    assert answer.status_code == 422
    assert "Please choose among these." in page_of(answer)
    assert not Coaching.objects.exists()


def test_the_settings_page_leads_to_it(teacher, room):
    assert url(room, "settings") in page_of(teacher.get(f"/c/{room.slug}/manage/settings/"))


# --- Starters ----------------------------------------------------------------


def ours(language="en"):
    return {group: "\n".join(lines) for group, lines in texts.our_starters(language).items()}


def test_a_classs_own_starters_replace_their_group_and_ours_come_back(teacher, room):
    address = url(room, "starters", "en")
    assert "Back to ours" not in page_of(teacher.get(address))
    sent = ours() | {"hint": "  Is it about ___?  \n\nIs it about ___?\nWhere is ___?"}
    answer = teacher.post(address, sent, follow=True)
    assert page_of(answer).count("Back to ours") == 1
    own = [("hint-1", "Is it about ___?"), ("hint-2", "Where is ___?")]
    assert texts.starters(room, "hint", "en") == own
    assert set(Starter.objects.values_list("group", flat=True)) == {"hint"}, "ours are not copied"
    assert texts.starters(room, "hint", "ar") != own
    typed = sent | {"ours": "hint", "stuck": "Half of a __"}
    answer = teacher.post(address, typed)
    assert answer.status_code == 200
    assert "Half of a __" in page_of(answer), "what was typed elsewhere is kept"
    assert "Nothing else was saved" in page_of(answer)
    assert not Starter.objects.exists()


def test_an_empty_group_has_ours_again(teacher, room):
    actions.save_starters(room, "en", {"hint": ["Mine ___"]})
    teacher.post(url(room, "starters", "en"), ours() | {"hint": " \n "})
    assert not Starter.objects.exists()


@pytest.mark.parametrize("group", GROUPS)
def test_our_own_starters_are_fine(group):
    for text in STARTERS[group]:
        assert broken_gaps(str(text)) == []


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("I am __ here", "I am <mark>__</mark> here"),
        ("I am ____ here", "I am <mark>____</mark> here"),
        ("I am _ _ here", "I am <mark>_ _</mark> here"),
        ("A _ here", "A <mark>_</mark> here"),
        ("Is {x} like ___?", "Is <mark>{x}</mark> like ___?"),
        ("Is {{ it }} so", "Is <mark>{{ it }}</mark> so"),
        ("Is {x so", "Is <mark>{x so</mark>"),
        ("I am %s", "I am <mark>%s</mark>"),
        ("I am %(x)s and __", "I am <mark>%(x)s</mark> and <mark>__</mark>"),
        ("\uff3f\uff3f\uff3f here", "<mark>\uff3f\uff3f\uff3f</mark> here"),
        ("<b>__</b>", "&lt;b&gt;<mark>__</mark>&lt;/b&gt;"),
    ],
)
def test_a_broken_gap_is_found_and_marked(line, shown):
    assert marked(line) == shown


@pytest.mark.parametrize(
    "line",
    ["___ is ___", "Is ___ ___ right?", "What does my_list do?", "Is 50% of ___ right?", "Yes"],
)
def test_gaps_and_names_and_per_cent_are_left_alone(line):
    assert broken_gaps(line) == []


def test_broken_gaps_are_refused_line_by_line_and_all_typed_is_kept(teacher, room):
    sent = ours() | {"hint": "Fine ___\nBad __ here\nWorse {x}", "stuck": "Mine ___"}
    answer = teacher.post(url(room, "starters", "en"), sent)
    page = page_of(answer)
    assert answer.status_code == 422
    assert "Line 2: A gap is three underscores" in page
    assert "Bad <mark>__</mark> here" in page
    assert "Line 3: A gap is three underscores" in page
    assert "Worse <mark>{x}</mark>" in page
    assert "Fine ___\nBad __ here\nWorse {x}" in page
    assert "Mine ___" in page
    assert not Starter.objects.exists()


def test_what_a_teacher_types_is_never_markup(teacher, room):
    sent = ours() | {"hint": "<img src=x> __"}
    page = page_of(teacher.post(url(room, "starters", "en"), sent))
    assert "<img" not in page
    assert "&lt;img src=x&gt; <mark>__</mark>" in page


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("x" * (LINE_LIMIT + 1), f"Line 1: Please make this shorter: {LINE_LIMIT} characters"),
        ("\n".join(f"Is it {n}?" for n in range(STARTERS_AT_MOST + 1)), "at most 12 sentences"),
    ],
)
def test_long_starters_and_long_lists_are_refused_with_a_sentence(typed, told, teacher, room):
    answer = teacher.post(url(room, "starters", "en"), ours() | {"hint": typed})
    assert answer.status_code == 422
    assert told in page_of(answer)
    assert typed in page_of(answer)


@pytest.mark.parametrize("name", ["starters", "questions"])
def test_a_language_that_the_server_does_not_speak_is_not_there(name, teacher, room):
    assert teacher.get(url(room, name, "xx")).status_code == 404
    assert teacher.post(url(room, name, "xx"), {}).status_code == 404


# --- Questions ---------------------------------------------------------------


def test_an_empty_question_stays_as_it_was_and_the_page_says_so(teacher, room):
    address = url(room, "questions", "en")
    sent = texts.our_questions("en") | {"kind": "What do you need?"}
    teacher.post(address, sent)
    assert texts.question(room, "kind", "en") == "What do you need?"
    assert CardText.objects.count() == 1, "ours are not copied"
    answer = teacher.post(address, sent | {"kind": "  ", "tried": ""}, follow=True)
    page = page_of(answer)
    assert "“The kind of help” was empty, so it still says: What do you need?" in page
    assert "“What was tried” was empty, so it still says: What have you tried?" in page
    assert texts.question(room, "kind", "en") == "What do you need?"


def test_back_to_ours_gives_one_question_back(teacher, room):
    address = url(room, "questions", "en")
    teacher.post(address, texts.our_questions("en") | {"kind": "Mine?", "task": "Which one?"})
    answer = teacher.post(address, texts.our_questions("en") | {"ours": "kind", "task": "Half"})
    assert texts.question(room, "kind", "en") == str(QUESTIONS["kind"])
    assert texts.question(room, "task", "en") == "Which one?"
    assert 'value="Half"' in page_of(answer)
    teacher.post(address, texts.our_questions("en"))
    assert not CardText.objects.exists(), "typing ours is ours again"


def test_a_question_that_is_too_long_is_refused_and_kept_on_the_page(teacher, room):
    long = "x" * (LINE_LIMIT + 1)
    answer = teacher.post(
        url(room, "questions", "en"), texts.our_questions("en") | {"kind": long, "task": "Mine"}
    )
    assert answer.status_code == 422
    assert long in page_of(answer)
    assert 'value="Mine"' in page_of(answer)
    assert not CardText.objects.exists()


# --- The class card ----------------------------------------------------------


def test_versions_of_the_class_card_are_only_added(teacher, room, grace):
    address = url(room, "edit_class_card")
    assert str(CLASS_CARD).splitlines()[0] in page_of(teacher.get(address))
    for text in ("Ask early.\nAsk often.", "Ask early.\r\nAsk often.", "Ask."):
        teacher.post(address, {"text": text})
    kept = ClassCard.objects.order_by("version").values_list("version", "text", "by")
    assert list(kept) == [(1, "Ask early.\nAsk often.", grace.pk), (2, "Ask.", grace.pk)]
    assert class_card.current(room) == (2, "Ask.")
    page = page_of(teacher.get(f"{address}?ours"))
    assert str(CLASS_CARD).splitlines()[0] in page, "ours can be begun with"


@pytest.mark.parametrize("text", ["", " \n ", "x" * (CLASS_CARD_LIMIT + 1)])
def test_an_empty_or_long_class_card_is_refused(text, teacher, room):
    answer = teacher.post(url(room, "edit_class_card"), {"text": text})
    assert answer.status_code == 422
    assert not ClassCard.objects.exists()
    if text.strip():
        assert text in page_of(answer)


# --- While students wait -----------------------------------------------------

QUICK = {
    "title": "Loops in pictures",
    "use": "Use this to see what a loop does.",
    "link": "example.org/loops",
    "place": "",
    "task": "",
    "kind": "",
}


def test_a_resource_for_the_class_takes_a_minute(teacher, room, grace, browser_of, ada):
    loops = room.tasks.create(title="Loops")
    sent = QUICK | {"task": loops.pk, "kind": "hint"}
    answer = teacher.post(url(room, "suggest"), sent, follow=True)
    assert "Loops in pictures" in page_of(answer)
    entry = Entry.objects.get()
    assert entry.published_at is not None
    assert (entry.classroom, entry.link) == (room, "https://example.org/loops")
    assert entry.owner == grace.user
    assert entry.missing() == entry.unknown(), "all else follows from what was typed"
    assert 170 < (entry.review_due - entry.published_at.date()).days < 190
    made = Suggestion.objects.get()
    assert (made.entry, made.task, made.kind) == (entry, loops, "hint")
    page = page_of(browser_of(ada).get(f"/c/{room.slug}/help/directory/"))
    assert "Loops in pictures" in page
    teacher.post(url(room, "suggest"), sent)
    assert (Entry.objects.count(), Suggestion.objects.count()) == (1, 1), "sent twice is once"


def test_what_nobody_said_of_a_bare_link_is_not_made_up(teacher, room, ada, browser_of):
    """The teacher was named as its author and its reviewer, and it was easy to read from age 10."""
    teacher.post(url(room, "suggest"), QUICK)
    entry = Entry.objects.get()
    assert set(entry.unknown()) == MAY_BE_UNKNOWN
    assert (entry.author, entry.reviewed_by, entry.reading_age) == ("", "", None)
    assert (entry.cost, entry.languages, entry.data_note) == ("", [], "")
    page = page_of(browser_of(ada).get(f"/c/{room.slug}/help/directory/{entry.pk}/"))
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    for told in (
        "Cost Not known yet",
        "Languages Not known yet",
        "What they do with your data Not known yet.",
        "Written by Not known yet",
        "Looked over by Nobody yet",
        "Easy to read from age Not known yet",
    ):
        assert told in words
    assert "Grace Hopper" not in words.replace("Ask Grace Hopper", "")


def test_the_directory_and_its_search_say_what_is_not_known(
    teacher, room, ada, browser_of, school, grace
):
    teacher.post(url(room, "suggest"), QUICK)
    known = resources.add_entry(school, room, complete(title="A loop of wool"), by=grace.user)
    resources.publish_entry(known, by=grace.user)
    for query in ("", "?q=loop", "?q=loops"):
        page = page_of(browser_of(ada).get(f"/c/{room.slug}/help/directory/{query}"))
        assert "Loops in pictures" in page
        assert "Cost not known yet" in page
    listed = page_of(browser_of(ada).get(f"/c/{room.slug}/help/directory/"))
    assert listed.index("A loop of wool") < listed.index("Loops in pictures"), "free ones first"
    free = page_of(browser_of(ada).get(f"/c/{room.slug}/help/directory/?cost=free"))
    assert "Loops in pictures" not in free, "nobody knows whether it is free"


def test_what_is_not_known_yet_stands_on_the_teacher_s_list_until_it_is_filled_in(
    teacher, room, grace
):
    shelf = f"/c/{room.slug}/manage/resources/"
    assert "not looked over yet" not in page_of(teacher.get(shelf))
    teacher.post(url(room, "suggest"), QUICK)
    entry = Entry.objects.get()
    page = page_of(teacher.get(shelf))
    assert "1 resource is not looked over yet" in page
    assert "6 parts not known yet" in page
    # Other things can be changed meanwhile, and what is known can not be lost again.
    resources.change_entry(entry, {"use": "Use this.", "author": "Ada Lovelace"}, by=grace.user)
    with pytest.raises(NotPossible, match="author"):
        resources.change_entry(entry, {"author": ""}, by=grace.user)
    rest = {name: complete()[name] for name in MAY_BE_UNKNOWN}
    resources.change_entry(entry, rest, by=grace.user)
    assert "not looked over yet" not in page_of(teacher.get(shelf))


def test_the_form_saves_what_is_known_and_leaves_the_rest_open(teacher, room):
    teacher.post(url(room, "suggest"), QUICK)
    entry = Entry.objects.get()
    edit = f"/c/{room.slug}/manage/resources/{entry.pk}/"
    typed = {
        name: getattr(entry, name)
        for name in ("title", "kind", "audience", "topics", "hours", "where", "place", "contact")
    }
    typed |= {"use": "Use this now.", "link": entry.link, "review_due": entry.review_due}
    answer = teacher.post(edit, typed | {"author": "Ada Lovelace"})
    assert answer.status_code == 302, page_of(answer)
    entry.refresh_from_db()
    assert (entry.use, entry.author, entry.reviewed_by) == ("Use this now.", "Ada Lovelace", "")


def test_the_reminder_to_look_it_over_says_what_is_not_known(teacher, room, mailoutbox):
    teacher.post(url(room, "suggest"), QUICK)
    entry = Entry.objects.get()
    resources.tell_owners(now=timezone.now() + timedelta(days=200))
    (letter,) = [each for each in mailoutbox if entry.title in each.subject]
    assert "Not known yet: languages, cost, reading age" in letter.body


def test_nothing_else_is_published_with_a_gap(school, grace):
    draft = resources.add_entry(school, None, complete(author=""), by=grace.user)
    with pytest.raises(NotPossible, match="author"):
        resources.publish_entry(draft, by=grace.user)


def test_a_place_will_do_instead_of_a_link(teacher, room):
    teacher.post(url(room, "suggest"), QUICK | {"link": "", "place": "The blue folder"})
    entry = Entry.objects.get()
    assert (entry.place, entry.where, entry.link) == ("The blue folder", "in_person", "")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"link": "javascript:alert(1)"}, "starts with https:// or http://"),
        ({"link": "ftp://example.org/a"}, "starts with https:// or http://"),
        ({"link": "https://me@example.org/"}, "without a name before"),
        ({"link": "", "place": ""}, "or say where to find it"),
        ({"title": ""}, "Please give it a name."),
        ({"use": ""}, "Please say what it is good for."),
        ({"task": "999999"}, "Please choose among these."),
        ({"task": "x"}, "Please choose among these."),
        ({"kind": "cheat"}, "Please choose among these."),
    ],
)
def test_what_cannot_be_a_resource_is_told_and_kept(changes, told, teacher, room):
    answer = teacher.post(url(room, "suggest"), QUICK | changes)
    assert answer.status_code == 422
    assert told in page_of(answer)
    assert ("Loops in pictures" in page_of(answer)) == ("title" not in changes)
    assert not Entry.objects.exists()
    assert not Suggestion.objects.exists()


def test_an_entry_can_be_tied_and_taken_off_again(teacher, room, school, grace):
    by = grace.user
    shown = actions.resources.add_entry(school, None, complete(), by=by)
    actions.resources.publish_entry(shown, by=by)
    draft = actions.resources.add_entry(school, None, complete(title="Draft"), by=by)
    assert f'value="{draft.pk}"' not in page_of(teacher.get(url(room, "suggest")))
    for entry in (shown, shown):
        teacher.post(url(room, "suggest_entry"), {"entry": entry.pk, "task": "", "kind": "hint"})
    made = Suggestion.objects.get()
    assert (made.entry, made.kind) == (shown, "hint")
    for bad in ("", draft.pk, "x"):
        answer = teacher.post(url(room, "suggest_entry"), {"entry": bad})
        assert answer.status_code == 422
    teacher.post(url(room, "stop_suggesting", made.pk))
    assert not Suggestion.objects.exists()
    assert Entry.objects.filter(pk=shown.pk).exists()


def test_another_classs_suggestion_cannot_be_taken_away(teacher, room, school, grace):
    twin = Classroom.objects.create(school=school, name="Twin", slug="twin-2", code="TWNTWNTW")
    entry = actions.resources.add_entry(school, None, complete(), by=grace.user)
    theirs = actions.suggest(twin, entry, kind="hint")
    assert teacher.post(url(room, "stop_suggesting", theirs.pk)).status_code == 404
    assert Suggestion.objects.count() == 1


@pytest.mark.parametrize("name", ["settings", "suggest", "edit_class_card"])
def test_a_page_asks_as_often_with_one_thing_as_with_five(
    name, teacher, room, school, grace, django_assert_num_queries
):
    def fill(n):
        entry = actions.resources.add_entry(school, None, complete(title=f"No {n}"), by=grace.user)
        actions.resources.publish_entry(entry, by=grace.user)
        actions.suggest(room, entry, task=room.tasks.create(title=f"Task {n}"))
        actions.save_class_card(room, f"Number {n}", by=grace)

    fill(0)
    with CaptureQueriesContext(connection) as first:
        teacher.get(url(room, name))
    for n in range(1, 5):
        fill(n)
    with django_assert_num_queries(len(first)):
        teacher.get(url(room, name))
