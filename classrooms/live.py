"""What the live pages ask about people: what lets them in, and what ended (``live.rights``)."""

from collections.abc import Mapping, Sequence

from django.conf import settings

from classrooms import endings, passes
from classrooms.access import Entry, device_keys, digest
from live import telling
from live.rights import Pass


class ClassroomRights:
    """Of members, their browsers and their sessions."""

    def keys_of(self, cookies: Mapping[str, str]) -> list[str]:
        """The session's key, and that of each class this browser is remembered in."""
        session = cookies.get(settings.SESSION_COOKIE_NAME)
        devices = [digest(key) for key in device_keys(cookies).values()]
        return [session, *devices] if session else devices

    def still_let_in(self, those: Sequence[Pass]) -> list[bool]:
        return passes.still_good(those)

    def endings(self) -> dict[int, tuple[str, int]]:
        return endings.recent()


def pass_of(entry: Entry, cookies: Mapping[str, str]) -> tuple[Pass, str]:
    """What lets somebody in who came by the door, and which key of their cookies."""
    member, device = entry.membership, entry.device
    session = None if device else cookies.get(settings.SESSION_COOKIE_NAME)
    let_in_by: Pass = {
        "membership": member.pk,
        "role": member.role,
        "device": device.pk if device else None,
        "user": member.user_id,
        "classroom": member.classroom_id,
        "session": session,
    }
    return let_in_by, device.key_digest if device else session or ""


# --- Receivers (connected in classrooms.apps) ---------------------------------


def close_pages(
    sender, classroom=None, membership=None, device=None, session_key=None, **kwargs
) -> None:
    """Whose way in ended hears nothing any more."""
    for name, row in (("classroom", classroom), ("membership", membership), ("device", device)):
        if row is not None:
            telling.dismiss(**{name: row.pk})
    if session_key is not None:
        telling.dismiss(session=session_key)


def look_again(sender, user, **kwargs) -> None:
    """Of an account some sessions may go on."""
    telling.look_again(user=user.pk)
