"""A whole school signs up and in behind one address, on one morning; what is refused says so."""

import pytest
from allauth.account import app_settings as account
from allauth.core.internal.ratelimit import consume, parse_rates
from allauth.mfa import app_settings as mfa
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from accounts.models import User
from tests.accounts.conftest import sign_up

#: Colleagues who begin within the same minute.
CROWD = 300
ACTIONS = [
    *(("allauth.account", action) for action in sorted(account.RATE_LIMITS)),
    *(("allauth.mfa", action) for action in sorted(mfa.RATE_LIMITS)),
]


@pytest.mark.parametrize(("app", "action"), ACTIONS)
def test_no_limit_counts_the_address_that_a_school_shares(app, action):
    limits = {"allauth.account": account, "allauth.mfa": mfa}[app].RATE_LIMITS
    assert [rate for rate in parse_rates(limits[action]) if rate.per == "ip"] == []


@pytest.mark.parametrize(("app", "action"), ACTIONS)
def test_nobody_is_refused_for_being_the_last_of_a_crowd(rf, app, action):
    """The 121st who made an account in a minute was refused."""
    for number in range(CROWD):
        request = rf.post("/", REMOTE_ADDR="192.0.2.9")
        request.user = AnonymousUser()
        key, user = f"colleague-{number}@example.org", User(pk=number)
        assert consume(request, app=app, action=action, key=key, user=user), number


@pytest.mark.django_db
def test_a_limit_that_is_met_is_told_on_our_page_in_our_words(settings):
    settings.ACCOUNT_RATE_LIMITS = {"signup": "1/m/ip"}
    sign_up(Client(), "ada@example.org")
    answer = sign_up(Client(), "grace@example.org")
    assert answer.status_code == 429
    assert "<h1>A moment, please</h1>" in answer.text
    assert 'href="/"' in answer.text
    assert answer.headers["Content-Security-Policy"]
    assert not User.objects.filter(email="grace@example.org").exists()
