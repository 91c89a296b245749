"""Faults that belong to one key of a data section, so that the message can name its place in the file."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from barstep.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator


class KeyedError(ConfigError):
    """Faults that belong to one key below a data section: `key` is the way to it from there."""

    def __init__(self, key: tuple[str, ...], problems: list[str]) -> None:
        super().__init__(problems)
        self.key = key


@contextmanager
def about(*key: str) -> Iterator[None]:
    """Faults raised inside the block belong to a key."""
    try:
        yield
    except ConfigError as error:
        raise error if isinstance(error, KeyedError) else KeyedError(key, error.problems) from error
