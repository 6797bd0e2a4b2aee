"""Which keys are taken as passkeys; how one is made and used is shown by a browser's own."""

import copy
import hashlib
import json

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.test import Client
from django.urls import reverse
from fido2.cose import ES256, ES256K
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from tests.accounts.conftest import PASSWORD, sign_in

pytestmark = pytest.mark.django_db
KINDS = {"ES256": (ES256, ec.SECP256R1), "ES256K": (ES256K, ec.SECP256K1)}
ID = websafe_encode(b"n" * 16)
ADD, SIGN_IN, SECOND = "mfa_add_webauthn", "mfa_login_webauthn", "mfa_authenticate"
AGAIN = "mfa_reauthenticate_webauthn"
ODD = (None, True, 5, 1e300, "", "x", "\ud800", "ä" * 99, [], [[]], {}, {"a": {"b": []}})


def told(options: dict, kind: str, response: dict) -> dict:
    challenge = options["challenge"]
    client = CollectedClientData.create(kind, challenge, settings.SITE_URL)
    return {
        "id": ID,
        "rawId": ID,
        "type": "public-key",
        "response": {"clientDataJSON": websafe_encode(client), **response},
        "clientExtensionResults": {},
    }


def new_key(options: dict, kind: str = "ES256") -> dict:
    """What a browser sends when its key has made a pair of this kind."""
    cose, curve = KINDS[kind]
    public = cose.from_cryptography_key(ec.generate_private_key(curve()).public_key())
    data = AttestedCredentialData.create(Aaguid.NONE, b"n" * 16, public)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    about = hashlib.sha256(options["rp"]["id"].encode()).digest()
    made = AttestationObject.create("none", AuthenticatorData.create(about, flags, 0, data), {})
    return told(options, "webauthn.create", {"attestationObject": websafe_encode(made)})


def shown_key(options: dict) -> dict:
    """What it sends when a key of nobody is shown."""
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV
    data = AuthenticatorData.create(sha256(options["rpId"].encode()), flags, 1)
    response = {
        "authenticatorData": websafe_encode(data),
        "signature": websafe_encode(b"s" * 70),
        "userHandle": websafe_encode(b"1"),
    }
    return told(options, "webauthn.get", response)


def signed_in(user) -> Client:
    """A browser that has just shown the password, as a change of factors wants it."""
    user.set_password(PASSWORD)
    user.save()
    browser = Client()
    sign_in(browser, user.email)
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return browser


def add(browser: Client, credential: object):
    return browser.post(reverse(ADD), {"name": "Key", "credential": json.dumps(credential)})


def options_of_new(browser: Client) -> dict:
    return browser.get(reverse(ADD)).context["js_data"]["creation_options"]["publicKey"]


@pytest.mark.parametrize(("kind", "taken"), [("ES256", True), ("ES256K", False)])
def test_a_key_of_an_algorithm_that_is_not_approved_is_not_taken(kind, taken, edsger):
    browser = signed_in(edsger.user)
    answer = add(browser, new_key(options_of_new(browser), kind))
    assert Authenticator.objects.filter(type="webauthn").exists() is taken
    assert ("not used here" in answer.text) is not taken


def changed(valid: dict):
    """The answer with each of its parts taken out, and with something odd in its place."""
    for path in [*((name,) for name in valid), *(("response", name) for name in valid["response"])]:
        for odd in ("gone", *ODD):
            spoilt = copy.deepcopy(valid)
            place = spoilt if len(path) == 1 else spoilt["response"]
            if odd == "gone":
                del place[path[-1]]
            else:
                place[path[-1]] = odd
            yield spoilt


def test_whatever_is_sent_as_a_new_key_is_refused_without_an_error(edsger):
    browser = signed_in(edsger.user)
    valid = new_key(options_of_new(browser))
    valid["response"]["attestationObject"] = websafe_encode(b"\xa3" + b"x" * 40)
    for spoilt in (*ODD, *changed(valid)):
        assert add(browser, spoilt).status_code == 200, spoilt
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("page", [SIGN_IN, SECOND, AGAIN])
def test_whatever_is_sent_as_a_shown_key_is_refused_without_an_error(page, edsger):
    browser = signed_in(edsger.user)
    add(browser, new_key(options_of_new(browser)))
    if page != AGAIN:
        browser = Client()
    if page == SECOND:
        sign_in(browser, edsger.user.email)
    valid = shown_key(options_of_shown(browser, page))
    for spoilt in (valid, *ODD, *changed(valid)):
        answer = browser.post(reverse(page), {"credential": json.dumps(spoilt)})
        assert answer.status_code in (200, 302), spoilt
        assert answer.headers.get("Location", reverse("account_login")).startswith("/accounts/")
    assert ("_auth_user_id" in browser.session) is (page == AGAIN)


def options_of_shown(browser: Client, page: str) -> dict:
    answer = browser.get(reverse(page), headers={"X-Requested-With": "XMLHttpRequest"})
    found = answer.json() if page == SIGN_IN else answer.context["js_data"]
    return found["request_options"]["publicKey"]
