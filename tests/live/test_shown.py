"""A page that is brought from one view to the next shows what a page shows that is loaded then."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.showing import Showing, shown_by
from live import history
from live.page import answer, stamps
from live.shown import Listing, Piece, View, moves, news

KEYS = st.lists(st.sampled_from([f"request-{n}" for n in range(9)]), unique=True)
ROWS = KEYS.flatmap(
    lambda keys: st.tuples(*(st.tuples(st.just(k), st.integers(0, 2)) for k in keys))
)
#: Two lists that share no row, a word of a region, and what of it is told.
STATES = st.lists(
    st.tuples(ROWS, st.integers(0, 9), st.sampled_from("ab"), st.sampled_from(["whole", "part"])),
    min_size=1,
    max_size=8,
)


def piece(html):
    return Piece(html, lambda: html)


def region(word):
    return {"said": piece(f'<p id="said" hx-swap-oob="true">{word}</p>')}


def rows(listed):
    return Listing({key: piece(f'<li id="{key}">{look}</li>') for key, look in listed})


def view(version, listed, word="quiet", cut=99):
    """Its rows stand in two lists."""
    lists = {"first": rows(listed[:cut]), "second": rows(listed[cut:])}
    return View(version, region(word), lists)


@given(STATES, st.data())
def test_a_page_that_is_told_what_is_new_shows_what_is_true(states, data):
    page, before, truth = Showing(), None, None
    for version, (listed, cut, word, how) in enumerate(states):
        if how == "part" and before is not None:
            told = View(None, region(word))
            truth = View(truth.version, region(word), truth.lists)
        else:
            told = truth = view(version, listed, word, cut)
        text = news("queue:7/helpers", told, before)
        before = told.after(before)
        if data.draw(st.booleans(), "lost"):
            continue
        if not page.apply(text):  # something was lost before it
            assert page.apply(news("queue:7/helpers", truth, None))
        assert page.apply(text), "twice is as good as once"
    page.apply(news("queue:7/helpers", truth, None))
    assert page.shows() == shown_by(news("queue:7/helpers", truth, None)).shows()
    assert page.stamps["queue:7/helpers"][1] == truth.shown.digest


def test_an_older_text_replaces_no_newer_one():
    page = Showing()
    texts = [news("t:1/x", view(version, [("request-1", version)]), None) for version in (1, 2)]
    for text in (*texts, texts[0]):
        page.apply(text)
    assert page.lists["first"] == {"request-1": '<li id="request-1">2</li>'}


@given(KEYS, KEYS)
def test_any_order_is_found_from_any_other(was, now):
    page = Showing()
    page.apply(news("t:1/x", view(1, [(key, 0) for key in was]), None))
    text = news("t:1/x", view(2, [(key, 0) for key in now]), view(1, [(k, 0) for k in was]).shown)
    assert page.apply(text)
    assert list(page.lists["first"]) == now


@given(KEYS, st.data())
def test_little_is_said_where_one_hand_goes_up_or_down(was, data):
    at = data.draw(st.integers(0, len(was)))
    assert len(moves(was, [*was[:at], "new", *was[at:]]).after) <= 2
    if was:
        gone = was[at % len(was)]
        how = moves(was, [key for key in was if key != gone])
        assert how.gone == [gone]
        assert len(how.after) == 0


@given(ROWS, ROWS)
def test_only_rows_are_sent_that_are_new_or_other_ones(before, after):
    was, now = view(1, before), view(2, after)
    text = news("t:1/x", now, was.shown)
    sent = re.findall(r'<li id="([\w-]+)">', text)
    known = dict(before)
    assert sent == [key for key, look in after if known.get(key) != look]
    assert bool(text) == (before != after)
    assert "quiet" not in text


def test_a_region_is_sent_where_its_text_is_another_one():
    before = view(1, [])
    assert view(2, [], "loud").since(before.shown) == region("loud")["said"].html
    assert view(2, []).since(before.shown) == ""


def test_a_key_that_comes_back_is_a_row_again():
    first = view(1, [("request-1", 0), ("request-2", 0)])
    second, third = view(2, [("request-2", 0)]), view(3, [("request-2", 0), ("request-1", 0)])
    page = Showing()
    texts = (news("t:1/x", first, None), news("t:1/x", second, first.shown))
    for text in (*texts, news("t:1/x", third, second.shown)):
        assert page.apply(text)
    assert list(page.lists["first"]) == ["request-2", "request-1"]


def test_what_nobody_lacks_is_not_drawn():
    def never():
        raise AssertionError("drawn")

    def line(mark):
        rows = {"r1": Piece("same", never), "r2": Piece(mark, lambda: "<li id=r2>")}
        return View(1, {"quiet": Piece("same", never)}, {"line": Listing(rows)})

    now, before = line("other"), line("one").shown
    assert "<li id=r2>" in now.drawable(before).since(before)


def test_a_row_that_cannot_be_drawn_takes_no_other_one_with_it(caplog):
    listed = {"r1": Piece("1", lambda: 1 / 0), "r2": Piece("2", lambda: "<li id=r2>")}
    broken = View(1, {}, {"line": Listing(listed)})
    drawn = broken.drawable(None)
    assert "<li id=r2>" in drawn.whole()
    assert drawn.shown != broken.shown  # so that it is tried again
    assert "could not be drawn" in caplog.text


def test_a_list_of_four_hundred_rows_is_sent_once_and_then_row_by_row():
    many = [(f"request-{number}", 0) for number in range(400)]
    was, now = view(1, many), view(2, [*many[:200], ("request-new", 0), *many[200:]])
    assert len(news("t:1/x", was, None)) > 10_000
    assert len(news("t:1/x", now, was.shown)) < 300


@pytest.mark.django_db
def test_a_page_and_its_answers_follow_on_one_another(rf):
    """What a page was rendered with is remembered, and its next answer is what is new."""
    first, second = view(1, [("request-1", 0)]), view(2, [("request-1", 0), ("request-2", 0)])
    told = stamps({"t:1": {"x.5": first}})
    place, version, digest = re.search(
        r'data-live-of="(.*?)" data-version="(.*?)" data-digest="(.*?)"', told
    ).groups()
    assert place == "t:1/x"
    asked = rf.get("/", headers={"X-Shows": f"{place}={version}.{digest}"})
    assert "request-1" not in answer(asked, {"t:1": {"x.5": second}}).replace(
        "request-2&gt;request-1", ""
    )
    assert "request-1" in answer(asked, {"t:1": {"x.6": second}})  # another person's
    for nonsense in ("", "x", f"{place}=", f"{place}={version}.ffff", ",".join("x" * 999)):
        whole = answer(rf.get("/", headers={"X-Shows": nonsense}), {"t:1": {"x.5": second}})
        assert 'since=""' in whole


def test_only_so_much_is_remembered():
    history.forget_all()
    for number in range(history.STATES + 1):
        history.note("t:1/x:en", view(number, [], str(number)).shown)
    assert history.known("t:1/x:en", view(0, [], "0").shown.digest) is None
    assert history.known("t:1/x:en", view(1, [], "1").shown.digest) is not None
    for number in range(history.AUDIENCES):
        history.note(f"t:{number}/y:en", view(1, []).shown)
    assert history.known("t:1/x:en", view(1, [], "1").shown.digest) is None
    history.forget_all()
