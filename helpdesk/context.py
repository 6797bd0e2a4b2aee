from django.conf import settings


def site(request) -> dict:
    """What every page may know: how this server runs, and who is looking."""
    return {
        "mode": settings.MODE,
        "open_signup": settings.OPEN_SIGNUP,
        "membership": getattr(request, "membership", None),
    }
