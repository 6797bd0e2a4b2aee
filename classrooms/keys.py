"""What a former SECRET_KEY made, while that key is in SECRET_KEY_FALLBACKS.

Promise: a new key throws nobody out. What Django signs it reads by itself; here is what it would
forget (digests that we keep) and what would end with the former key (cookies of a school year,
sessions): they are made anew by the present one as soon as they are seen.
"""

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.base import SessionBase
from django.core.signing import BadSignature, Signer
from django.utils.crypto import constant_time_compare, salted_hmac

#: Cookie → the salt that it is signed with.
_signed: dict[str, str] = {}


def signs(cookie: str, salt: str) -> str:
    """To be called as an app is loaded: this cookie is made by ``signing.dumps`` with the salt,
    which is the answer."""
    _signed[cookie] = salt
    return salt


def signed_cookies() -> dict[str, str]:
    """Cookie → its salt."""
    return _signed


def digests(salt: str, text: str) -> list[str]:
    """Keyed digests (hexadecimal, SHA-256): by the present key, then by former ones."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [salted_hmac(salt, text, secret, algorithm="sha256").hexdigest() for secret in secrets]


def signed_anew(value: str, salt: str) -> str | None:
    """The same content of the same moment, if a former key has signed it; else None."""
    signer = Signer(salt=salt)
    try:
        anew = signer.sign(signer.unsign(value))
    except BadSignature:
        return None
    return anew if anew != value else None


def renew_session(session: SessionBase) -> None:
    """Let a session count by the present key. Django would give it another name, and whatever the
    page asks for at the same time by the old one would find itself signed out."""
    if not settings.SECRET_KEY_FALLBACKS or HASH_SESSION_KEY not in session:
        return
    shown = session[HASH_SESSION_KEY]
    user = get_user_model().objects.filter(pk=session[SESSION_KEY]).first()
    if user is None or constant_time_compare(shown, user.get_session_auth_hash()):
        return
    if any(constant_time_compare(shown, each) for each in user.get_session_auth_fallback_hash()):
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
