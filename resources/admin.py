"""For operators: contacts that are for everybody on this server, and the history to look at."""

from django.contrib import admin
from django.http import HttpRequest

from resources.models import Change, Contact


@admin.register(Contact)
class ContactAdmin(admin.ModelAdmin):
    """The server's own contacts alone; a school's are on its page."""

    list_display = ["name", "country", "number", "hours"]
    exclude = ["school"]

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).filter(school=None)


@admin.register(Change)
class ChangeAdmin(admin.ModelAdmin):
    """History is not written here."""

    list_display = ["happened_at", "school", "verb", "title", "by"]
    list_select_related = ["school", "by"]
    list_filter = ["verb"]

    def has_add_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False
