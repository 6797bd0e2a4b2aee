"""What well-formed input is: replies, self-written check-ins, times and settings."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from checkins.actions import Plan
from checkins.models import Settings, Visibility
from checkins.questions import (
    ANSWER_LENGTH,
    BUILDER_KINDS,
    IN_REPLY,
    OPTION_LENGTH,
    OPTIONS,
    QUESTIONS_AT_MOST,
    STEPS,
    TEXT_LENGTH,
    InTheWay,
    Kind,
    Question,
    Soon,
    options_of,
    scale,
)
from checkins.replies import Given
from checkins.when import Clock, Planned, planned
from classrooms.models import HELPING, Classroom, Membership, Task
from classrooms.text import clean_line, clean_text

PICK = {"invalid_choice": gettext_lazy("Please choose one of the answers.")}
#: Seconds that a help moment can take.
MOMENT_SECONDS = (30, 60, 90, 120, 180)


class ReplyForm(forms.Form):
    """One field for each question, every one optional; ``given`` is what was sent.

    ``asks_reasons``: what got in the way is counted once, and is not asked where it would not be.
    """

    edit_key = forms.CharField(max_length=40, widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args,
        classroom: Classroom,
        questions: list[Question],
        asks_reasons: bool = True,
        is_named: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.questions = questions
        self.is_named = is_named
        self.tasks = list(Task.objects.filter(classroom=classroom, archived_at=None))
        present = classroom.memberships.present().staff().by_name()
        self.adults = [member for member in present if member.can_help]
        for number, question in enumerate(questions):
            if question["kind"] == Kind.REASONS and not asks_reasons:
                continue
            if question["kind"] == Kind.HELP and not self.tasks:
                continue
            self.fields[f"q{number}"] = self._field(question)
            if question["kind"] == Kind.CONTACT:
                self.fields["adult"] = _pick(
                    _("Who?"), [(str(adult.pk), adult.name) for adult in self.adults]
                )

    def _field(self, question: Question) -> forms.Field:
        kind, text = question["kind"], question["text"]
        numbered = [(str(step), option) for step, option in enumerate(options_of(question))]
        if kind in (Kind.SINGLE, Kind.SCALE):
            return _pick(text, numbered)
        if kind == Kind.SEVERAL:
            return forms.MultipleChoiceField(
                label=text,
                choices=numbered,
                required=False,
                widget=forms.CheckboxSelectMultiple,
                error_messages=PICK,
            )
        if kind == Kind.HELP:
            return _pick(text, [(str(task.pk), task.title) for task in self.tasks])
        if kind == Kind.CONTACT:
            return _pick(text, [("", _("No thanks")), *_worded(Soon)])
        if kind == Kind.REASONS:
            return _pick(text, _worded(InTheWay))
        return forms.CharField(
            label=text,
            required=False,
            widget=forms.Textarea(attrs={"rows": 2, "maxlength": ANSWER_LENGTH, "dir": "auto"}),
        )

    def clean(self) -> dict[str, Any]:
        for number, question in enumerate(self.questions):
            name = f"q{number}"
            if question["kind"] in (Kind.TEXT, Kind.NOTE) and self.cleaned_data.get(name):
                try:
                    text = clean_text(self.cleaned_data[name], limit=ANSWER_LENGTH)
                except ValidationError as error:
                    self.add_error(name, error)
                else:
                    self.cleaned_data[name] = text
        if self._given(Kind.CONTACT) and not self.cleaned_data.get("adult"):
            if len(self.adults) == 1:
                self.cleaned_data["adult"] = str(self.adults[0].pk)
            elif "adult" not in self.errors:
                self.add_error("adult", _("Please choose who should check in with you."))
        return self.cleaned_data

    def _given(self, kind: Kind) -> str:
        """The answer to the (one) question of this kind, or nothing."""
        for number, question in enumerate(self.questions):
            if question["kind"] == kind:
                return self.cleaned_data.get(f"q{number}") or ""
        return ""

    @property
    def given(self) -> Given:
        task, adult = self._given(Kind.HELP), self.cleaned_data.get("adult")
        soon = self._given(Kind.CONTACT)
        return Given(
            answers=self._answers(),
            task=next((each for each in self.tasks if str(each.pk) == task), None),
            soon=soon,
            adult=next((each for each in self.adults if soon and str(each.pk) == adult), None),
            reason=self._given(Kind.REASONS),
            note=self._given(Kind.NOTE),
        )

    def _answers(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for number, question in enumerate(self.questions):
            value = self.cleaned_data.get(f"q{number}")
            if value in (None, "", []):
                continue
            if question["kind"] in (Kind.SINGLE, Kind.SCALE):
                found[str(number)] = int(value)
            elif question["kind"] == Kind.SEVERAL:
                found[str(number)] = sorted(int(each) for each in value)
            elif question["kind"] == Kind.TEXT:
                found[str(number)] = value
        return found

    @property
    def who_sees(self) -> str:
        """Who sees the answers, where it is the same for all of them: "named" or "totals"."""
        kinds = {question["kind"] for question, _field in self.asked()}
        if kinds <= IN_REPLY:
            return "named" if self.is_named else "totals"
        return "named" if self.is_named and kinds <= IN_REPLY | {Kind.HELP} else ""

    def asked(self) -> Iterator[tuple[Question, BoundField]]:
        """Each question that is asked now with its field."""
        for number, question in enumerate(self.questions):
            if f"q{number}" in self.fields:
                yield question, self[f"q{number}"]


def _worded(choices: type[TextChoices]) -> list[tuple[str, str]]:
    return [(each.value, str(each.label)) for each in choices]


def _pick(label: str, choices: list[tuple[str, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=choices,
        required=False,
        widget=forms.RadioSelect,
        error_messages=PICK,
    )


class WishForm(forms.Form):
    """The wish for an adult, on its own: when, and which adult of the class."""

    def __init__(self, *args, classroom: Classroom, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        present = classroom.memberships.present().staff().by_name()
        self.adults = [member for member in present if member.can_help]
        self.fields["soon"] = _pick(_("When?"), _worded(Soon))
        self.fields["adult"] = _pick(
            _("Who?"), [(str(adult.pk), adult.name) for adult in self.adults]
        )
        if len(self.adults) == 1:
            self.fields["adult"].initial = str(self.adults[0].pk)

    def clean_soon(self) -> str:
        if not self.cleaned_data["soon"]:
            raise ValidationError(_("Please choose when."))
        return self.cleaned_data["soon"]

    def clean_adult(self) -> Membership:
        for adult in self.adults:
            if str(adult.pk) == self.cleaned_data["adult"]:
                return adult
        raise ValidationError(_("Please choose who should check in with you."))


class TemplateForm(forms.Form):
    """The head of a check-in that a class writes itself."""

    title = forms.CharField(
        label=gettext_lazy("Name of the check-in"),
        error_messages={"required": gettext_lazy("Please give it a name.")},
        widget=forms.TextInput(attrs={"dir": "auto", "maxlength": 60}),
    )
    visibility = forms.ChoiceField(
        label=gettext_lazy("Who sees what"),
        choices=Visibility.choices,
        initial=Visibility.TOTALS,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Please choose: totals only, or with names."),
            **PICK,
        },
    )

    def clean_title(self) -> str:
        return clean_line(self.cleaned_data["title"], limit=60)


class QuestionForm(forms.Form):
    """One question of a check-in that a class writes itself; left empty it is not there."""

    text = forms.CharField(
        label=gettext_lazy("The question"),
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "maxlength": TEXT_LENGTH}),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("How it is answered"),
        choices=[(kind.value, kind.label) for kind in BUILDER_KINDS],
        initial=Kind.SINGLE,
        error_messages=PICK,
    )
    options = forms.CharField(
        label=gettext_lazy("The answers to choose from, one in each line"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )
    steps = forms.IntegerField(
        label=gettext_lazy("Steps of the scale"),
        required=False,
        initial=5,
        widget=forms.NumberInput(attrs={"min": STEPS[0], "max": STEPS[1], "inputmode": "numeric"}),
        error_messages={"invalid": gettext_lazy("Write a number from 2 to 10.")},
    )
    low = forms.CharField(
        label=gettext_lazy("What the lowest step means"),
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "maxlength": OPTION_LENGTH}),
    )
    high = forms.CharField(
        label=gettext_lazy("What the highest step means"),
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "maxlength": OPTION_LENGTH}),
    )

    def __init__(self, *args, **kwargs) -> None:
        kwargs.setdefault("use_required_attribute", False)
        super().__init__(*args, **kwargs)

    def clean_text(self) -> str:
        return clean_line(self.cleaned_data["text"], limit=TEXT_LENGTH)

    def clean_low(self) -> str:
        return clean_line(self.cleaned_data["low"], limit=OPTION_LENGTH)

    def clean_high(self) -> str:
        return clean_line(self.cleaned_data["high"], limit=OPTION_LENGTH)

    def clean_options(self) -> list[str]:
        lines = self.cleaned_data["options"].splitlines()[: OPTIONS[1] * 20]
        return [line for line in (clean_line(each, limit=OPTION_LENGTH) for each in lines) if line]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        options, kind = data.get("options", []), data.get("kind")
        if not data.get("text"):
            if options and "text" not in self.errors:
                self.add_error("text", _("Please write the question for these answers."))
        elif kind in (Kind.SINGLE, Kind.SEVERAL) and "options" not in self.errors:
            self._check_options(options)
        elif kind == Kind.SCALE and "steps" not in self.errors:
            steps = data.get("steps")
            if steps is None or not STEPS[0] <= steps <= STEPS[1]:
                self.add_error("steps", _("A scale has 2 to 10 steps."))
        return data

    def _check_options(self, options: list[str]) -> None:
        least, most = OPTIONS
        if not least <= len(options) <= most:
            self.add_error(
                "options",
                _("Please give %(least)d to %(most)d answers to choose from; here are %(n)d.")
                % {"least": least, "most": most, "n": len(options)},
            )
        elif len({option.casefold() for option in options}) < len(options):
            self.add_error("options", _("Two of these answers are the same."))

    @property
    def is_there(self) -> bool:
        return bool(self.cleaned_data.get("text"))

    @property
    def question(self) -> Question:
        data = self.cleaned_data
        if data["kind"] == Kind.SCALE:
            return scale(data["text"], data["steps"], data["low"], data["high"])
        found: Question = {"kind": data["kind"], "text": data["text"]}
        if data["kind"] != Kind.TEXT:
            found["options"] = data["options"]
        return found


class Builder:
    """A check-in's head and its five places for questions, checked together."""

    def __init__(self, data=None) -> None:
        self.head = TemplateForm(data, prefix="head")
        self.questions = [
            QuestionForm(data, prefix=f"q{number}") for number in range(QUESTIONS_AT_MOST)
        ]
        self.problem = ""

    def is_valid(self) -> bool:
        # Every form says what to change, so all of them are looked at.
        unclear = [form for form in (self.head, *self.questions) if not form.is_valid()]
        forms_are_fine = not unclear
        there = [form for form in self.questions if form.is_valid() and form.is_there]
        if not there and forms_are_fine:
            self.problem = _("Please write at least one question.")
        for form in there:
            is_text = form.cleaned_data["kind"] == Kind.TEXT
            if is_text and self.head.cleaned_data.get("visibility") == Visibility.TOTALS:
                form.add_error(
                    "kind",
                    _("Words can tell who wrote them: a short text needs “With names”."),
                )
        return forms_are_fine and not self.problem and all(not form.errors for form in there)

    @property
    def plan(self) -> Plan:
        head = self.head.cleaned_data
        found = [form.question for form in self.questions if form.is_there]
        return Plan(head["title"], head["visibility"], found)


