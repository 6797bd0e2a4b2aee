"""The only way in: what apps tell the pages that are open. Each is said once its change is
committed, so that nobody is shown what did not happen."""

from collections.abc import Collection

from django.db import transaction

from live import hub


def changed(topic: str, version: int, what: Collection[str]) -> None:
    """A topic has a new version; ``what`` of it changed, one thing at least, in its app's words.

    To be called inside the transaction of the change, whose lock it holds: versions are told in
    their order.
    """
    assert what, "nothing changed"
    _tell({"type": "live.changed", "topic": topic, "version": version, "what": sorted(what)})


def dismiss(**whose: int | str) -> None:
    """Close the pages that one of these passes let in."""
    _tell({"type": "live.dismiss", "passes": whose})


def look_again(**whose: int | str) -> None:
    """Ask about the pages that one of these passes let in, whether it still does."""
    _tell({"type": "live.look_again", "passes": whose})


def _tell(message: dict) -> None:
    transaction.on_commit(lambda: hub.tell_all(message), robust=True)
