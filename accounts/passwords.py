"""Passwords that others would try first.

Django's list has 19,640 that were found in stolen collections, but only 1,780 of them are as long
as a password has to be here. So whatever is one of them and a few characters more is refused too,
and what is made of words that everybody here knows. Nothing is asked of any other server.
"""

import re
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

#: Words that a stranger would try for any school; the names in the server's address are added.
WORDS = (
    "helpdesk", "classroom", "password", "teacher", "student", "pupil", "school", "college",
    "lesson", "admin", "operator", "assistant", "raisehand", "welcome",
)  # fmt: skip
#: Characters beside a common one that make it no other.
BESIDE = 4
#: Shorter ones stand in many a good password, longer texts are not looked through.
SHORTEST, LONGEST = 5, 100


class NothingCommon(CommonPasswordValidator):
    """Refuses a common password, and one that is little more than a common one or our words."""

    def validate(self, password: str, user=None) -> None:
        as_typed = password.casefold().strip()
        text = re.sub(r"\s", "", as_typed)
        if (
            not {text, as_typed}.isdisjoint(self.passwords)
            or _without(text, ours())
            or self._is_around_one(text)
        ):
            raise ValidationError(self.get_error_message(), code="password_too_common")

    def get_error_message(self) -> str:
        return _(
            "Many people use a password like this one. Three words that you think of are fine."
        )

    def get_help_text(self) -> str:
        return _("Not one that many people use, and not only words such as school or teacher.")

    def _is_around_one(self, text: str) -> bool:
        """Whether a common one, once or more often, fills the text but for a few characters."""
        if len(text) > LONGEST:
            return False
        parts = {text[start:end] for start in range(len(text)) for end in range(len(text) + 1)}
        common = [each for each in parts if len(each) >= SHORTEST and each in self.passwords]
        return any(_without(text, (each,)) for each in common)


def _without(text: str, words) -> bool:
    """Whether at most a few characters stay when these words are taken out, and they were there."""
    rest = text
    for word in words:
        rest = rest.replace(word, "")
    return rest != text and len(rest) <= BESIDE


@cache
def ours() -> tuple[str, ...]:
    """Our words and those of the server's address, the longest first."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    names = {each for each in re.split(r"[^a-z]+", host) if len(each) >= BESIDE}
    return tuple(sorted({*WORDS, *names}, key=len, reverse=True))