class WhenForm(forms.Form):
    """A day and a time on the school's clock, as the moment at which it will really happen."""

    day = forms.DateField(
        label=gettext_lazy("Day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": gettext_lazy("Please choose a day."),
            "invalid": gettext_lazy("Write a day such as 2027-03-01."),
        },
    )
    hour = forms.TimeField(
        label=gettext_lazy("Time"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={
            "required": gettext_lazy("Please choose a time."),
            "invalid": gettext_lazy("Write a time such as 10:45."),
        },
    )

    def __init__(self, *args, classroom: Classroom, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.zone = classroom.zone
        self.planned: Planned | None = None

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if "day" in data and "hour" in data:
            try:
                self.planned = planned(data["day"], data["hour"], self.zone)
            except OverflowError:
                self.add_error("day", _("Please choose a day within the next year."))
                return data
            self._check(self.planned.at)
        return data

    def _check(self, at: datetime) -> None:
        now = timezone.now()
        if at <= now:
            self.add_error(
                "hour",
                _("That time has passed. It is %(now)s in %(zone)s.")
                % {"now": _show(now, self.zone), "zone": self.zone.key},
            )
        elif (at - now).days > 365:
            self.add_error("day", _("Please choose a day within the next year."))

    @property
    def at(self) -> datetime:
        assert self.planned is not None
        return self.planned.at

    @property
    def what_happens(self) -> str:
        """One sentence with the moment in the school's time zone, and its clock change if any."""
        assert self.planned is not None
        words = {"at": _show(self.planned.at, self.zone), "zone": self.zone.key}
        if self.planned.clock == Clock.SKIPPED:
            return (
                _(
                    "It begins at %(at)s (%(zone)s): the clocks go forward then, and the time you"
                    " chose is left out."
                )
                % words
            )
        if self.planned.clock == Clock.TWICE:
            return (
                _(
                    "It begins at %(at)s (%(zone)s): the clocks go back then, and of the two times"
                    " it takes the first."
                )
                % words
            )
        return _("It begins at %(at)s (%(zone)s).") % words


def _show(moment: datetime, zone) -> str:
    return date_format(moment.astimezone(zone), "D j M Y, H:i")


class MomentForm(forms.Form):
    seconds = forms.TypedChoiceField(
        label=gettext_lazy("How long"),
        coerce=int,
        choices=[(n, gettext_lazy("%d seconds") % n) for n in MOMENT_SECONDS],
        initial=60,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("A help moment lasts 30 to 180 seconds."),
            "invalid_choice": gettext_lazy("A help moment lasts 30 to 180 seconds."),
        },
    )


class SettingsForm(forms.ModelForm):
    class Meta:
        model = Settings
        fields = ["nudge_after"]
        help_texts = {"nudge_after": gettext_lazy("0 turns the nudge off.")}

    def clean_nudge_after(self) -> int:
        if self.cleaned_data["nudge_after"] > 60:
            raise ValidationError(_("60 minutes at most."))
        return self.cleaned_data["nudge_after"]


class PassOnForm(forms.Form):
    """Another adult of the class, for a student whose adult has left."""

    adult = forms.ModelChoiceField(
        label=gettext_lazy("Another adult"),
        queryset=Membership.objects.none(),
        error_messages={
            "required": gettext_lazy("Please choose an adult of this class."),
            "invalid_choice": gettext_lazy("Please choose an adult of this class."),
        },
    )

    def __init__(self, *args, classroom: Classroom, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        helpers = classroom.memberships.present().filter(role__in=HELPING)
        adult = self.fields["adult"]
        assert isinstance(adult, forms.ModelChoiceField)
        adult.queryset = helpers.by_name()
