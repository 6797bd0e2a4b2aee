"""For operators: look, and do what the verbs allow. State is never edited by hand."""

from django.contrib import admin, messages
from django.http import HttpRequest

from classrooms.admin import NotByHand
from requests_app import actions
from requests_app.models import Event, HelpRequest, Queue


class EventInline(admin.TabularInline):
    model = Event
    extra = 0
    can_delete = False
    fields = ("happened_at", "verb", "status")
    readonly_fields = ("happened_at", "verb", "status")

    def has_add_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


@admin.register(HelpRequest)
class HelpRequestAdmin(NotByHand):
    """Where requests stand, to count them and to set one free: not whose, and not what about."""

    list_display = ["key", "classroom", "status", "helper", "raised_at", "ended_at"]
    list_filter = ["status"]
    list_select_related = ["queue__classroom", "helper"]
    search_fields = ["key", "queue__classroom__name"]
    #: Named one by one: a field that is added later is not shown by accident.
    fields = ("key", "classroom", "status", "helper", "raised_at", "return_at", "ended_at")
    readonly_fields = ("classroom",)
    inlines = [EventInline]
    actions = ["put_back"]

    @admin.display(ordering="queue__classroom__name")
    def classroom(self, help_request: HelpRequest) -> str:
        return str(help_request.queue.classroom)

    @admin.action(description="Put back into line", permissions=["view"])
    def put_back(self, request: HttpRequest, queryset) -> None:
        for help_request in queryset:
            try:
                actions.put_back(help_request, by=None)
            except actions.NotPossible as error:
                messages.warning(request, f"{help_request.key}: {error}")


@admin.register(Queue)
class QueueAdmin(NotByHand):
    list_display = ["classroom", "rule", "version"]
    list_select_related = ["classroom"]
