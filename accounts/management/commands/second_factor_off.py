from django.core.management.base import BaseCommand, CommandError

from accounts import second_factor
from accounts.models import User


class Command(BaseCommand):
    help = "Takes the second factor off an account whose owner has lost it, and signs it out."

    def add_arguments(self, parser) -> None:
        parser.add_argument("email", help="the account's e-mail address")

    def handle(self, *args, email: str, **options) -> None:
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"There is no account with the address {email}.")
        second_factor.take_off(user, tell=False)
        self.stdout.write("Done. It is signed out everywhere; the password is as it was.")
