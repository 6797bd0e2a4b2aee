"""When a right ends: everybody who could still show something is told.

Whatever ends a right says so here: a verb of ``classrooms.actions`` by ``tell_end``, sessions and
accounts by the signals of their models, whichever page, command or library changed them. Two ways
lead on: ``access_ended`` after commit, at once, and a row of ``Ended``, which is part of the change
itself and is found by every worker whose message was lost.
"""

from datetime import timedelta
from functools import partial

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from classrooms.models import Ended, Invite, Membership, SchoolAdmin
from classrooms.signals import access_ended, user_changed

#: For how long a row of ``Ended`` is looked at: a beat is four seconds, a long pause a minute.
LOOKED_AT = timedelta(minutes=1)
#: What of an account decides over its sessions.
DECIDING = frozenset({"password", "is_active"})


def tell_end(*, classroom=None, membership=None, device=None, user=None) -> None:
    """One of these lost its way in, or may have: of a ``user`` some sessions may go on.

    To be called inside the transaction of the change.
    """
    named = {"classroom": classroom, "membership": membership, "device": device, "user": user}
    for name, row in named.items():
        if row is not None:
            Ended.objects.create(which=name, whose=row.pk)
            signal = user_changed if name == "user" else access_ended
            transaction.on_commit(partial(signal.send, None, **{name: row}))


def recent() -> dict[int, tuple[str, int]]:
    """The rights that ended in the last minute: id → (pass, whose)."""
    rows = Ended.objects.filter(at__gt=timezone.now() - LOOKED_AT)
    return {pk: (which, whose) for pk, which, whose in rows.values_list("pk", "which", "whose")}


def forget_old() -> None:
    """For the clock: rows that no worker looks at any more."""
    Ended.objects.filter(at__lt=timezone.now() - 5 * LOOKED_AT).delete()


# --- Receivers (connected in classrooms.apps) ---------------------------------


def session_deleted(sender, instance: Session, **kwargs) -> None:
    """Log-out, a new key, a session ended from elsewhere: the pages that it let in close.

    One that ran out was found before it is swept up.
    """
    if instance.expire_date <= timezone.now():
        return
    user = str(instance.get_decoded().get(SESSION_KEY, ""))
    if user.isdigit():
        Ended.objects.create(which=Ended.Pass.USER, whose=int(user))
    key = instance.session_key
    transaction.on_commit(lambda: access_ended.send(None, session_key=key))


def user_saved(sender, instance, created: bool, update_fields=None, **kwargs) -> None:
    """A new password or an account switched off, wherever it was done: which of its pages are
    still let in is asked at once, and a switched-off account's invitations end."""
    if created or (update_fields is not None and not DECIDING & set(update_fields)):
        return
    if not instance.is_active:
        end_invites_known_to(instance)
    tell_end(user=instance)


def end_invites_known_to(user) -> None:
    """A link is whoever's who has it: those that this person may have seen open nothing more."""
    classes = Membership.objects.present().staff().filter(user=user).values("classroom")
    schools = SchoolAdmin.objects.filter(user=user).values("school")
    end_invites(Q(classroom__in=classes) | Q(school__in=schools))


def end_invites(which: Q) -> int:
    """Take open invitations back; how many there were."""
    return Invite.objects.filter(which, used_at=None, ended_at=None).update(ended_at=timezone.now())
