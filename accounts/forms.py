from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from classrooms.text import clean_name


class SignupExtra(forms.Form):
    """What sign-up asks beyond e-mail and password (allauth puts it into its own form)."""

    name = forms.CharField(
        label=_("Your name, as students know you"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ("name", "email", "password1")

    def clean_name(self) -> str:
        return clean_name(self.cleaned_data["name"])

    def signup(self, request, user) -> None:
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


class NameForm(forms.ModelForm):
    """How students see somebody."""

    class Meta:
        model = User
        fields = ("name",)
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"})}
        labels = {"name": _("Your name, as students know you")}

    def clean_name(self) -> str:
        return clean_name(self.cleaned_data["name"])


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )
