"""Links that leave the site, on paper or in a message, and the QR code of one."""

from ipaddress import ip_address
from urllib.parse import urlsplit

import segno
from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString

from classrooms.models import Classroom


def join_link(classroom: Classroom) -> str:
    """The whole address that opens the class to whoever has it: what the QR code holds."""
    return settings.SITE_URL + reverse("classrooms:join_code", args=[classroom.code])


def invite_link(key: str) -> str:
    """The whole address of an invitation; ``key`` is what ``invitations.invite`` gave."""
    return settings.SITE_URL + reverse("classrooms:accept_invite", args=[key])


def opens_only_here() -> bool:
    """Whether links and codes lead to this very computer: no telephone can open them."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def qr_svg(text: str) -> SafeString:
    """``text`` as inline SVG of class ``qr``, as large as what it stands in.

    Black on white with a quiet zone of four modules, in dark mode too, so that it can
    be scanned. The template gives the element around it ``role="img"`` and a label.
    """
    picture = segno.make(text, error="m").svg_inline(
        omitsize=True, svgclass="qr", lineclass=None, border=4, dark="#000", light="#fff"
    )
    return SafeString(picture)
