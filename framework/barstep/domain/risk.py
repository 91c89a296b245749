"""What risk rules answer, and how their answers combine: the strictest wins, in whatever order they are asked."""

from __future__ import annotations

from dataclasses import dataclass
from operator import index


@dataclass(frozen=True, slots=True)
class RiskDecision:
    """One rule's answer to an order: `size` is how many contracts may open or add, 0 denies."""

    size: int
    reason: str

    @classmethod
    def deny(cls, reason: str) -> RiskDecision:
        """Let nothing open; the closing part of the order is still sent."""
        return cls(0, reason)

    @classmethod
    def resize(cls, size: int, reason: str) -> RiskDecision:
        """Let at most `size` contracts open or add (compare `order.opens`); 0 denies.

        Raises:
            TypeError, ValueError: The size is no whole number, or below 0.
        """
        try:
            whole = index(size)
        except TypeError:
            raise TypeError(f"resize: got {size!r} contracts, expected a whole number; // divides so") from None
        if whole < 0:
            raise ValueError(f"resize: got {size} contracts, expected 0 or more")
        return cls(whole, reason)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's decision as recorded with the order: who, how many contracts may open, and why."""

    rule: str
    size: int
    reason: str
