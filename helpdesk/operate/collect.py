"""``python -m helpdesk.operate.collect``: the static files of this version, where they are not yet.

What the settings refuse is told in one sentence; nothing is done twice.
"""

import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from helpdesk import private


def main() -> None:
    private.refuse_wrong_user(private.VAR)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    try:
        django.setup()
    except ImproperlyConfigured as refusal:
        sys.exit(str(refusal))
    from helpdesk.static import are_collected

    if not are_collected():
        call_command("collectstatic", interactive=False, verbosity=0)


if __name__ == "__main__":
    main()
