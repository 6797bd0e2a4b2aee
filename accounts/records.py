"""What is kept about people who have an account (``records.registry``)."""

from datetime import datetime

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import SignIn, User
from records.registry import (
    BATCH,
    Person,
    Record,
    Rule,
    delete_rows,
    delete_some,
    erase,
    not_personal,
    old_rows,
    register,
)


def erase_unused_accounts(limit: datetime) -> int:
    """Accounts that belong to no class and no school; operators stay."""
    unused = User.objects.alias(seen=Coalesce("last_login", "date_joined")).filter(
        seen__lte=limit, memberships=None, school_admins=None, is_staff=False, is_superuser=False
    )
    found = list(unused.order_by("pk").values_list("pk", flat=True)[:BATCH])
    for pk in found:
        erase(Person(account=pk))
    return len(found)


def forget_ended_sign_ins(limit: datetime) -> int:
    alive = Session.objects.filter(expire_date__gt=limit).values("session_key")
    ended = SignIn.objects.exclude(session_key__in=alive).order_by("pk")
    return delete_some(ended)


def end_sessions(record: Record, person: Person) -> None:
    """A session names its account inside what Django has signed, so each one is opened."""
    if person.account is None:
        return
    mine = [
        session.pk
        for session in Session.objects.iterator()
        if session.get_decoded().get("_auth_user_id") == str(person.account)
    ]
    Session.objects.filter(pk__in=mine).delete()


def erase_log(record: Record, person: Person) -> None:
    """What an operator did, and what operators did with the account: both name the person."""
    delete_rows(record, person)
    if person.account is not None:
        LogEntry.objects.filter(
            content_type__app_label="accounts",
            content_type__model="user",
            object_id=str(person.account),
        ).delete()
    LogEntry.objects.filter(
        content_type__app_label="classrooms",
        content_type__model="membership",
        object_id__in=[str(pk) for pk in person.members],
    ).delete()


def used_alone(pk: int) -> bool:
    """Whether an account belongs to no class and no school any more, and to no operator."""
    return not User.objects.filter(
        Q(memberships__isnull=False) | Q(school_admins__isnull=False) | Q(is_staff=True), pk=pk
    ).exists()


ACCOUNTS = Rule(
    "accounts",
    _("%(days)d days after the last sign-in, once they belong to no class and no school"),
    days="KEEP_ACCOUNTS_DAYS",
    empty=erase_unused_accounts,
)
SESSIONS = Rule(
    "sessions", _("until they end: two weeks at most"), empty=old_rows(Session, "expire_date")
)
SIGN_INS = Rule("sign-ins", _("until they end"), empty=forget_ended_sign_ins)
HISTORY = Rule(
    "operators' log",
    _("%(days)d days"),
    days="KEEP_HISTORY_DAYS",
    empty=old_rows(LogEntry, "action_time"),
)

register(
    Record(
        User,
        "password last_login is_superuser email name is_staff is_active date_joined sign_outs",
        what=_("Accounts of adults: name, e-mail address, password (not readable), sign-ins"),
        why=_("to sign in, and so that students know who helps them"),
        seen=_("the person, the school's admins, operators; students see the name"),
        rule=ACCOUNTS,
        account="pk",
        told="name email date_joined last_login is_active is_staff",
    ),
    Record(
        User.groups.through,
        "user group",
        what=_("Groups of operators"),
        why=_("to give operators their rights"),
        seen=_("operators"),
        rule=ACCOUNTS,
        account="user",
        told="group",
    ),
    Record(
        User.user_permissions.through,
        "user permission",
        what=_("Single rights of operators"),
        why=_("to give operators their rights"),
        seen=_("operators"),
        rule=ACCOUNTS,
        account="user",
        told="permission",
    ),
    Record(
        EmailAddress,
        "user email verified primary",
        what=_("E-mail addresses, and whether they are confirmed"),
        why=_("so that an address belongs to one person"),
        seen=_("the person, operators"),
        rule=ACCOUNTS,
        account="user",
        told="email verified primary",
    ),
    Record(
        EmailConfirmation,
        "email_address created sent key",
        what=_("Letters that confirm an address"),
        why=_("to know that somebody reads it"),
        seen=_("nobody"),
        rule=ACCOUNTS,
        account="email_address__user",
        told="created sent",
    ),
    Record(
        Authenticator,
        "user type data created_at last_used_at",
        what=_("The second step of a sign-in: keys, apps and spare codes, and when they were used"),
        why=_("so that a password alone does not open an account"),
        seen=_("the person; operators see that there is one"),
        rule=ACCOUNTS,
        account="user",
        told="type created_at last_used_at",
    ),
    Record(
        SignIn,
        "user session_key browser began_at",
        what=_("Browsers in which an account is signed in: kind of browser and since when"),
        why=_("so that one's own can be looked at and ended"),
        seen=_("the person"),
        rule=SIGN_INS,
        account="user",
        told="browser began_at",
    ),
    Record(
        Session,
        "session_key session_data expire_date",
        what=_("Who is signed in, in which browser"),
        why=_("to stay signed in"),
        seen=_("nobody"),
        rule=SESSIONS,
        told="",
        erase=end_sessions,
    ),
    Record(
        LogEntry,
        "action_time user content_type object_id object_repr action_flag change_message",
        what=_("What operators changed in /admin/"),
        why=_("so that it can be found out who changed what"),
        seen=_("operators"),
        rule=HISTORY,
        account="user",
        told="action_time action_flag",
        erase=erase_log,
    ),
)
not_personal(Permission, why="rights that there are")
not_personal(Group, why="groups that there are")
not_personal(Group.permissions.through, why="rights of a group")
not_personal(ContentType, why="the kinds of rows that there are")
