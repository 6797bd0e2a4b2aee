"""What the manage pages take; texts come back clean or with one sentence that helps."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classrooms import naming
from classrooms.models import Classroom
from classrooms.roster import RosterLine
from classrooms.text import NAME_LENGTH, clean_line, clean_name

TASK_LENGTH = 80
#: Digits.
PIN_LENGTHS = range(4, 9)
#: Seconds for which a preview of a roster can be added.
PREVIEW_LASTS = 60 * 60
_SALT = "classrooms.roster-preview"
_CHOOSE = {"invalid_choice": gettext_lazy("Please choose one of these.")}


class LineField(forms.CharField):
    """One line of at most ``limit`` code points, cleaned by ``clean_line`` or a kin of it."""

    def __init__(self, *, limit: int, cleaner: Callable[..., str] = clean_line, **kwargs) -> None:
        super().__init__(**kwargs)
        self.limit = limit
        self.cleaner = cleaner
        self.widget.attrs.setdefault("dir", "auto")
        self.widget.attrs.setdefault("autocomplete", "off")

    def to_python(self, value: str | None) -> str:
        return self.cleaner(value or "", limit=self.limit)


class NameForm(forms.Form):
    """Another name for somebody in the class."""

    name = LineField(label=gettext_lazy("Name"), limit=NAME_LENGTH, cleaner=clean_name)


class TaskForm(forms.Form):
    """Another title for a task."""

    title = LineField(
        label=gettext_lazy("Task"),
        limit=TASK_LENGTH,
        error_messages={"required": gettext_lazy("Please write what the task is.")},
    )


class TitlesField(forms.Field):
    """Titles of tasks, one on each line, as a list without blanks."""

    widget = forms.Textarea(attrs={"rows": 5, "dir": "auto"})

    def to_python(self, value: str | None) -> list[str]:
        lines = enumerate((value or "").splitlines(), start=1)
        return [title for number, line in lines if (title := _task_title(number, line))]


def _task_title(number: int, line: str) -> str:
    try:
        return clean_line(line, limit=TASK_LENGTH)
    except ValidationError as error:
        raise ValidationError(
            _("Line %(number)d: %(sentence)s") % {"number": number, "sentence": error.messages[0]}
        ) from None


class TasksForm(forms.Form):
    """New tasks for a class."""

    titles = TitlesField(
        label=gettext_lazy("Tasks, one per line"),
        error_messages={"required": gettext_lazy("Please write at least one task.")},
    )


class SettingsForm(forms.ModelForm):
    """How a class is called and how students come in."""

    name = LineField(label=gettext_lazy("Class name"), limit=NAME_LENGTH, cleaner=clean_name)
    pin = LineField(
        label=gettext_lazy("Class PIN"),
        help_text=gettext_lazy("4 to 8 digits. Leave it empty and we make one."),
        limit=NAME_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )

    class Meta:
        model = Classroom
        fields = ["name", "join_by", "pin_mode", "pin", "approval"]
        widgets = {"join_by": forms.RadioSelect, "pin_mode": forms.RadioSelect}
        error_messages = {"join_by": _CHOOSE, "pin_mode": _CHOOSE}

    def clean_pin(self) -> str:
        pin = self.cleaned_data["pin"].replace(" ", "")
        if pin and not (pin.isascii() and pin.isdigit() and len(pin) in PIN_LENGTHS):
            raise ValidationError(_("Please use 4 to 8 digits for the PIN, such as 2407."))
        return pin

    def join_by_choices(self) -> Iterator[tuple[forms.boundfield.BoundWidget, str]]:
        """``(radio, what it means)``"""
        means = {
            Classroom.JoinBy.NAME: _("Quickest. Anybody with the code can come in."),
            Classroom.JoinBy.ROSTER: _(
                "Only people on your list can come in. They type their name: "
                "the list is shown to nobody."
            ),
        }
        return zip(self["join_by"], means.values(), strict=True)

    def pin_mode_choices(self) -> Iterator[tuple[forms.boundfield.BoundWidget, str]]:
        """``(radio, what it means)``"""
        means = {
            Classroom.PinMode.NONE: _("The class code is enough."),
            Classroom.PinMode.CLASS: _("You read it out or write it on the board."),
            Classroom.PinMode.PERSONAL: _(
                "It shows that students are who they say. "
                "You find the PINs beside the names on the People page."
            ),
            Classroom.PinMode.PICTURES: _(
                "For those who cannot keep numbers: four taps when they come back. "
                "They choose their pictures the first time, or skip it."
            ),
        }
        return zip(self["pin_mode"], means.values(), strict=True)


class RosterPreview:
    """What adding a roster to a class would do, before anything is written."""

    def __init__(self, classroom: Classroom, lines: list[RosterLine]) -> None:
        self.classroom = classroom
        self.known = naming.known_keys(classroom)
        #: Names of those who help here: a student cannot have one unnoticed.
        self.helpers = naming.helper_keys(classroom)
        self.lines = [self._checked(line) for line in lines]

    @cached_property
    def rows(self) -> list[tuple[RosterLine, bool]]:
        """``(line, whether its name is in the class already)``"""
        return [
            (line, line.ok and bool(naming.keys_of(line.name) & self.known)) for line in self.lines
        ]

    def _checked(self, line: RosterLine) -> RosterLine:
        if not line.ok or not naming.keys_of(line.name) & self.helpers:
            return line
        problem = _("Somebody who helps in this class has this name. Please add a letter to it.")
        return replace(line, problem=problem)

    @cached_property
    def new(self) -> list[RosterLine]:
        return [line for line, is_known in self.rows if line.ok and not is_known]

    @property
    def problem_count(self) -> int:
        return sum(not line.ok for line in self.lines)

    @property
    def known_count(self) -> int:
        return sum(is_known for _line, is_known in self.rows)

    @cached_property
    def signed(self) -> str:
        """The new lines for a hidden field; nobody can change them on the way."""
        people = [[line.name, line.email, line.external_id] for line in self.new]
        kept = {"class": self.classroom.pk, "people": people}
        return signing.dumps(kept, salt=_SALT, compress=True)


class PreviewGone(Exception):
    """The signed lines of a preview cannot be used; ``text`` is them to paste again, if known."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.text = text


def previewed(signed: str, classroom: Classroom) -> list[RosterLine]:
    """The lines that ``RosterPreview.signed`` holds for this class; raises PreviewGone."""
    try:
        return _signed_lines(signed, classroom, max_age=PREVIEW_LASTS)
    except signing.SignatureExpired:
        raise PreviewGone(_as_text(_signed_lines(signed, classroom, max_age=None))) from None
    except signing.BadSignature:
        raise PreviewGone from None


def _signed_lines(signed: str, classroom: Classroom, max_age: int | None) -> list[RosterLine]:
    kept = signing.loads(signed, salt=_SALT, max_age=max_age)
    if kept["class"] != classroom.pk:
        raise PreviewGone
    return [
        RosterLine(number, name, name, email, external_id)
        for number, (name, email, external_id) in enumerate(kept["people"], start=1)
    ]


def _as_text(lines: list[RosterLine]) -> str:
    """The lines as cells copied from a table, which the roster page reads again."""
    people = (f"{line.name}\t{line.email}\t{line.external_id}" for line in lines)
    return "\n".join(["Name\tEmail\tID", *people])
