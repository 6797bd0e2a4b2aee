"""Nothing incomplete is published, what expires drops out, and what changed is written down."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from classrooms.actions import NotPossible
from demo.resources import add_resources
from resources import actions
from resources.models import PARTS, Change, Contact, Entry
from resources.months import BUILT_IN, message_of
from resources.place import Place
from resources.search import find
from tests.resources.conftest import complete, step

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("part", PARTS[1:])
def test_an_entry_with_a_part_missing_is_not_published_and_the_part_is_named(part, school, edsger):
    empty = [] if part in ("topics", "languages") else None if part.startswith("re") else ""
    empty = "" if part == "reviewed_by" else empty
    entry = actions.add_entry(school, None, complete(**{part: empty}), by=edsger.user)
    with pytest.raises(NotPossible) as refused:
        actions.publish_entry(entry, by=edsger.user)
    assert str(refused.value).endswith(f": {Entry._meta.get_field(part).verbose_name}.")
    entry.refresh_from_db()
    assert entry.published_at is None
    assert not Place(school).shelf().exists()


def test_a_published_entry_is_seen_found_and_written_down(school, publish, edsger):
    entry = publish()
    assert list(Place(school).shelf()) == [entry]
    assert find(school, None, "counsellor") == [entry]
    change = Change.objects.get()
    assert (change.verb, change.by, change.title) == ("published", edsger.user, entry.title)
    actions.publish_entry(entry, by=edsger.user)  # twice does no harm
    assert Change.objects.count() == 1


def test_a_published_entry_may_change_but_not_lose_a_part(school, publish, edsger):
    entry = publish()
    with pytest.raises(NotPossible, match="contact"):
        actions.change_entry(entry, {"contact": ""}, by=edsger.user)
    actions.change_entry(entry, {"title": "The quiet room", "place": "Room 12"}, by=edsger.user)
    entry.refresh_from_db()
    assert (entry.title, entry.contact) == ("The quiet room", "Come in")
    assert Change.objects.first().fields == ["title"]
    assert find(school, None, "quiet") == [entry]
    assert find(school, None, "okafor") == []


def test_a_review_date_that_has_passed_is_not_published(school, edsger):
    late = complete(review_due=timezone.localdate() - timedelta(days=2))
    entry = actions.add_entry(school, None, late, by=edsger.user)
    with pytest.raises(NotPossible, match="review date has passed"):
        actions.publish_entry(entry, by=edsger.user)


def test_an_expired_entry_drops_out_and_its_owner_is_told_once(school, publish, edsger):
    entry = publish()
    later = timezone.now() + timedelta(days=101)
    assert actions.tell_owners() == 0
    assert list(Entry.objects.current(later.date())) == []
    assert actions.tell_owners(later) == 1
    assert actions.tell_owners(later) == 0
    (letter,) = mail.outbox
    assert letter.to == [edsger.user.email]
    assert entry.title in letter.subject


def test_an_expired_entry_is_not_found(school, publish):
    entry = publish()
    Entry.objects.update(review_due=timezone.localdate() - timedelta(days=2))
    assert find(school, None, "counsellor") == []
    assert not Place(school).shelf().filter(pk=entry.pk).exists()


def test_a_letter_that_cannot_be_sent_is_tried_again(school, publish, monkeypatch):
    publish()
    later = timezone.now() + timedelta(days=101)

    def away(*args, **kwargs):
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(actions, "send_mail", away)
        assert actions.tell_owners(later) == 0
    assert actions.tell_owners(later) == 1


def test_withdrawing_hides_and_removing_keeps_the_history(school, publish, edsger):
    entry = publish()
    actions.withdraw_entry(entry, by=edsger.user)
    assert not Place(school).shelf().exists()
    assert find(school, None, "counsellor") == []
    actions.remove_entry(entry, by=edsger.user)
    assert [change.verb for change in Change.objects.all()] == ["removed", "withdrawn", "published"]
    assert {change.title for change in Change.objects.all()} == {"Ms Okafor, counsellor"}


def test_totals_are_shown_from_five_answers_on(publish):
    entry = publish()
    for helped in (True, True, False, True):
        actions.rate(entry, helped=helped)
    entry.refresh_from_db()
    assert entry.answers is None
    actions.rate(entry, helped=True)
    entry.refresh_from_db()
    assert (entry.helped, entry.answers) == (4, 5)


@pytest.mark.parametrize("part", ["what", "owner", "backup", "hours", "limit"])
def test_a_pathway_with_a_gap_is_not_published_and_nothing_is_kept(part, school, publish_pathway):
    with pytest.raises(NotPossible, match="step 2"):
        publish_pathway(steps=[step(), step(**{part: ""})])
    assert not school.pathways.exists()
    publish_pathway(steps=[step(**{part: ""})], publish=False)
    assert not Place(school).pathways().exists()


def test_the_backup_of_a_step_is_somebody_else(publish_pathway):
    with pytest.raises(NotPossible, match="somebody else"):
        publish_pathway(steps=[step(backup="ms  OKAFOR")])


def test_a_published_pathway_cannot_lose_its_steps(school, publish_pathway, edsger):
    pathway = publish_pathway()
    values = {"kind": "wellbeing", "title": "Talk", "use": "I feel bad."}
    with pytest.raises(NotPossible, match="at least one step"):
        actions.save_pathway(school, pathway, values, [], by=edsger.user, publish=False)
    assert pathway.steps.count() == 1
    steps = [step(), step(owner="Mr Brand", backup="Ms Lee")]
    changed = actions.save_pathway(school, pathway, values, steps, by=edsger.user, publish=False)
    assert (changed.version, changed.steps.count()) == (2, 2)
    assert find(school, None, "talk") == [changed]


def test_a_schools_contacts_replace_the_servers_own(school, edsger):
    general = Contact.objects.create(country="Anywhere", name="Line", number="112", hours="always")
    assert list(Place(school).contacts()) == [general]
    values = {"country": "Freedonia", "name": "Youth line", "number": "116 111", "hours": "always"}
    own = actions.save_contact(school, None, values, by=edsger.user)
    assert list(Place(school).contacts()) == [own]
    assert list(Place().contacts()) == [general]
    actions.remove_contact(own, by=edsger.user)
    assert list(Place(school).contacts()) == [general]


def test_a_school_can_write_the_message_of_a_month(school, edsger):
    march = date(2027, 3, 14)
    assert message_of(school, march) == str(BUILT_IN[2])
    actions.set_message(school, month=march, text="Ask us.", by=edsger.user)
    assert message_of(school, march) == "Ask us."
    assert message_of(school, date(2027, 4, 1)) == str(BUILT_IN[3])
    actions.set_message(school, month=march, text="", by=edsger.user)
    assert message_of(school, march) == str(BUILT_IN[2])


def test_the_made_up_school_has_thirty_entries_however_often_it_is_made(school, edsger):
    for _time in range(2):
        add_resources(school)
        assert Place(school).shelf().count() == 30
        assert Place(school).pathways().count() == 6
        assert Place(school).contacts().count() == 2
