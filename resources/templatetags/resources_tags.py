"""What templates need of the directory: addresses by place, and this month's message."""

from django import template

from classrooms.models import Classroom
from resources.months import message_of
from resources.place import Place

register = template.Library()


@register.simple_tag
def at(place: Place, verb: str, *args) -> str:
    """The address of a page here: ``{% at place "entry" entry.pk %}``."""
    return place.url(verb, *args)


@register.simple_tag
def message_of_the_month(classroom: Classroom) -> str:
    """The words of this month for the board, the class page and the signs."""
    return message_of(classroom.school)
