"""What people write about a resource, a pathway, a contact or a month.

Texts come back clean, or with one sentence that helps. Gaps are welcome in a draft;
what a published one needs is checked where it is published (``resources.actions``).
"""

import re
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classrooms.manage_forms import LineField
from classrooms.text import clean_line
from resources import hours
from resources.actions import STEPS_AT_MOST
from resources.models import Cost, Kind, Limit, Pathway, Topic, Where

LANGUAGES_AT_MOST, LANGUAGE_LENGTH = 12, 40
#: Years.
READING_AGES = range(5, 19)
#: A review lasts this long unless somebody says otherwise, and never longer than the latter.
REVIEW_LASTS, REVIEW_AT_MOST = timedelta(days=365), timedelta(days=3 * 366)
_CHOOSE = {"invalid_choice": gettext_lazy("Please choose one of these.")}
_LIST = re.compile(r"[,;،、\n]")


class HoursField(LineField):
    """Hours in the form that is stored (``resources.hours``)."""

    def __init__(self, **kwargs) -> None:
        kwargs.setdefault("label", gettext_lazy("Hours"))
        kwargs.setdefault(
            "help_text",
            gettext_lazy("Such as Mon-Fri 08:30-15:30; Sat 10-12. Or: always. Or: by arrangement."),
        )
        super().__init__(limit=400, **kwargs)

    def to_python(self, value: str | None) -> str:
        return hours.tidy(super().to_python(value))


class LanguagesField(forms.CharField):
    """Names of languages, as a list, from one line with commas."""

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        names = [clean_line(name, limit=LANGUAGE_LENGTH) for name in _LIST.split(value or "")]
        names = list(dict.fromkeys(name for name in names if name))
        if len(names) > LANGUAGES_AT_MOST:
            raise ValidationError(
                _("Please name at most %(most)d languages.") % {"most": LANGUAGES_AT_MOST}
            )
        return names

    def prepare_value(self, value: Any) -> str:
        return ", ".join(value) if isinstance(value, list) else value


class LinkField(LineField):
    """An http or https address without a name and password in it."""

    def __init__(self, **kwargs) -> None:
        # No type=url: the browser would refuse example.org, which becomes https://example.org here.
        kwargs.setdefault("widget", forms.TextInput(attrs={"dir": "ltr", "inputmode": "url"}))
        super().__init__(limit=500, **kwargs)

    def to_python(self, value: str | None) -> str:
        link = super().to_python(value)
        if link and not re.match(r"[a-z][a-z0-9+.-]*:(?!\d)", link, re.IGNORECASE):
            link = f"https://{link}"
        return link

    def validate(self, value: str) -> None:
        super().validate(value)
        if not value:
            return
        try:
            URLValidator(schemes=["http", "https"])(value)
        except ValidationError:
            raise ValidationError(
                _("Please give a web address that starts with https:// or http://.")
            ) from None
        if "@" in value.split("/")[2]:
            raise ValidationError(_("Please give the web address without a name before the “@”."))


