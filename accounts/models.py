"""Staff accounts: people who sign in with an e-mail address.

Students need no account; they are memberships (classrooms.models.Membership).
"""

import hashlib
from collections.abc import Iterator

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **facts) -> "User":
        user = self.model(email=self.normalize_email(email), **facts)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **facts) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **facts)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email__iexact=email)


class User(AbstractBaseUser, PermissionsMixin):
    """A teacher, assistant or admin. ``name`` is how students see them ("Ms Hopper")."""

    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=60, blank=True)
    is_staff = models.BooleanField(_("operator: may use /admin/"), default=False)
    is_active = models.BooleanField(_("may sign in"), default=True)
    date_joined = models.DateTimeField(auto_now_add=True)
    #: How often this account was signed out everywhere; see ``accounts.proof.end_sessions``.
    sign_outs = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_account_per_email")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    def get_session_auth_hash(self) -> str:
        """What a session must show to count as this account's: it ends with the password, and when
        the account is signed out everywhere."""
        return self._since_sign_outs(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for shown in super().get_session_auth_fallback_hash():
            yield self._since_sign_outs(shown)

    def _since_sign_outs(self, shown: str) -> str:
        if not self.sign_outs:
            return shown  # as before there was such a thing, so that those sessions go on
        return hashlib.sha256(f"{shown}:{self.sign_outs}".encode()).hexdigest()


class SignIn(models.Model):
    """A browser that is signed in to an account; see ``accounts.sessions``."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    session_key = models.CharField(max_length=40, unique=True, editable=False)
    browser = models.CharField(_("browser"), max_length=60, blank=True)
    began_at = models.DateTimeField(_("since"), auto_now_add=True)
