"""Sentences for the next page ("Saved."), in a cookie that no other host can set."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage


class Sentences(CookieStorage):
    cookie_name = settings.MESSAGES_COOKIE_NAME
