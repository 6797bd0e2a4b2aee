"""The figures of a run: one line for each fault, shown at its end and kept for the page."""

from dataclasses import dataclass

from tests.faults.ledger import Ledger


@dataclass(frozen=True)
class Figures:
    """Of one fault on one stack. Times are seconds."""

    fault: str
    stack: str
    acknowledged: int
    unanswered: int
    refused: int
    first: float
    true_after: float
    took: float

    def __str__(self) -> str:
        return (
            f"{self.fault:24} {self.stack:9} {self.acknowledged:6} acknowledged, none lost; "
            f"{self.unanswered:4} unanswered, {self.refused:4} told to wait; "
            f"first done {self.first:5.1f} s, pages true {self.true_after:5.1f} s; "
            f"{self.took:5.0f} s"
        )


#: Of this process's run.
noted: list[Figures] = []


def note(
    fault: str, stack: str, ledger: Ledger, first: float, true_after: float, took: float
) -> None:
    """``first``: until the first write after the fault; ``true_after``: until all pages were."""
    refused = sum(each.status == 503 for each in ledger.entries)
    told = ledger.acknowledged, ledger.unanswered, refused
    noted.append(Figures(fault, stack, *told, first, true_after, took))
