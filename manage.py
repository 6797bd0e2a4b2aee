#!/usr/bin/env python
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    from django.core.management import execute_from_command_line

    from helpdesk import private, startup

    private.files_from_now_on(sys.argv[1:])
    if sys.argv[1:2] == ["run_huey"]:  # the clock: a service, which may be started too early
        startup.wait_for_database()
    execute_from_command_line(sys.argv)
