"""What people type at the door: a code, a name, a new class. Manage pages have their own."""

import zoneinfo

from django import forms
from django.conf import settings
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classrooms.codes import normalise_code
from classrooms.models import Classroom, School
from classrooms.text import clean_line, clean_name


class CodeForm(forms.Form):
    """``code`` comes back as the eight signs, or None where there cannot be one in it.

    A code that is not well formed is answered like one that opens nothing.
    """

    code = forms.CharField(
        label=gettext_lazy("Class code"),
        error_messages={"required": gettext_lazy("Please type the code of your class.")},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "class": "field__code",
                "dir": "ltr",
            }
        ),
    )

    def clean_code(self) -> str | None:
        return normalise_code(self.cleaned_data["code"])


class JoinForm(forms.Form):
    """A name, and a PIN where the class uses one."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        error_messages={"required": gettext_lazy("Please write your name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "dir": "auto"}),
    )
    pin = forms.CharField(
        label=gettext_lazy("Your PIN"),
        error_messages={"required": gettext_lazy("Please type your PIN.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "dir": "ltr"}),
    )

    def __init__(self, *args, classroom: Classroom, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if classroom.join_by == Classroom.JoinBy.ROSTER:
            self.fields["name"].help_text = _("As it stands on your teacher's list.")
        if classroom.pin_mode in (Classroom.PinMode.NONE, Classroom.PinMode.PICTURES):
            del self.fields["pin"]
        elif classroom.pin_mode == Classroom.PinMode.CLASS:
            self.fields["pin"].label = _("PIN of the class")

    def clean_name(self) -> str:
        return clean_name(self.cleaned_data["name"])


def _time_zones() -> list[str]:
    """Zones a school can be in: places, not abbreviations."""
    places = (zone for zone in zoneinfo.available_timezones() if "/" in zone)
    return sorted({"UTC", *(zone for zone in places if not zone.startswith(("Etc/", "SystemV/")))})


def _time_zone_choices() -> list[tuple[str, str]]:
    return [(zone, zone.replace("_", " ")) for zone in _time_zones()]


class ClassNameForm(forms.Form):
    """The name of a new class."""

    name = forms.CharField(
        label=gettext_lazy("Name of the class"),
        error_messages={"required": gettext_lazy("Please give the class a name.")},
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        name = clean_line(self.cleaned_data["name"], limit=60)
        if not name:
            raise forms.ValidationError(_("Please give the class a name."))
        return name


class SchoolForm(forms.ModelForm):
    """A school's name, and the clock its lessons go by."""

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), choices=lazy(_time_zone_choices, list)()
    )

    class Meta:
        model = School
        fields = ["name", "time_zone"]
        widgets = {"name": forms.TextInput(attrs={"dir": "auto"})}

    def clean_name(self) -> str:
        name = clean_line(self.cleaned_data["name"], limit=80)
        if not name:
            raise forms.ValidationError(_("Please write the name of the school."))
        return name


class StartForm(ClassNameForm):
    """A new class, and the school where the teacher has none yet."""

    school_name = forms.CharField(
        label=gettext_lazy("Your school"),
        required=False,
        help_text=gettext_lazy("Only if you like. You can change it later."),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "organization"}),
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), choices=lazy(_time_zone_choices, list)()
    )

    def __init__(self, *args, has_school: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("time_zone", settings.TIME_ZONE)
        if has_school:
            del self.fields["school_name"], self.fields["time_zone"]

    def clean_school_name(self) -> str:
        return clean_line(self.cleaned_data["school_name"], limit=80)
