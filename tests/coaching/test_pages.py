"""How we ask for help, and the page that is a student's own."""

import re

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from classrooms.actions import NotPossible
from coaching import actions, class_card, pages
from coaching.catalogue import CLASS_CARD
from coaching.models import NOTE_LIMIT, Note, StudentView
from requests_app import actions as requests
from tests.access import TABLE
from tests.world import routes

pytestmark = pytest.mark.django_db


def url(room, name, *args):
    return reverse(f"coaching:{name}", args=[room.slug, *args])


def page_of(answer):
    return answer.content.decode()


# --- "How we ask for help" ---------------------------------------------------


def test_everybody_in_the_class_can_read_how_we_ask(browser_of, room, ada, alan):
    for who in (ada, alan):
        page = page_of(browser_of(who).get(url(room, "how_we_ask")))
        for line in str(CLASS_CARD).splitlines():
            assert line in page
    assert url(room, "how_we_ask") in page_of(browser_of(ada).get(f"/c/{room.slug}/help/"))


def test_the_class_card_is_shown_once_for_each_version(browser_of, room, ada, ben, grace):
    assert class_card.unseen_by(ada) == (0, str(CLASS_CARD))
    answer = browser_of(ada).post(url(room, "mark_seen"), {"version": "0"})
    assert answer["Location"] == f"/c/{room.slug}/"
    assert class_card.unseen_by(ada) is None
    assert class_card.unseen_by(ben) is not None
    actions.save_class_card(room, "Ask.", by=grace)
    assert class_card.unseen_by(ada) == (1, "Ask.")
    browser_of(ada).post(url(room, "mark_seen"), {"version": "0"})
    assert class_card.unseen_by(ada) == (1, "Ask."), "an older page does not put away the new one"
    answer = browser_of(ada).post(
        url(room, "mark_seen"), {"version": "1"}, headers={"HX-Request": "true"}
    )
    assert (answer.status_code, answer.content) == (200, b"")
    assert class_card.unseen_by(ada) is None


def test_the_card_on_the_class_page_is_put_away_by_its_version(room, ada, grace):
    actions.save_class_card(room, "Ask <b>early</b>.", by=grace)
    context = {"class_card": class_card.unseen_by(ada), "classroom": room}
    shown = render_to_string("coaching/_class_card.html", context)
    assert "Ask &lt;b&gt;early&lt;/b&gt;." in shown
    assert f'formaction="{url(room, "mark_seen")}"' in shown
    assert 'name="version" value="1"' in shown
    actions.mark_seen(ada, 1)
    context["class_card"] = class_card.unseen_by(ada)
    assert render_to_string("coaching/_class_card.html", context).strip() == ""


@pytest.mark.parametrize("version", ["", "x", "-1", "²", "99999999999999999999"])
def test_a_made_up_version_puts_nothing_away(version, browser_of, room, ada):
    assert browser_of(ada).post(url(room, "mark_seen"), {"version": version}).status_code == 302
    assert class_card.unseen_by(ada) is not None


def test_a_version_that_is_to_come_cannot_be_seen_yet(room, ada, grace):
    actions.mark_seen(ada, 7)
    actions.save_class_card(room, "Ask.", by=grace)
    assert class_card.unseen_by(ada) == (1, "Ask.")


def test_the_sentences_of_the_class_card_are_short():
    """A ten-year-old reads them: at most fifteen words each (A14)."""
    for sentence in re.split(r"[.?!:]\s", str(CLASS_CARD).replace("\n", " ")):
        assert len(sentence.split()) <= 15, sentence


# --- "How I get help" --------------------------------------------------------

SECRET = "Zebra trick: draw it first"


def test_a_note_to_oneself_is_kept_and_deleted(browser_of, room, ada, raise_hand):
    mine, address = browser_of(ada), url(room, "how_i_get_help")
    help_request = raise_hand(ada, task=room.tasks.create(title="Loops"))
    answer = mine.post(address, {"text": SECRET, "request": help_request.key}, follow=True)
    assert SECRET in page_of(answer)
    assert "Loops" in page_of(answer)
    note = Note.objects.get()
    assert (note.student, note.help_request) == (ada, help_request)
    mine.post(address, {"text": SECRET, "request": help_request.key})
    assert Note.objects.count() == 1, "sent twice is once"
    mine.post(address, {"text": "Second"})
    mine.post(url(room, "delete_note", note.pk))
    assert [each.text for each in Note.objects.all()] == ["Second"]


