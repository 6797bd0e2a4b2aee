"""What teachers set up for coaching and students write for themselves.

Texts come back clean, or with one sentence that helps and the place that it is about.
"""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from classrooms.manage_forms import LineField
from classrooms.models import Classroom, Task
from classrooms.text import clean_line, clean_text
from coaching.actions import KINDS
from coaching.catalogue import GAP, GROUPS, QUESTIONS
from coaching.models import CLASS_CARD_LIMIT, LINE_LIMIT, NOTE_LIMIT
from coaching.rules import Rule
from requests_app.said import PRIVATE, Kind
from resources.forms import LinkField
from resources.models import Entry

#: Lines of one group: more would not be read by somebody who is stuck.
STARTERS_AT_MOST = 12
#: What looks like a gap: lines of underscores, also wide ones, with or without spaces between;
#: and what other programs write for a hole.
_LIKE_A_GAP = re.compile(r"[_\uff3f]+(?: [_\uff3f]+)*|\{+[^{}]*\}*|\}+|%\(\w*\)?\w?|%[a-zA-Z]\b")
#: A name of a program such as my_list is no gap.
_IN_A_NAME = re.compile(r"\w_\w")
_CHOOSE = {
    "invalid_choice": gettext_lazy("Please choose among these."),
    "invalid_list": gettext_lazy("Please choose among these."),
}


class CoachingForm(forms.Form):
    """What of the coaching is on: everything that is ticked."""

    is_on = forms.BooleanField(
        label=gettext_lazy("Small cards while students wait"), required=False
    )
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Kinds of help that students can choose"),
        choices=[*Kind.choices, (PRIVATE, gettext_lazy("Talk privately"))],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages=_CHOOSE,
    )
    rules = forms.MultipleChoiceField(
        label=gettext_lazy("What the cards do"),
        choices=Rule.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages=_CHOOSE,
    )
    pictures = forms.BooleanField(
        label=gettext_lazy("Six starters with pictures instead of sentences"), required=False
    )

    @staticmethod
    def values_of(coaching) -> dict[str, Any]:
        """The form's values for the settings of a class (``coaching.models.Coaching``)."""
        return {
            "is_on": coaching.is_on,
            "kinds": [kind for kind in KINDS if kind not in coaching.kinds_off],
            "rules": [rule for rule in Rule.values if rule not in coaching.rules_off],
            "pictures": coaching.pictures,
        }


# --- Starters ----------------------------------------------------------------


class StartersField(forms.CharField):
    """Sentences to finish, one on each line, as a list without blanks and repeats.

    Each line with a broken gap is told by its number, with the place marked.
    """

    def __init__(self, **kwargs) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 5, "dir": "auto"}))
        super().__init__(required=False, strip=False, **kwargs)

    def to_python(self, value: str | None) -> list[str]:  # type: ignore[override]
        lines, problems = [], []
        for number, typed in enumerate((value or "").splitlines(), start=1):
            try:
                lines.append(clean_line(typed, limit=LINE_LIMIT))
            except ValidationError as error:
                problems.append(_about_line(number, error.messages[0]))
                continue
            if broken_gaps(lines[-1]):
                problems.append(_about_line(number, _gap_sentence(), marked(lines[-1])))
        lines = list(dict.fromkeys(line for line in lines if line))
        if len(lines) > STARTERS_AT_MOST:
            most = _("Please keep at most %(most)d sentences here.") % {"most": STARTERS_AT_MOST}
            problems.append(most)
        if problems:
            raise ValidationError(problems)
        return lines

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


def broken_gaps(line: str) -> list[tuple[int, int]]:
    """Where ``line`` has something that looks like a gap and is not ``___``: (start, end)."""
    return [
        found.span()
        for found in _LIKE_A_GAP.finditer(line)
        if set(found[0].split()) != {GAP} and not _is_in_a_name(line, *found.span())
    ]


def _is_in_a_name(line: str, start: int, end: int) -> bool:
    return start > 0 and bool(_IN_A_NAME.fullmatch(line[start - 1 : end + 1]))


def marked(line: str) -> SafeString:
    """``line`` as HTML, with a mark around each broken gap."""
    parts, rest = [], 0
    for start, end in broken_gaps(line):
        parts.append(format_html("{}<mark>{}</mark>", line[rest:start], line[start:end]))
        rest = end
    return format_html("{}{}", format_html_join("", "{}", ((part,) for part in parts)), line[rest:])


def _gap_sentence() -> str:
    return _("A gap is three underscores, ___, and nothing else. Please mend what is marked:")


def _about_line(number: int, sentence: str, line: str = "") -> str:
    where = _("Line %(number)d: %(sentence)s") % {"number": number, "sentence": sentence}
    return format_html('{} <bdi class="marked">{}</bdi>', where, line) if line else where


