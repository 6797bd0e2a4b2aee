"""Numbers that somebody typed, or put into a form by hand."""

#: Digits of the largest number that every database keeps.
DIGITS = 18


def id_in(typed: str) -> int:
    """The id that this is; 0, which nothing has, where it can be none. Python itself refuses to
    read a number of some thousand digits, and knows digits that no database does."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= DIGITS else 0
