#!/usr/bin/env python
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    from helpdesk import private, startup

    private.files_from_now_on(sys.argv[1:])
    try:
        if sys.argv[1:2] == ["run_huey"]:  # the clock: a service, which may be started too early
            startup.wait_for_database()
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as refusal:
        sys.exit(str(refusal))
    except OperationalError as error:
        sys.exit(f"The database of DATABASE_URL cannot be used: {' '.join(str(error).split())}")
