"""Every field of every model is declared, and the page for people says the same."""

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model

from classrooms.models import Membership
from records import registry
from records.management.commands import describe_records

OURS = ("accounts", "checkins", "classrooms", "coaching", "requests_app", "resources")


def every_model():
    """Ours, and those of Django and allauth."""
    return apps.get_models(include_auto_created=True)


def test_each_field_of_each_model_is_declared():
    assert registry.undeclared(every_model()) == set()


def test_a_forgotten_field_is_found():
    """The walk itself: a model that nobody declared has all of its fields in the list."""
    declared = registry.all_records()
    try:
        registry._records[:] = [each for each in declared if "external_id" not in each.names]
        assert registry.undeclared(every_model()) == {
            "classrooms.Membership.email",
            "classrooms.Membership.external_id",
        }
    finally:
        registry._records[:] = declared


def test_what_is_declared_exists():
    for each in [*registry.all_records(), *registry.all_plain()]:
        names = {field.name for field in each.model._meta.get_fields()}
        fields = each.names if isinstance(each, registry.Record) else each.fields
        assert set(fields) <= names, each.model


def test_whatever_leads_to_a_person_is_personal():
    for plain in registry.all_plain():
        for name in plain.fields:
            to = plain.model._meta.get_field(name).related_model
            assert to not in (Membership, get_user_model()), (plain.model, name)


def test_models_of_ours_are_declared_field_by_field():
    """So that a new field has to be thought about."""
    for plain in registry.all_plain():
        every = {field.name for field in plain.model._meta.concrete_fields}
        if plain.model._meta.app_label in OURS:
            assert "id" not in plain.fields or "id" not in every, plain.model


def test_what_leads_from_a_row_to_a_person_can_be_asked(db):
    someone = registry.Person(members=(1,), account=1)
    for record in registry.all_records():
        assert list(record.rows_of(someone)) == []
        assert list(record.rows_of(registry.Person())) == []


def test_each_rule_with_a_setting_has_one_that_is_refused_when_wrong():
    for rule in registry.all_rules():
        if rule.days:
            assert getattr(settings, rule.days) > 0
            assert str(rule.kept_days) in rule.how_long


@pytest.mark.parametrize("word", ["begin", "end"])
def test_the_page_about_privacy_has_room_for_the_table(word):
    page = describe_records.privacy_page().read_text(encoding="utf-8")
    assert f"<!-- what is kept: {word} -->" in page


def test_the_page_about_privacy_says_what_is_declared():
    """``./run manage describe_records --write`` writes it anew."""
    page = describe_records.privacy_page().read_text(encoding="utf-8")
    written = page.partition(describe_records.BEGIN)[2].partition(describe_records.END)[0]
    assert written.strip() == describe_records.table()