class StartersForm(forms.Form):
    """All groups of starters of one language."""

    def __init__(self, *args, language: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for group, label in GROUPS.items():
            self.fields[group] = StartersField(label=label)
            self.fields[group].widget.attrs["lang"] = language


# --- The cards' questions ----------------------------------------------------

#: Card → what a teacher reads beside its question.
CARD_NAMES = {
    "task": gettext_lazy("The task"),
    "kind": gettext_lazy("The kind of help"),
    "carry_on": gettext_lazy("Carrying on meanwhile"),
    "tried": gettext_lazy("What was tried"),
    "text": gettext_lazy("A sentence to finish"),
    "R2": gettext_lazy("A first look, right at the start"),
    "R4": gettext_lazy("When the same task comes back soon"),
    "repair": gettext_lazy("After “not yet”"),
}


class QuestionsForm(forms.Form):
    """The question of every card in one language. An empty one is fine: it changes nothing."""

    def __init__(self, *args, language: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for card in QUESTIONS:
            self.fields[card] = LineField(label=CARD_NAMES[card], limit=LINE_LIMIT, required=False)
            self.fields[card].widget.attrs["lang"] = language


# --- The class card, notes, and a resource in a minute -----------------------


class TextField(forms.CharField):
    """A text with line breaks of at most ``limit`` code points."""

    def __init__(self, *, limit: int, rows: int, **kwargs) -> None:
        # The browser stops at the limit; the server says it in words (text is kept).
        attrs = {"rows": rows, "dir": "auto", "maxlength": limit}
        super().__init__(widget=forms.Textarea(attrs=attrs), strip=False, **kwargs)
        self.limit = limit

    def to_python(self, value: str | None) -> str:
        return clean_text(value or "", limit=self.limit)


class ClassCardForm(forms.Form):
    text = TextField(
        label=gettext_lazy("What your class reads"),
        limit=CLASS_CARD_LIMIT,
        rows=10,
        error_messages={"required": gettext_lazy("Please write at least one sentence.")},
    )


class NoteForm(forms.Form):
    text = TextField(
        label=gettext_lazy("What worked?"),
        limit=NOTE_LIMIT,
        rows=3,
        error_messages={"required": gettext_lazy("Please write a word or two.")},
    )


class _AboutForm(forms.Form):
    """What a suggestion is for: a task, a kind of help, or both."""

    task = forms.ModelChoiceField(
        label=gettext_lazy("With which task?"),
        queryset=Task.objects.none(),
        required=False,
        empty_label=gettext_lazy("Any task"),
        error_messages=_CHOOSE,
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("For which kind of help?"),
        choices=[("", pgettext_lazy("kind of help", "Any kind")), *Kind.choices],
        required=False,
        error_messages=_CHOOSE,
    )

    def __init__(self, *args, classroom: Classroom, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        tasks = Task.objects.filter(classroom=classroom, archived_at=None)
        self.fields["task"].queryset = tasks  # type: ignore[attr-defined]


class ResourceForm(_AboutForm):
    """A resource for the class in a minute."""

    title = LineField(
        label=gettext_lazy("Name"),
        limit=80,
        error_messages={"required": gettext_lazy("Please give it a name.")},
    )
    use = LineField(
        label=gettext_lazy("What to use it for"),
        help_text=gettext_lazy("Begin with: Use this to …"),
        limit=300,
        error_messages={"required": gettext_lazy("Please say what it is good for.")},
    )
    link = LinkField(
        label=gettext_lazy("Web address"),
        required=False,
        # Not type="url": a browser would refuse example.org, which we complete.
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "url"}),
    )
    place = LineField(
        label=gettext_lazy("Or where to find it"),
        help_text=gettext_lazy("Such as: the blue folder, page 42, Room 12."),
        limit=160,
        required=False,
    )
    field_order = ["title", "use", "link", "place", "task", "kind"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and not values.get("link") and not values.get("place"):
            self.add_error("link", _("Please give a web address, or say where to find it."))
        return values


class TieForm(_AboutForm):
    """An entry of the directory for waiting students."""

    entry = forms.ModelChoiceField(
        label=gettext_lazy("Which one?"),
        queryset=Entry.objects.none(),
        empty_label=gettext_lazy("Please choose"),
        error_messages=_CHOOSE | {"required": gettext_lazy("Please choose one first.")},
    )
    field_order = ["entry", "task", "kind"]

    def __init__(self, *args, shelf, classroom: Classroom, **kwargs) -> None:
        super().__init__(*args, classroom=classroom, **kwargs)
        self.fields["entry"].queryset = shelf  # type: ignore[attr-defined]
