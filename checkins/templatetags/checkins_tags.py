"""What the class pages show of check-ins outside their regions."""

from django import template

from checkins.models import FollowUp
from classrooms.models import Membership

register = template.Library()


@register.simple_tag
def unread_wishes(membership: Membership) -> int:
    """How many students asked this adult to check in with them, and it was not read yet."""
    return FollowUp.objects.in_list_of(membership).unread().count()
