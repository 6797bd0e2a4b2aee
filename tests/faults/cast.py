"""``python -m tests.faults.cast``: two classes in the database of this environment, as JSON.

Each has a teacher, three helpers, six students, and an open check-in with names; one more student
was removed.
"""

import json
import os
from dataclasses import asdict

from bench import school

ROOMS, STUDENTS, HELPERS = 2, 6, 3


def main() -> None:
    """Fill the database and print what the browsers of its people hold."""
    from django.utils import timezone

    from checkins.actions import Plan, open_check_in
    from checkins.models import Visibility
    from checkins.questions import Kind
    from classrooms.models import Classroom, Membership

    told = []
    for room in school.fill(ROOMS, STUDENTS + 1, HELPERS):
        classroom = Classroom.objects.get(slug=room.slug)
        teacher = classroom.memberships.get(name=room.teacher.name)
        asked = [{"kind": Kind.TEXT, "text": "What next?"}]
        check_in = open_check_in(classroom, Plan("Next", Visibility.NAMED, asked), by=teacher)
        Membership.objects.filter(name=room.students[-1].name).update(removed_at=timezone.now())
        told.append(asdict(room) | {"check_in": check_in.key})
    print(json.dumps(told))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    import django

    django.setup()
    main()
