"""What well-formed input is; texts come back clean or with one sentence that helps."""

from datetime import datetime, timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from classrooms.models import Classroom, Membership
from classrooms.text import clean_line
from requests_app.models import Queue, Reason, Reflection
from requests_app.regions import LATER_MINUTES
from requests_app.said import Given, Manner, Thanks

HINT_LIMIT = 200
#: Minutes that a promised return can take (T6).
PAUSE_MINUTES = (2, 3, 5, 10, 15)


class RaiseForForm(forms.Form):
    """Staff raise a hand for a student who has no device or will not."""

    student = forms.ModelChoiceField(
        label=_("Raise a hand for"),
        queryset=Membership.objects.none(),
        empty_label=_("Choose a student"),
    )
    form_key = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args, classroom: Classroom, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        students = classroom.memberships.present().students().by_name()
        self.fields["student"].queryset = students  # type: ignore[attr-defined]


class PauseForm(forms.Form):
    minutes = forms.TypedChoiceField(
        label=_("Back in"),
        coerce=int,
        choices=[(n, _("%(n)s minutes") % {"n": n}) for n in PAUSE_MINUTES],
        initial=5,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose one of the times.")},
    )
    hint = forms.CharField(
        label=_("What to try (the student reads this)"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": HINT_LIMIT, "dir": "auto"}),
    )

    def clean_hint(self) -> str:
        return clean_line(self.cleaned_data["hint"], limit=HINT_LIMIT)


class LaterForm(forms.Form):
    minutes = forms.TypedChoiceField(
        label=_("Come back in"),
        coerce=int,
        choices=[(n, _("%(n)s minutes") % {"n": n}) for n in LATER_MINUTES],
        initial=10,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose one of the times.")},
    )

    @property
    def at(self) -> datetime:
        return timezone.now() + timedelta(minutes=self.cleaned_data["minutes"])


class ReasonForm(forms.Form):
    reason = forms.ChoiceField(choices=Reason.choices)


class MannerForm(forms.Form):
    """How the helper is asked to come; empty is as usual."""

    manner = forms.ChoiceField(choices=Manner.choices, required=False)


class ReflectForm(forms.Form):
    reflection = forms.ChoiceField(choices=Reflection.choices)


class GivenForm(forms.Form):
    """What a helper gave, and the student's next step; either alone is fine."""

    given = forms.ChoiceField(choices=Given.choices, required=False)
    next_step = forms.CharField(required=False)

    def clean_next_step(self) -> str:
        return clean_line(self.cleaned_data["next_step"], limit=HINT_LIMIT)


class ThanksForm(forms.Form):
    thanks = forms.ChoiceField(choices=Thanks.choices)


class OpenHelpForm(forms.Form):
    """Until a set time of today (the school's clock), or until somebody closes it."""

    closes_at = forms.TimeField(
        label=_("Close by itself at"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": _("Write a time such as 10:45, or leave it empty.")},
    )

    def clean_closes_at(self) -> datetime | None:
        """The next time the school's clock shows it; across midnight that is tomorrow."""
        wanted = self.cleaned_data["closes_at"]
        if wanted is None:
            return None
        now = timezone.localtime()
        at = now.replace(hour=wanted.hour, minute=wanted.minute, second=0, microsecond=0)
        return at if at > now else at + timedelta(days=1)


class OrderForm(forms.ModelForm):
    class Meta:
        model = Queue
        fields = ["rule"]
        widgets = {"rule": forms.RadioSelect}
