"""What pages show now, as one text."""

from requests_app import regions
from requests_app.models import Queue
from requests_app.present import Present


def all_of(who) -> str:
    """Everything on this member's page."""
    views = regions.views_of(who, Present(Queue.objects.of(who.classroom).pk))
    return "".join(view.whole() for view in views.values())


def queue_of(room) -> str:
    """Everything on the helpers' page."""
    return str(regions.helpers_view(Present(Queue.objects.of(room).pk)).whole())
