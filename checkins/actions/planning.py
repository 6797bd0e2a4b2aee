"""What a class, or a school for all of its classes, decides about check-ins beforehand."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from checkins import kernel, questions
from checkins.models import Change, Preset, SchoolRules, Settings, Template, Visibility
from checkins.questions import Kind, Question
from classrooms.actions import NotPossible
from classrooms.models import Classroom, School

TEMPLATES_AT_MOST = 40


@dataclass(frozen=True)
class Plan:
    """What a check-in is made from: a preset or a class's own template."""

    title: str
    visibility: str
    questions: list[Question]
    preset: str = ""

    def asks(self, kind: Kind) -> bool:
        return any(question["kind"] == kind for question in self.questions)


def settings_of(classroom: Classroom) -> Settings:
    """What the class chose; the defaults, not saved, if nobody has."""
    return Settings.objects.filter(classroom=classroom).first() or Settings(classroom=classroom)


def preset(name: str, visibility: str = Visibility.TOTALS) -> Plan:
    """A template of the product, in the active language."""
    chosen = Preset(name)
    if chosen != Preset.READY:
        visibility = Visibility.TOTALS
    return Plan(str(chosen.label), visibility, questions.PRESETS[chosen](), chosen)


def own(template: Template) -> Plan:
    return Plan(template.title, template.visibility, template.questions)


@transaction.atomic
def save_template(classroom: Classroom, plan: Plan, *, by: User | None) -> Template:
    """Keep a check-in that a class wrote itself."""
    return _save_template(classroom.school, classroom, plan, by)


@transaction.atomic
def save_school_template(school: School, plan: Plan, *, by: User | None) -> Template:
    """The same for all classes of a school."""
    return _save_template(school, None, plan, by)


def _save_template(
    school: School, classroom: Classroom | None, plan: Plan, by: User | None
) -> Template:
    known = Template.objects.filter(school=school, classroom=classroom)
    if known.count() >= TEMPLATES_AT_MOST:
        raise NotPossible(
            _("There is room for %(most)d check-ins of your own. Take one away first.")
            % {"most": TEMPLATES_AT_MOST}
        )
    kernel.record(Change.Verb.ADDED, plan.title, school=school, classroom=classroom, by=by)
    return known.create(
        school=school,
        classroom=classroom,
        title=plan.title,
        visibility=plan.visibility,
        questions=plan.questions,
    )


@transaction.atomic
def drop_template(template: Template, *, by: User | None) -> None:
    """Take a template away; check-ins made from it keep their own copy."""
    school, classroom = template.school, template.classroom
    kernel.record(Change.Verb.REMOVED, template.title, school=school, classroom=classroom, by=by)
    template.delete()


@transaction.atomic
def save_settings(chosen: Settings, *, fields: list[str], by: User | None) -> None:
    chosen.save()
    if fields:
        school, title = chosen.classroom.school, _("Settings for check-ins")
        classroom = chosen.classroom
        kernel.record(
            Change.Verb.CHANGED, title, school=school, classroom=classroom, by=by, fields=fields
        )


@transaction.atomic
def save_rules(rules: SchoolRules, *, fields: list[str], by: User | None) -> None:
    rules.save()
    if fields:
        title = _("Rules for check-ins")
        kernel.record(Change.Verb.CHANGED, title, school=rules.school, by=by, fields=fields)
