"""Letters: what stands in their heads, and to whom they are handed over."""

import ssl

import pytest
from django.core import mail
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import BadHeaderError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.accounts.conftest import PASSWORD, sign_up

pytestmark = pytest.mark.django_db
INJECTED = "\r\nBcc: mallory@evil.example"


@pytest.mark.parametrize(
    "address",
    [f"grace@hill.example{INJECTED}", f"grace{INJECTED}@hill.example", "grace@hill.example\nX: y"],
)
def test_no_line_of_a_letters_head_is_made_of_what_somebody_typed(with_mail, address):
    User.objects.create_user("grace@hill.example", PASSWORD, name=f"Grace{INJECTED}")
    sign_up(Client(), address, name=f"Win{INJECTED}")
    for name in ("account_request_login_code", "account_reset_password"):
        Client().post(reverse(name), {"email": address})
    for letter in mail.outbox:
        head = letter.message()
        assert head["Bcc"] is None
        assert head["X"] is None
        assert letter.recipients() == ["grace@hill.example"]
    with pytest.raises(BadHeaderError):  # and were there one, it would not leave
        mail.EmailMessage(f"x{INJECTED}", "x", to=["grace@hill.example"]).message()


@pytest.mark.parametrize("way", [{"use_tls": True}, {"use_ssl": True}])
def test_the_mail_server_must_prove_its_name(way):
    """A certificate that nobody vouches for, or another's, ends the connection."""
    context = EmailBackend(host="mail.example.org", **way).ssl_context
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname is True
