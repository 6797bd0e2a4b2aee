"""What people asked for, and what they were told: the two sides that a database is held against."""

from dataclasses import dataclass, field

#: Answers that say: it is done.
DONE = frozenset({200, 204, 302})
#: Answers that a person understands: too late, too much, not now.
FAIR = DONE | {409, 429, 503}


@dataclass
class Entry:
    """One request for a write. ``what``: form key, key of a request, name or words.

    ``status``: the answer's, None where none came.
    """

    verb: str
    who: str
    what: str
    status: int | None = None

    @property
    def is_acknowledged(self) -> bool:
        return self.status in DONE


@dataclass
class Ledger:
    """Every entry in the order in which it was asked for.

    ``wrong``: answers that nobody should get. ``let_in``: what strangers were shown.
    """

    entries: list[Entry] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    let_in: list[str] = field(default_factory=list)

    def begin(self, verb: str, who: str, what: str) -> Entry:
        entry = Entry(verb, who, what)
        self.entries.append(entry)
        return entry

    def end(self, entry: Entry, status: int) -> None:
        entry.status = status
        if status not in FAIR:
            self.wrong.append(f"{entry.verb} was answered with {status}")

    def of(self, verb: str) -> list[Entry]:
        return [each for each in self.entries if each.verb == verb]

    @property
    def acknowledged(self) -> int:
        return sum(each.is_acknowledged for each in self.entries)

    @property
    def unanswered(self) -> int:
        return sum(each.status is None for each in self.entries)
