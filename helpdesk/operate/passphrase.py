"""The passphrase of backups: from a file, from a terminal, or from standard input.

Never from the command line, where everybody on the machine could read it.
"""

import getpass
import sys

from helpdesk import env
from helpdesk.operate import Refusal

NAME = "HELPDESK_BACKUP_PASSPHRASE"
SHORTEST = 12


def ask(*, new: bool) -> str:
    """The passphrase; one that is ``new`` is asked for twice, and must not be short."""
    told = env.text(NAME) or (_typed(new) if sys.stdin.isatty() else sys.stdin.readline().strip())
    if not told:
        raise Refusal(
            f"A passphrase is needed: write it into a file that only you read and name that as"
            f" {NAME}_FILE, or give it as one line of standard input."
        )
    if new and len(told) < SHORTEST:
        raise Refusal(f"The passphrase is too short: take at least {SHORTEST} characters.")
    return told


def _typed(new: bool) -> str:
    told = getpass.getpass("Passphrase of the backup: ").strip()
    if new and told != getpass.getpass("Once more: ").strip():
        raise Refusal("The two passphrases differ: start again.")
    return told
