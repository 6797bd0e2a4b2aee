"""What classrooms tells whoever listens, after commit; it does not know who that is.

``access_ended``: somebody's way in has ended or changed, so open sockets must close.
Keyword arguments, one of: ``classroom``, ``membership``, ``device``, ``user``, ``session_key``.

``door_changed``: who is in the class, or waits to come in, is not what it was: ``classroom``.
"""

from django.dispatch import Signal

access_ended = Signal()
door_changed = Signal()
