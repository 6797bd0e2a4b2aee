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
    fields = ("happened_at", "verb", "status", "actor")
    readonly_fields = ("happened_at", "verb", "status", "actor")

    def has_add_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


@admin.register(HelpRequest)
class HelpRequestAdmin(NotByHand):
    """Requests without their texts (D7: an operator sees that, not what)."""

    list_display = ["key", "student", "status", "helper", "raised_at", "ended_at"]
    list_filter = ["status", "outcome"]
    list_select_related = ["student", "helper"]
    search_fields = ["key", "student__name"]
    exclude = ["text", "hint"]
    inlines = [EventInline]
    actions = ["put_back"]

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
