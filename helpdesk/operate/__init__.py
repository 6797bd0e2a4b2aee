"""What a school's technician does with an installation: back up, restore, move, look it over.

One module for each command; ``python -m helpdesk.operate COMMAND`` (``./run COMMAND``) runs it.
"""


class Refusal(Exception):
    """Nothing was done, or all of it was undone; the text is one sentence that says what to do."""
