from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo import school


class Command(BaseCommand):
    help = "Make the made-up school of the demo, unless it is there already."

    def handle(self, *args, **options) -> None:
        if not settings.DEMO:
            raise CommandError(
                "A made-up school belongs in a demo: set HELPDESK_MODE=demo, or use ./run demo."
            )
        made = school.seed()
        self.stdout.write("A made-up school is ready." if made else "The made-up school is here.")
