"""A class, a school or a member of staff is erased with everything, and nobody else is."""

import pytest
from django.urls import reverse

from accounts.models import User
from checkins.models import Change
from classrooms import actions as people
from classrooms import erasing
from classrooms.actions import NotPossible
from classrooms.models import Classroom, Membership, School
from resources import actions as resources
from resources.models import Entry
from tests.conftest import staff, student
from tests.records.test_leaving import busy_life, rows_about
from tests.resources.conftest import complete

pytestmark = pytest.mark.django_db


def test_a_class_goes_with_everybody_in_it_and_its_school_stays(room, grace, ada, school):
    other = people.add_classroom(school, name="Other", teacher=grace.user)
    busy_life(ada, grace)
    erasing.erase_classroom(room)
    assert rows_about(ada.pk, "Ada Lovelace", "canary-") == set()
    assert list(Classroom.objects.all()) == [other]
    assert User.objects.filter(pk=grace.user_id).exists()


def test_a_school_goes_and_another_one_stays(room, grace, ada, edsger, school):
    far = School.objects.create(name="Far School")
    away = Classroom.objects.create(school=far, name="Away", slug="away-33333", code="AWAYAWAY")
    both = staff(away, "both@example.org", "Both Schools", "teacher")
    Membership.objects.create(classroom=room, user=both.user, role="teacher", name="Both Schools")
    there = student(away, "Far Student")
    busy_life(ada, grace)
    erasing.erase_school(school)
    assert list(School.objects.all()) == [far]
    assert rows_about(ada.pk, "Ada Lovelace", "Grace Hopper", "Edsger", "canary-") == set()
    assert set(User.objects.values_list("email", flat=True)) == {"both@example.org"}
    assert Membership.objects.filter(pk=there.pk).exists()


def test_a_member_of_staff_goes_from_what_others_keep(room, grace, ada, school, alan):
    entry = resources.add_entry(
        school, None, complete(author=alan.name, contact=f"Ask {alan.name}"), by=alan.user
    )
    resources.publish_entry(entry, by=alan.user)
    busy_life(ada, alan)
    erasing.erase_staff(alan.user, school)
    entry.refresh_from_db()
    assert (entry.author, entry.contact) == ("somebody who has left", "Ask somebody who has left")
    assert entry.owner is None
    assert Entry.objects.filter(published_at__isnull=False).exists()
    assert rows_about(alan.pk, "Alan Turing", "alan@example.org") == set()
    assert not Change.objects.filter(by=alan.user_id).exists()
    assert Membership.objects.filter(pk=ada.pk).exists()


def test_the_only_admin_and_the_only_teacher_stay(grace, edsger, school):
    for user in (grace.user, edsger.user):
        with pytest.raises(NotPossible):
            erasing.erase_staff(user, school)
    assert User.objects.count() == 2


def test_the_page_says_when_a_class_put_away_is_erased(grace, browser_of, settings):
    page = browser_of(grace).get(reverse("classrooms:archive", args=[grace.classroom.slug]))
    assert f"Nothing is deleted for {settings.KEEP_CLASSES_DAYS} days." in page.text
