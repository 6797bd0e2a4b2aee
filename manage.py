#!/usr/bin/env python
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    from django.core.management import execute_from_command_line

    from helpdesk import private

    private.files_from_now_on(sys.argv[1:])
    execute_from_command_line(sys.argv)
