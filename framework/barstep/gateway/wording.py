"""Messages about a run file's keys in the words of a request: whoever calls Replay/start has no such file."""

from __future__ import annotations

_FIELDS = (
    ("data.instrument", "instrumentSymbol"),
    ("data.timeframe", "timeframe"),
    ("data.start", "startDate"),
    ("data.end", "endDate"),
    ("data.contract", "barstep.contract"),
    ("data.source", "barstep.source"),
    ("account.fees", "barstep.fees"),
    ("account.balance", "barstep.balance"),
    ("fills", "barstep.fills"),
)
_ADVICE = (
    ("Give your own file as data.source, or {", "Start the server with bars of it, or ask for barstep.source {"),
    ("Choose start and end inside", "Choose startDate and endDate inside"),
)


def in_request(told: str) -> str:
    """A message of the run's checks, its keys named as the fields of Replay/start; of several problems each."""
    return "; ".join(_one(line.strip()) for line in told.splitlines() if line.strip())


def _one(text: str) -> str:
    for said, better in _ADVICE:
        text = text.replace(said, better)
    for key, name in _FIELDS:
        if text.startswith(key) and text[len(key) :].startswith((":", ".")):
            return name + text[len(key) :]
    return text
