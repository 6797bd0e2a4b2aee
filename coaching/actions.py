"""Everything that a class sets up for its coaching, and that people set for themselves."""

from django.db import transaction

from classrooms.models import Membership
from coaching.models import HelperView


@transaction.atomic
def hide_tips(helper: Membership, *, hides: bool) -> None:
    """The helper's card stays away, or comes back (A65)."""
    HelperView.objects.update_or_create(helper=helper, defaults={"hides_tips": hides})
