"""What a change can be refused with."""


class NotPossible(Exception):
    """The world moved on, or this cannot be done; the text says why and what to do."""
