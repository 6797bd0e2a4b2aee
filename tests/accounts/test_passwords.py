"""What somebody may choose as a password, and what is not looked at twice."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import passwords
from accounts.models import User
from helpdesk import settings as product
from tests.accounts.conftest import PASSWORD, is_in, sign_in, sign_up

pytestmark = pytest.mark.django_db
GRACE = "grace@hill.example"


def is_refused(password: str, user: User | None = None) -> bool:
    try:
        validate_password(password, user)
    except ValidationError:
        return True
    return False


def test_ten_characters_are_enough_and_nine_are_not(client):
    assert is_refused("k7 qzt mw")
    assert not is_refused("k7 qzt mwb")
    sign_up(client, GRACE, "k7 qzt mw")
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "password",
    ["onlysmallletters", "ONLYCAPITALLETTERS", "83650274916683", "       ~~~~~~~~~~",
     "слова на парту", "🦉🦉🐈🐈🦉🐈🦉🐈🦉🐈", "q x w z j v k y",
     "x" * 30 + "longer than sixty-four characters" * 9],
)  # fmt: skip
def test_any_kind_of_characters_and_any_length_will_do(client, password):
    sign_up(client, GRACE, password)
    assert is_in(client)
    again = Client()
    sign_in(again, GRACE, password)
    assert is_in(again)


@pytest.mark.parametrize(
    "other", ["Three words apart", "three words apart ", " three words apart", "three words apar"]
)
def test_it_is_looked_at_as_it_was_typed(client, other):
    sign_up(client, GRACE, PASSWORD)
    browser = Client()
    sign_in(browser, GRACE, other)
    assert not is_in(browser)


def test_each_common_one_that_is_long_enough_is_refused():
    """And as many of those that are too short by themselves as ASVS asks for (3,000)."""
    rule = passwords.NothingCommon()
    long_enough = [each for each in rule.passwords if len(each) >= 10]
    assert len(long_enough) > 1500
    assert all(is_refused(each) for each in long_enough)
    longer = [f"{each}2026" for each in sorted(rule.passwords) if 6 <= len(each) < 10][:3000]
    assert len(longer) == 3000
    assert all(is_refused(each) for each in longer)


@pytest.mark.parametrize(
    "password",
    ["helpdesk2026", "HelpDesk-Teacher", "school school", "our classroom1", "teacherteacher!",
     "dragondragon", "P a s s w o r d 1 2 3 4"],
)  # fmt: skip
def test_one_of_words_that_everybody_here_knows_is_refused(password):
    assert is_refused(password)


@pytest.mark.parametrize("password", ["three teachers at sea", "help the dragon out", PASSWORD])
def test_such_words_may_stand_in_a_longer_one(password):
    assert not is_refused(password)


def test_the_name_of_the_schools_server_is_such_a_word(settings):
    settings.SITE_URL = "https://help.northfieldacademy.example"
    passwords.ours.cache_clear()
    assert is_refused("northfieldacademy1")
    settings.SITE_URL = "https://help.example.org"
    passwords.ours.cache_clear()
    assert not is_refused("northfieldacademy1")
    passwords.ours.cache_clear()


def test_ones_own_name_and_address_are_none():
    grace = User(email="brewster.murray@hill.example", name="Grace Brewster")
    assert is_refused("brewster.murray@hill", grace)
    assert is_refused("grace brewster", grace)


def test_a_long_one_costs_no_time():
    assert not is_refused("ab1" * 20_000)


def test_it_is_changed_with_the_old_one_alone(client):
    sign_up(client, GRACE, PASSWORD)
    new = "quite another one"
    for old, changed in (("not the old one", False), ("", False), (PASSWORD, True)):
        facts = {"oldpassword": old, "password1": new, "password2": new}
        client.post(reverse("account_change_password"), facts)
        assert User.objects.get().check_password(new) is changed


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("account_login", {"login", "password"}),
        ("account_signup", {"name", "email", "password1"}),
        ("account_change_password", {"oldpassword", "password1", "password2"}),
    ],
)
def test_a_field_is_masked_may_be_filled_by_a_keeper_and_asks_nothing_else(client, page, names):
    """No question with a secret answer, no hint; a keeper of passwords knows each field."""
    if page == "account_change_password":
        user = User.objects.create_user(GRACE, PASSWORD)
        client.force_login(user)
    answer = client.get(reverse(page))
    fields = answer.context["form"].fields
    assert set(fields) == names
    for name, field in fields.items():
        if "password" in name:
            assert field.widget.input_type == "password"
            assert field.widget.attrs["autocomplete"] in ("current-password", "new-password")
            assert field.max_length is None
    assert "paste" not in answer.text


def test_a_fresh_server_has_no_account():
    assert not User.objects.exists()


@pytest.mark.parametrize("days", [400, 4000])
def test_it_does_not_run_out(client, days):
    sign_up(client, GRACE, PASSWORD)
    later = Client()
    with time_machine.travel(timezone.now() + timedelta(days=days)):
        sign_in(later, GRACE, PASSWORD)
        assert is_in(later)


def test_an_older_hash_is_made_anew_at_the_next_sign_in(client, settings):
    """By the product's own hashers: those of the tests are quick."""
    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS
    user = User.objects.create_user(GRACE)
    user.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    user.save()
    sign_in(client, GRACE)
    assert is_in(client)
    user.refresh_from_db()
    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert len(user.password.split("$")[4]) >= 22  # a salt of 128 bits, coded
    again = Client()
    sign_in(again, GRACE)
    assert is_in(again)
