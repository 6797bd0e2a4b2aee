"""For operators: look, and do what the verbs allow. Schools and rights are edited here too."""

from django.contrib import admin, messages
from django.http import HttpRequest

from accounts.admin import AccountAdmin
from accounts.models import User
from classrooms import actions
from classrooms.erasing_admin import Erases
from classrooms.models import Classroom, Lesson, Membership, School, SchoolAdmin


class NotByHand(admin.ModelAdmin):
    """Rows that verbs make and change; history is not written here."""

    def has_add_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


class SchoolAdminInline(admin.TabularInline):
    model = SchoolAdmin
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(School)
class SchoolPage(Erases):
    list_display = ("name", "time_zone", "created_at", "erase_asked_at")
    search_fields = ("name",)
    inlines = (SchoolAdminInline,)


admin.site.unregister(User)


@admin.register(User)
class AccountPage(Erases, AccountAdmin):
    """What erasing an account takes with it is known here, above the accounts."""


@admin.register(Classroom)
class ClassroomPage(Erases, NotByHand):
    list_display = ("name", "school", "code_is_open", "created_at", "archived_at", "erase_asked_at")
    list_filter = ("school", "code_is_open")
    list_select_related = ("school",)
    search_fields = ("name", "slug")
    exclude = ("pin",)
    actions = ("put_away", "bring_back", "new_code", "erase_one")

    @admin.action(description="Put away", permissions=["view"])
    def put_away(self, request: HttpRequest, queryset) -> None:
        for classroom in queryset.in_use():
            actions.archive(classroom)

    @admin.action(description="Bring back", permissions=["view"])
    def bring_back(self, request: HttpRequest, queryset) -> None:
        for classroom in queryset:
            try:
                actions.restore(classroom)
            except actions.NotPossible as refusal:
                messages.warning(request, f"{classroom}: {refusal}")

    @admin.action(description="New code; sign out all students", permissions=["view"])
    def new_code(self, request: HttpRequest, queryset) -> None:
        for classroom in queryset:
            actions.renew_code(classroom, sign_out_students=True)


@admin.register(Membership)
class MembershipPage(Erases, NotByHand):
    list_display = ("name", "role", "classroom", "joined_at", "removed_at")
    list_filter = ("role", "classroom__school")
    list_select_related = ("classroom",)
    search_fields = ("name", "user__email")
    exclude = ("pin", "sealed_before")
    actions = ("take_out", "erase_one")

    @admin.action(description="Take out of the class", permissions=["view"])
    def take_out(self, request: HttpRequest, queryset) -> None:
        for membership in queryset.present():
            try:
                actions.remove(membership)
            except actions.NotPossible as refusal:
                messages.warning(request, f"{membership}: {refusal}")


@admin.register(Lesson)
class LessonPage(NotByHand):
    list_display = ("classroom", "opened_at", "closes_at", "closed_at")
    list_filter = ("classroom__school",)
    list_select_related = ("classroom",)
