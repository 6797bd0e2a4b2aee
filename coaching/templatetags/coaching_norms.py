"""What the board says about asking."""

from django import template
from django.utils import timezone

from classrooms.models import Classroom
from coaching import norms

register = template.Library()


@register.simple_tag
def norm_message(classroom: Classroom) -> str:
    return norms.message(classroom, timezone.now())
