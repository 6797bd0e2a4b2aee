"""Pages on which people leave a class for a while, or are erased for good.

Each says first what it does, and what there is about whom.
"""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from classrooms import actions, leaving
from classrooms.access import MemberRequest, manager_required
from classrooms.manage import find_member, go, home, one_tap, page
from classrooms.manage_forms import LineField
from classrooms.models import Membership
from classrooms.text import NAME_LENGTH, name_key
from records import registry
from records.registry import Person


class TypedName(forms.Form):
    """The name of whoever or whatever is to be erased, typed so that nothing goes by accident."""

    name = LineField(label=gettext_lazy("Type the name"), limit=NAME_LENGTH)

    def __init__(self, data, *, wanted: str) -> None:
        super().__init__(data)
        self.wanted = wanted
        self.fields["name"].help_text = _("Just as it is written here: %(name)s") % {"name": wanted}

    def clean_name(self) -> str:
        typed = self.cleaned_data["name"]
        key = name_key(self.wanted)  # of a name that is only signs nothing may be left
        if typed != self.wanted and (not key or name_key(typed) != key):
            raise forms.ValidationError(
                _("This is not the same name. Nothing is erased. Look above and type it once more.")
            )
        return typed


# --- Somebody in a class -----------------------------------------------------


@manager_required
def remove(request: MemberRequest, member: int) -> HttpResponse:
    """Says what happens, and lets a teacher choose: for a while, or for good."""
    person = find_member(request, member)
    context = {"person": person, "days": leaving.days_to_come_back()}
    if request.method != "POST":
        return page(request, "remove", context, tab="people")
    if request.POST.get("how") == "erase" and person.is_student:
        return go(request, "erase_student", person.pk)
    try:
        actions.remove(person)
    except actions.NotPossible as reason:
        context |= {"problem": str(reason)}
        return page(request, "remove", context, tab="people", status=409)
    messages.success(request, _("%(name)s is no longer in the class.") % {"name": person.name})
    return home(request, person)


@require_POST
@manager_required
def come_back(request: MemberRequest, member: int) -> HttpResponse:
    """One tap, for a student who left lately."""
    done = _("%(name)s is back on the list, and can come in again.")
    return one_tap(request, _find_left(request, member), leaving.come_back, done)


def _find_left(request: MemberRequest, pk: int) -> Membership:
    return get_object_or_404(leaving.left_lately(request.membership.classroom), pk=pk)


@manager_required
def erase_student(request: MemberRequest, member: int) -> HttpResponse:
    """Shows what there is about a student, in the class or left lately; then it is erased."""
    students = request.membership.classroom.memberships.students()
    person = get_object_or_404(students, pk=member)
    form = TypedName(request.POST if request.method == "POST" else None, wanted=person.name)
    if form.is_bound and form.is_valid():
        leaving.erase_member(person)
        messages.success(request, _("Everything about this student is erased."))
        return go(request, "people")
    context = {
        "person": person,
        "form": form,
        "there_is": registry.count(Person(members=(person.pk,))),
        "has_left": person.removed_at is not None and person.removed_at <= timezone.now(),
    }
    status = 422 if form.is_bound else 200
    return page(request, "erase_student", context, tab="people", status=status)
