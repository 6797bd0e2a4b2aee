"""``python -m helpdesk.operate COMMAND``: what goes wrong is told in one sentence."""

import os
import signal
import sys
from importlib import import_module
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError

from helpdesk import env, private
from helpdesk.operate import Refusal
from helpdesk.startup import database_errors

ROOT = Path(__file__).resolve().parent.parent.parent
COMMANDS = ("backup", "restore", "move", "doctor")


def main(words: list[str]) -> None:
    if not words or words[0] not in COMMANDS:
        sys.exit(f"Known are: {', '.join(COMMANDS)}.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    private.files_from_now_on()
    env.read_env_file(ROOT / ".env")
    # What is half done is taken away also when somebody ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        import_module(f"helpdesk.operate.{words[0]}").main(words[1:])
    except (Refusal, ImproperlyConfigured, CommandError) as refusal:
        sys.exit(str(refusal))
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        told = error.strerror or type(error).__name__
        sys.exit(f"{words[0]} was given up: {told}{where}. Mend that, then try again.")
    except KeyboardInterrupt:
        sys.exit(130)
    except database_errors() as error:
        told = " ".join(str(error).split())
        sys.exit(f"{words[0]}: the database of DATABASE_URL cannot be used: {told}")


if __name__ == "__main__":
    main(sys.argv[1:])
