from django.conf import settings

from accounts import mail


def site(request) -> dict:
    """What every page may know: how this server runs, and who is looking."""
    return {
        "mode": settings.MODE,
        "open_signup": settings.OPEN_SIGNUP,
        "mail_works": mail.works(),
        "passkeys": settings.PASSKEYS,
        "membership": getattr(request, "membership", None),
    }
