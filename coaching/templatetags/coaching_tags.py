"""What class pages need of coaching."""

from django import template

from classrooms.models import Membership
from coaching.models import HelperView

register = template.Library()


@register.simple_tag
def hides_tips(helper: Membership) -> bool:
    """Whether this helper has put the helper's card away for good."""
    return HelperView.objects.filter(helper=helper, hides_tips=True).exists()