class EntryForm(forms.Form):
    """One entry of the directory; only its name is needed for a draft."""

    title = LineField(
        label=gettext_lazy("Name"),
        limit=80,
        error_messages={"required": gettext_lazy("Please give it a name.")},
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of help"),
        choices=Kind,
        required=False,
        widget=forms.RadioSelect,
        error_messages=_CHOOSE,
    )
    use = LineField(
        label=gettext_lazy("What it is good for"),
        help_text=gettext_lazy("Begin with: Use this to …"),
        limit=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    audience = LineField(
        label=gettext_lazy("Who it is for"),
        help_text=gettext_lazy("Such as: everybody, Year 7 to 9, families."),
        limit=120,
        required=False,
    )
    topics = forms.MultipleChoiceField(
        label=gettext_lazy("Topics"),
        choices=Topic,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages=_CHOOSE,
    )
    languages = LanguagesField(
        label=gettext_lazy("Languages"),
        help_text=gettext_lazy("With commas: English, Polski, Türkçe."),
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    cost = forms.ChoiceField(
        label=gettext_lazy("Cost"),
        choices=Cost,
        required=False,
        widget=forms.RadioSelect,
        error_messages=_CHOOSE,
    )
    hours = HoursField(required=False)
    where = forms.ChoiceField(
        label=gettext_lazy("In person or online"),
        choices=Where,
        required=False,
        widget=forms.RadioSelect,
        error_messages=_CHOOSE,
    )
    place = LineField(
        label=gettext_lazy("Place"),
        help_text=gettext_lazy("Such as Room 12, or the name of the website."),
        limit=160,
        required=False,
    )
    contact = LineField(
        label=gettext_lazy("Contact"),
        help_text=gettext_lazy("A phone number, an e-mail address, or: come in."),
        limit=160,
        required=False,
    )
    link = LinkField(
        label=gettext_lazy("Web address"), help_text=gettext_lazy("If it has one."), required=False
    )
    bring = LineField(
        label=gettext_lazy("What to bring, how to get there"),
        help_text=gettext_lazy("If there is something to know."),
        limit=200,
        required=False,
    )
    reading_age = forms.IntegerField(
        label=gettext_lazy("Reading age"),
        help_text=gettext_lazy("From which age its words are easy: 5 to 18."),
        required=False,
        widget=forms.NumberInput(attrs={"min": READING_AGES[0], "max": READING_AGES[-1]}),
        error_messages={"invalid": gettext_lazy("Please give an age in years, such as 11.")},
    )
    author = LineField(label=gettext_lazy("Author"), limit=60, required=False)
    reviewed_by = LineField(label=gettext_lazy("Reviewed by"), limit=60, required=False)
    review_due = forms.DateField(
        label=gettext_lazy("Review date"),
        help_text=gettext_lazy("After this day students do not see it until somebody looks again."),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"],
        error_messages={"invalid": gettext_lazy("Please give a date such as 2027-07-31.")},
    )
    data_note = LineField(
        label=gettext_lazy("What they do with your data"),
        help_text=gettext_lazy("Such as: nothing is written down."),
        limit=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean_reading_age(self) -> int | None:
        age = self.cleaned_data["reading_age"]
        if age is not None and age not in READING_AGES:
            raise ValidationError(_("Please give an age from 5 to 18."))
        return age

    def clean_review_due(self) -> date | None:
        due = self.cleaned_data["review_due"]
        if due is not None and due > timezone.localdate() + REVIEW_AT_MOST:
            raise ValidationError(_("Please choose a review date within three years."))
        return due


class FilterForm(forms.Form):
    """What to show of the directory; what makes no sense is left out of account."""

    topic = forms.ChoiceField(
        label=gettext_lazy("Topic"), choices=[("", gettext_lazy("All topics")), *Topic.choices]
    )
    cost = forms.ChoiceField(
        label=gettext_lazy("Cost"),
        choices=[("", gettext_lazy("Any cost")), ("free", gettext_lazy("Free only"))],
    )
    where = forms.ChoiceField(
        label=gettext_lazy("Where"),
        choices=[
            ("", gettext_lazy("Anywhere")),
            (Where.IN_PERSON, Where.IN_PERSON.label),
            (Where.ONLINE, Where.ONLINE.label),
        ],
    )
    open = forms.BooleanField(label=gettext_lazy("Open now"))

    def __init__(self, *args, languages: list[str], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        names = [(name, name) for name in languages]
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"), choices=[("", _("Any language")), *names]
        )
        for field in self.fields.values():
            field.required = False

    def wanted(self) -> dict[str, Any]:
        """The filters that were set and make sense."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class PathwayForm(forms.Form):
    """What a pathway is for; its steps are StepForms."""

    kind = forms.ChoiceField(
        label=gettext_lazy("About"), choices=Pathway.Kind, error_messages=_CHOOSE
    )
    title = LineField(
        label=gettext_lazy("Name"),
        limit=80,
        error_messages={"required": gettext_lazy("Please give it a name.")},
    )
    use = LineField(
        label=gettext_lazy("When to use it"),
        help_text=gettext_lazy("In the words of a student: I am stuck, I feel bad, …"),
        limit=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class StepForm(forms.Form):
    """One step; all of it empty means there is none."""

    what = LineField(
        label=gettext_lazy("What happens"),
        limit=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    owner = LineField(
        label=gettext_lazy("Who does it"),
        help_text=gettext_lazy("The name that students know."),
        limit=60,
        required=False,
    )
    backup = LineField(
        label=gettext_lazy("Who steps in when they are away"), limit=60, required=False
    )
    hours = HoursField(required=False)
    limit = forms.ChoiceField(
        label=gettext_lazy("Within"),
        choices=[("", gettext_lazy("Please choose")), *Limit.choices],
        required=False,
        error_messages=_CHOOSE,
    )
    contact = LineField(
        label=gettext_lazy("Where to find them"),
        help_text=gettext_lazy("If there is a room or a number."),
        limit=160,
        required=False,
    )


class _Steps(forms.BaseFormSet):
    def filled(self) -> list[dict[str, Any]]:
        """The steps that say something, in order."""
        return [form.cleaned_data for form in self.forms if any(form.cleaned_data.values())]


StepFormSet = forms.formset_factory(
    StepForm,
    formset=_Steps,
    extra=0,
    min_num=STEPS_AT_MOST,
    max_num=STEPS_AT_MOST,
    absolute_max=STEPS_AT_MOST,
)


class ContactForm(forms.Form):
    """Whom to call in a crisis."""

    country = LineField(
        label=gettext_lazy("Country"),
        limit=60,
        error_messages={"required": gettext_lazy("Please say in which country it works.")},
    )
    name = LineField(
        label=gettext_lazy("Who answers"),
        limit=80,
        error_messages={"required": gettext_lazy("Please say who answers.")},
    )
    number = LineField(
        label=gettext_lazy("Phone number"),
        limit=40,
        error_messages={"required": gettext_lazy("Please give a phone number.")},
        widget=forms.TextInput(attrs={"inputmode": "tel", "dir": "ltr"}),
    )
    hours = HoursField(
        error_messages={"required": gettext_lazy("Please say when somebody answers.")}
    )
    note = LineField(
        label=gettext_lazy("When to call"),
        help_text=gettext_lazy("Such as: when you or somebody else is in danger."),
        limit=160,
        required=False,
    )

    def clean_number(self) -> str:
        number = self.cleaned_data["number"]
        if not re.fullmatch(r"[+*#]?[\d ()/.*#-]{1,39}", number) or not re.search(r"\d", number):
            raise ValidationError(_("Please give a phone number, such as 116 111."))
        return number


class MessageForm(forms.Form):
    """The school's own words for one month."""

    text = LineField(label=gettext_lazy("Message"), limit=160, required=False)


class SignForm(forms.Form):
    """How a sign is to look."""

    SIZES = (
        ("a4", gettext_lazy("A4 for a door")),
        ("a3", gettext_lazy("A3 for a wall")),
        ("card", gettext_lazy("Cards for desks, four on a sheet")),
    )
    #: Side by side on one sheet; a card has room for two.
    LANGUAGES_AT_MOST = 3

    size = forms.ChoiceField(
        label=gettext_lazy("Size"), choices=SIZES, required=False, widget=forms.RadioSelect
    )

    def __init__(self, *args, languages: list[tuple[str, str]], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["languages"] = forms.MultipleChoiceField(
            label=_("Languages"),
            choices=languages,
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )

    def wanted(self, language: str) -> tuple[str, list[str]]:
        """``(size, language codes)``; ``language`` where none was chosen."""
        self.is_valid()
        codes = self.cleaned_data.get("languages") or [language]
        size = self.cleaned_data.get("size") or "a4"
        return size, codes[: 2 if size == "card" else self.LANGUAGES_AT_MOST]
