"""Operators erase by the same verbs and after the same question as everybody else.

Django's own "delete" would leave names on others' rows and open pages open, so it is taken away.
"""

from collections.abc import Callable

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from accounts.models import User
from classrooms import erasing, leaving
from classrooms.erasing_pages import Erasing, is_asked, of_classroom, of_school, typed_in
from classrooms.models import Classroom, Membership, School
from records import registry
from records.registry import Person, Reader


def of_account(user: User) -> Erasing:
    return Erasing(
        name=str(user),
        there_is=erasing.depends_on_account(user),
        says=[
            "This person is out of every class and school at once, and open pages close.",
            "Within a minute or two everything about them is erased, longer where there is much,"
            " and the account with it. Requests that they helped with stay, without this name.",
        ],
        ask=lambda: erasing.ask_account(user),
    )


def of_membership(member: Membership) -> Erasing:
    """A student goes at once; of somebody who helps there can be much, so the clock does it."""
    about = registry.count(Person(members=(member.pk,)), reader=Reader.ADMIN)
    student = "Everything about this student in this class goes at once, and open pages close."
    adult = (
        "This person is out of the class at once. Within a minute or two everything about them in"
        " it is erased. The account stays as long as it is used in another class or school."
    )
    return Erasing(
        name=member.name,
        there_is=[(str(what), rows) for what, rows in about],
        says=[student if member.is_student else adult],
        ask=lambda: (leaving.erase_member if member.is_student else erasing.ask_member)(member),
    )


_OF: dict[type[Model], Callable[..., Erasing]] = {
    User: of_account,
    School: of_school,
    Classroom: of_classroom,
    Membership: of_membership,
}


class Erases(admin.ModelAdmin):
    """A page of ``/admin/`` with "Erase" in place of "Delete"."""

    change_form_template = "admin/erasing/change_form.html"
    actions: tuple[str, ...] = ("erase_one",)

    def erasing_of(self, row: Model) -> Erasing:
        return _OF[type(row)](row)

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def may_erase(self, request: HttpRequest) -> bool:
        name = self.opts.model_name
        return request.user.has_perm(f"{self.opts.app_label}.delete_{name}")

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return self.may_erase(request)

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.erase)
        name = f"{self.opts.app_label}_{self.opts.model_name}_erase"
        return [path("<int:pk>/erase/", view, name=name), *super().get_urls()]

    @admin.action(description="Erase", permissions=["erase"])
    def erase_one(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """One at a time: each page asks for a name."""
        rows = list(queryset[:2])
        if len(rows) == 1:
            return redirect(self._address("erase", rows[0].pk))
        messages.warning(request, "Please tick one only: you are asked for its name.")
        return None

    def erase(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Shows what there is, asks for the name, and does it."""
        if not self.may_erase(request):
            raise PermissionDenied
        row = self.get_queryset(request).filter(pk=pk).first()
        if row is None:
            raise Http404
        what = self.erasing_of(row)
        form = typed_in(request, what.name)
        if status := is_asked(form, what.ask):
            return self._show(request, row, what, form, status)
        self._note(request, pk)
        messages.success(request, "Closed. What is left is erased by the clock, within minutes.")
        return redirect(self._address("changelist"))

    def _show(self, request: HttpRequest, row: Model, what, form, status: int) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": "Erase",
            "opts": self.opts,
            "object": row,
            "what": what,
            "form": form,
        }
        return TemplateResponse(request, "admin/erasing/erase.html", context, status=status)

    def _address(self, page: str, *args) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=args)

    def _note(self, request: HttpRequest, pk: int) -> None:
        """That it was done, and by whom; without the name, and so that it is not erased as well."""
        LogEntry.objects.create(
            user_id=int(request.user.pk or 0),
            content_type=ContentType.objects.get_for_model(self.model),
            object_repr=f"#{pk}",
            action_flag=CHANGE,
            change_message="Erased.",
        )