def test_a_note_about_somebody_elses_request_is_about_nothing(
    browser_of, room, ada, ben, raise_hand
):
    theirs = raise_hand(ben, task=room.tasks.create(title="Loops"))
    address = url(room, "how_i_get_help")
    answer = browser_of(ada).post(address, {"text": "Mine", "request": theirs.key}, follow=True)
    assert "Loops" not in page_of(answer)
    assert Note.objects.get().help_request is None


@pytest.mark.parametrize("text", ["", " \n", "x" * (NOTE_LIMIT + 1)])
def test_a_note_that_cannot_be_kept_is_told_and_stays_on_the_page(text, browser_of, room, ada):
    sent = {"text": text, "request": "abc"}
    answer = browser_of(ada).post(url(room, "how_i_get_help"), sent)
    assert answer.status_code == 422
    assert 'value="abc"' in page_of(answer)
    assert text.strip() in page_of(answer)
    assert not Note.objects.exists()


def test_there_is_room_for_so_many_notes(room, ada, monkeypatch):
    monkeypatch.setattr(actions, "NOTES_AT_MOST", 2)
    for text in ("One", "Two"):
        actions.add_note(ada, text)
    with pytest.raises(NotPossible, match="room for 2 notes"):
        actions.add_note(ada, "Three")


def test_somebody_elses_note_cannot_be_read_or_deleted(browser_of, room, ada, ben):
    note = actions.add_note(ada, SECRET)
    other = browser_of(ben)
    assert SECRET not in page_of(other.get(url(room, "how_i_get_help")))
    assert other.post(url(room, "delete_note", note.pk)).status_code == 404
    assert Note.objects.count() == 1


def test_what_helped_is_said_in_words_without_a_number(browser_of, room, ada, grace, raise_hand):
    for kind, ends in (("hint", "helped"), ("hint", "helped"), ("check", "not"), ("", "alone")):
        help_request = raise_hand(ada, **({"kind": kind} if kind else {}))
        if ends == "alone":
            requests.solve(help_request, by=ada)
            continue
        requests.start(help_request, by=grace)
        requests.resolve(help_request, by=grace)
        if ends == "helped":
            requests.reflect(help_request, by=ada, reflection="carry_on")
    assert pages.what_helped(ada) == ["Working it out myself", "Give me a hint"]
    page = page_of(browser_of(ada).get(url(room, "how_i_get_help")))
    section = page[page.index('id="helped"') : page.index('aria-labelledby="hands"')]
    assert "Give me a hint" in section
    assert not re.search(r">[^<]*\d[^<]*<", section)


def test_the_cards_come_back_from_now_on(browser_of, room, ada):
    before = timezone.now()
    browser_of(ada).post(url(room, "show_cards_again"))
    assert StudentView.objects.get(student=ada).cards_since >= before


def test_no_page_of_staff_shows_a_students_note(
    browser_of, room, ada, grace, alan, edsger, raise_hand, school
):
    """Every page of this class and its school that staff can open, read for the note's text."""
    help_request = raise_hand(ada)
    actions.add_note(ada, SECRET, about=help_request)
    known = {"slug": room.slug, "key": help_request.key, "member": ada.pk, "language": "en"}
    read, staff = 0, {who.name: browser_of(who) for who in (grace, alan, edsger)}
    for name, parameters in routes():
        if name not in TABLE or not set(parameters) <= set(known):
            continue
        address = reverse(name, kwargs={each: known[each] for each in parameters})
        for who, opened in staff.items():
            answer = opened.get(address)
            if answer.status_code == 200:
                read += 1
                assert "Zebra" not in page_of(answer), f"{name} as {who}"
    assert read > 60
    for path in ("classrooms/membership/", "requests_app/helprequest/"):
        admin = grace.user
        admin.is_staff = admin.is_superuser = True
        admin.save()
        answer = browser_of(grace).get(f"/admin/{path}", follow=True)
        assert "Zebra" not in page_of(answer)
