"""Well-being is asked about only where somebody looks after it, and of whom it may be asked."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from checkins import actions, gate, replies
from checkins.actions import NotPossible
from checkins.care import Carer, FamilyAnswer
from checkins.models import CheckIn, Preset, SchoolRules, UnnamedReply
from checkins.replies import Given
from classrooms import actions as people
from resources.models import Contact
from tests.checkins.conftest import class_region, helpers_region, joined_before, waiting

pytestmark = pytest.mark.django_db

PLAN = Preset.WELL_BEING


def text(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def without_keys(page):
    """A page without what is drawn anew for each browser."""
    return re.sub(r'(value="|": ")[\w-]{20,}"|data-who="\w+"', "", page)


def opened(room, grace):
    return actions.open_check_in(room, actions.preset(PLAN), by=grace)


def refused(room, grace):
    with pytest.raises(NotPossible) as problem:
        opened(room, grace)
    return str(problem.value)


# --- Before it can be opened -------------------------------------------------


def test_names_that_somebody_typed_open_nothing(room, school, grace):
    """As an older release took them: "x", "x" and "y"."""
    SchoolRules.objects.create(school=school, consent="opt_in", hours="x", owner="x", backup="y")
    said = refused(room, grace)
    for words in ("hours in which", "looks after it", "stands in", "crisis contact"):
        assert words in said
    assert "how families agree" not in said


def test_it_opens_when_all_of_it_is_there(cared_for, room, grace):
    assert opened(room, grace).is_open


@pytest.mark.parametrize(
    ("spoil", "missing"),
    [
        (lambda school: SchoolRules.objects.update(consent=""), "how families agree"),
        (lambda school: SchoolRules.objects.update(hours="at school"), "hours in which"),
        (lambda school: SchoolRules.objects.update(hours="by arrangement"), "hours in which"),
        (lambda school: school.carers.filter(part="owner").delete(), "looks after it"),
        (lambda school: school.carers.filter(part="backup").delete(), "stands in"),
        (lambda school: school.carers.update(agreed_at=None), "stands in"),
        (lambda school: Contact.objects.all().delete(), "crisis contact"),
    ],
)
def test_each_part_is_needed(cared_for, room, grace, school, spoil, missing):
    spoil(school)
    assert missing in refused(room, grace)


def test_a_yes_ends_when_its_person_leaves_and_does_not_come_back(cared_for, room, school, alan):
    school.carers.filter(part="backup").delete()
    school.carers.create(user=alan.user, part="backup", agreed_at=timezone.now())
    assert gate.missing(school) == []
    people.remove(alan)
    assert "stands in" in " ".join(gate.missing(school))
    gate.end_for_who_left()
    type(alan).objects.filter(pk=alan.pk).update(removed_at=None)
    assert "stands in" in " ".join(gate.missing(school))


def test_an_account_that_is_switched_off_has_not_agreed(cared_for, school, grace):
    grace.user.is_active = False
    grace.user.save()
    assert "stands in" in " ".join(gate.missing(school))


# --- Two people who said yes themselves --------------------------------------


def rules_sent(**changed):
    return {"keep_days": "14", "consent": "opt_out", "hours": "Mon-Fri 8-15"} | changed


def test_two_are_asked_and_each_says_yes_in_their_own_account(
    school, room, grace, alan, edsger, browser_of
):
    admin, rules = browser_of(edsger), reverse("checkins:rules")
    school.contacts.create(country="Here", name="Line", number="1", hours="always")
    sent = rules_sent(owner=grace.user.pk, backup=alan.user.pk)
    assert admin.post(rules, sent).status_code == 302
    assert "has not answered yet" in text(admin.get(rules))
    assert gate.missing(school) != []
    mine = reverse("checkins:asked_of_me")
    for who in (grace, alan):
        there = browser_of(who)
        assert "asks you to look after well-being" in text(there.get("/"))
        asked = Carer.objects.get(user=who.user)
        assert admin.post(reverse("checkins:agree", args=[asked.pk])).status_code == 404
        assert there.post(reverse("checkins:agree", args=[asked.pk])).status_code == 302
        assert "You said yes on" in text(there.get(mine))
    assert gate.missing(school) == []
    assert SchoolRules.objects.get().hours == "Mon-Fri 08:00-15:00"
    # Saving the rules again takes nobody's yes; asking somebody else takes the one of that part.
    admin.post(rules, sent)
    assert gate.missing(school) == []
    admin.post(rules, rules_sent(owner=edsger.user.pk, backup=alan.user.pk))
    assert len(gate.missing(school)) == 1
    browser_of(alan).post(reverse("checkins:refuse", args=[Carer.objects.get(user=alan.user).pk]))
    assert not Carer.objects.filter(user=alan.user).exists()
    assert "Said no to looking after well-being" in text(admin.get(rules))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"hours": "when we are there"}, "write the hours like this"),
        ({"hours": "by arrangement"}, "write when somebody looks"),
        ({"owner": "999999"}, "choose somebody of your school"),
        ({"owner": "x" * 5000}, "choose somebody of your school"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(edsger, browser_of, changed, says):
    answer = browser_of(edsger).post(reverse("checkins:rules"), rules_sent(**changed))
    assert answer.status_code == 422
    assert says in text(answer)
    assert not SchoolRules.objects.exists()


def test_one_account_cannot_be_both(edsger, grace, browser_of):
    sent = rules_sent(owner=grace.user.pk, backup=grace.user.pk)
    answer = browser_of(edsger).post(reverse("checkins:rules"), sent)
    assert answer.status_code == 422
    assert "Somebody else should stand in" in text(answer)


def test_a_stranger_is_nobody_who_can_be_asked(edsger, mallory, browser_of):
    sent = rules_sent(owner=mallory.pk)
    assert browser_of(edsger).post(reverse("checkins:rules"), sent).status_code == 422


# --- Planned -----------------------------------------------------------------


def test_what_was_planned_is_not_opened_without_them_and_its_planner_is_told(
    cared_for, room, school, grace, browser_of, url
):
    at = timezone.now() + timedelta(minutes=1)
    planned = actions.schedule(room, actions.preset(PLAN), by=grace, at=at)
    school.carers.filter(part="owner").delete()
    assert not actions.open_if_due(planned, now=at)
    assert not actions.open_if_due(planned, now=at)
    planned.refresh_from_db()
    assert planned.status == "dropped"
    [letter] = mail.outbox
    assert letter.to == [grace.user.email]
    page = text(browser_of(grace).get(url("check_ins")))
    assert "could not be opened. Still to be done: a yes of whoever looks after it" in page
    actions.delete_what_is_due(at + timedelta(days=31))
    assert not CheckIn.objects.exists()


# --- A hard answer leads somewhere at once -----------------------------------


def test_after_sending_everybody_reads_who_to_go_to_and_can_ask(
    cared_for, room, grace, ada, ben, browser_of, url
):
    check_in = opened(room, grace)
    pages = []
    for who, answer in ((ada, "3"), (ben, "0")):
        there = browser_of(who)
        sent = there.post(url("answer", check_in.key), {"q0": answer}, follow=True)
        pages.append(without_keys(text(sent)))
    for words in ("Edsger Dijkstra", "Grace Hopper", "They are there now.", "116 111"):
        assert words in pages[0]
    assert 'id="ask-adult"' in pages[0]
    # What was answered shows nowhere: somebody who looks over a shoulder learns nothing.
    assert pages[0].replace("Ada Lovelace", "Ben Okri") == pages[1]


# --- Families that said no ---------------------------------------------------


@pytest.fixture
def as_grace(browser_of, grace):
    return browser_of(grace)


def test_a_child_whose_family_said_no_is_asked_about_work(
    cared_for, room, grace, ada, ben, as_grace, browser_of, url
):
    assert as_grace.post(url("families"), {"student": [ada.pk, 10**9]}).status_code == 302
    assert FamilyAnswer.objects.get().student == ada
    assert re.search(rf'value="{ada.pk}" checked', text(as_grace.get(url("families"))))
    check_in = opened(room, grace)
    for_ada = text(browser_of(ada).get(url("answer", check_in.key)))
    for_ben = text(browser_of(ben).get(url("answer", check_in.key)))
    assert "How is your work going this week?" in for_ada
    assert "How are things for you this week?" not in for_ada
    assert "How are things for you this week?" in for_ben

    def plain(page):
        return without_keys(page).replace("How is your work going", "How are things for you")

    assert plain(for_ada).replace("Ada Lovelace", "Ben Okri") == plain(for_ben)
    as_grace.post(url("families"), {})
    assert "How are things for you" in text(browser_of(ada).get(url("answer", check_in.key)))


def test_where_families_say_yes_first_the_others_are_asked_about_work(
    cared_for, room, grace, ada, ben, as_grace, url
):
    SchoolRules.objects.update(consent="opt_in")
    check_in = opened(room, grace)
    assert gate.asked_about_work(check_in, [ada.pk, ben.pk]) == {ada.pk, ben.pk}
    as_grace.post(url("families"), {"student": ada.pk})
    assert gate.asked_about_work(check_in, [ada.pk, ben.pk]) == {ben.pk}


def test_nobody_else_sees_what_families_said(
    cared_for, room, grace, alan, ada, ben, lesson, browser_of, url
):
    before = [class_region(room), helpers_region(room)]
    gate.note_families(room, [ada.pk])
    assert [class_region(room), helpers_region(room)] == before
    assert browser_of(alan).get(url("families")).status_code == 404
    assert browser_of(ben).get(url("families")).status_code == 404


def test_what_they_say_about_work_is_counted_apart_for_those_who_manage(
    cared_for, room, grace, alan, browser_of, url
):
    asked, others = joined_before(room, 10), joined_before(room, 12)
    gate.note_families(room, [each.pk for each in asked])
    check_in = opened(room, grace)
    for number, who in enumerate([*asked, *others]):
        given = Given(answers={"0": 3 * (number % 2) if who in asked else number % 2})
        replies.reply(check_in, given, by=who, edit_key="k")
    actions.close(check_in)
    check_in.refresh_from_db()
    assert check_in.published == {"0": [[6, 6, 0, 0, 0]], "work": [[5, 0, 0, 5, 0]]}
    assert "How is your work going" in text(browser_of(grace).get(url("results", check_in.key)))
    assert "How is your work going" not in text(browser_of(alan).get(url("results", check_in.key)))
    actions.delete_what_is_due(timezone.now() + timedelta(days=31))
    check_in.refresh_from_db()
    assert check_in.published["work"] == [[5, None, None, 5, None]]


def test_four_of_them_are_counted_nowhere(cared_for, room, grace):
    asked, others = joined_before(room, 4), joined_before(room, 6)
    gate.note_families(room, [each.pk for each in asked])
    check_in = opened(room, grace)
    for who in [*asked, *others]:
        replies.reply(check_in, Given(answers={"0": 3}), by=who, edit_key="k")
    actions.close(check_in)
    assert not any("work" in each.answers for each in UnnamedReply.objects.all())
    assert UnnamedReply.objects.count() == 6


def test_who_is_asked_about_work_can_change_it_while_it_waits(
    cared_for, room, grace, ada, browser_of, url
):
    gate.note_families(room, [ada.pk])
    check_in, there = opened(room, grace), browser_of(ada)
    there.post(url("answer", check_in.key), {"q0": "1"})
    page = text(there.get(url("answer", check_in.key) + "?change=1"))
    assert re.search(r'name="q0" value="1"[^>]*checked', page)
    there.post(url("answer", check_in.key), {"q0": "2"})
    assert waiting(check_in) == [{"work": 2}]


def test_the_register_names_nobody_who_only_stands_at_the_door(room, ada, grace, browser_of):
    people.join(room, name="Ada Lovelace")  # a second browser of hers
    room.approval = True
    room.save()
    people.join(room, name="Made Up")
    page = text(browser_of(grace).get(reverse("checkins:families", args=[room.slug])))
    assert "Ada Lovelace" in page
    assert "Made Up" not in page
