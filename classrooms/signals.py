"""What classrooms tells whoever listens; it does not know who that is.

After commit:

``access_ended``: somebody's way in has ended or changed, so open sockets must close.
Keyword arguments, one of: ``classroom``, ``membership``, ``device``, ``session_key``.

``user_changed``: a new password, or switched off: some of ``user``'s ways in may have ended.

``door_changed``: who is in the class, or waits to come in, is not what it was: ``classroom``.

Inside the transaction of the change:

``past_changed``: a student (``student``) is shown another part of their own past than before:
it was sealed, or opened again (``classrooms.proof``).
"""

from django.db import transaction
from django.dispatch import Signal

access_ended = Signal()
user_changed = Signal()
door_changed = Signal()
past_changed = Signal()


def tell_door(classroom) -> None:
    """Once it is committed, ``door_changed``.

    Robust: whoever has joined is in, also if the queue cannot be told just now.
    """
    transaction.on_commit(lambda: door_changed.send(None, classroom=classroom), robust=True)
