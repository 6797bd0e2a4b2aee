"""What a school's admins may write into the rules for check-ins."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from checkins import gate
from checkins.care import Carer
from checkins.forms import PICK
from checkins.models import SchoolRules
from classrooms.text import clean_line
from resources import hours


class RulesForm(forms.ModelForm):
    """All but the days may stay empty; what is missing keeps questions about well-being closed."""

    class Meta:
        model = SchoolRules
        fields = ["keep_days", "consent", "hours"]
        help_texts = {
            "keep_days": gettext_lazy(
                "Then single answers are deleted; totals of five or more stay."
            ),
            "hours": gettext_lazy("Write them like this: Mon-Fri 08:30-15:30"),
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hours"].widget.attrs["dir"] = "auto"
        consent = [("", _("Not decided yet")), *SchoolRules.Consent.choices]
        self.fields["consent"] = forms.ChoiceField(
            label=self.fields["consent"].label, choices=consent, required=False, error_messages=PICK
        )
        asked = Carer.objects.filter(school=self.instance.school)
        known = {each.part: each.user_id for each in asked}
        self.people = {str(user.pk): user for user in gate.people_of(self.instance.school)}
        choices = [
            ("", _("Nobody yet")),
            *((pk, f"{user} · {user.email}") for pk, user in self.people.items()),
        ]
        for part, label in (
            (Carer.Part.OWNER, _("Who looks after it")),
            (Carer.Part.BACKUP, _("Who stands in")),
        ):
            self.fields[part.value] = forms.ChoiceField(
                label=label,
                choices=choices,
                required=False,
                error_messages={"invalid_choice": _("Please choose somebody of your school.")},
                initial=str(known.get(part.value, "")),
            )

    def clean_keep_days(self) -> int:
        if not 1 <= self.cleaned_data["keep_days"] <= 365:
            raise ValidationError(_("Choose 1 to 365 days."))
        return self.cleaned_data["keep_days"]

    def clean_hours(self) -> str:
        stored = hours.tidy(clean_line(self.cleaned_data["hours"], limit=120))
        if stored and not gate.says_when(stored):
            raise ValidationError(
                _("Please write when somebody looks, such as Mon-Fri 08:30-15:30.")
            )
        return stored

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("owner") and data.get("owner") == data.get("backup"):
            self.add_error("backup", _("Somebody else should stand in."))
        return data

    @property
    def changed_rules(self) -> list[str]:
        """Names of the fields that the rules themselves keep and that were changed."""
        return [name for name in self.changed_data if name in self.Meta.fields]

    @property
    def chosen(self) -> dict[Carer.Part, User | None]:
        """Who is asked to look after it, and to stand in."""
        return {part: self.people.get(self.cleaned_data[part.value]) for part in Carer.Part}
