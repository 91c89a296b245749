"""Columns of whole numbers as short text: differences, split into bytes, deflated, in base64; the page unpacks them."""

from __future__ import annotations

import zlib
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def packed(values: ArrayLike, scale: float = 1.0) -> dict[str, Any]:
    """A column for the page.

    Args:
        values: Numbers, shape (n,); they are kept as whole multiples of `scale`.
        scale: What one unit stands for, such as 0.01 for cents or the tick size.

    Returns:
        `n` values, `planes` bytes each, the `scale`, and `data`: for each value the difference to the one before, as
        2 d for d >= 0 and -2 d - 1 below; all lowest bytes first, then the next higher ones; deflated, base64.
    """
    whole = np.rint(np.asarray(values, np.float64) / scale).astype(np.int64)
    steps = np.diff(whole, prepend=0)
    folded = np.where(steps >= 0, steps * 2, -steps * 2 - 1).astype("<u8")
    planes = max(1, -(-int(folded.max(initial=0)).bit_length() // 8))
    split = folded.view(np.uint8).reshape(-1, 8)[:, :planes]
    data = zlib.compress(np.ascontiguousarray(split.T).tobytes(), 6)
    return {"n": len(whole), "planes": planes, "scale": scale, "data": b64encode(data).decode("ascii")}


def words(values: list[str]) -> dict[str, Any]:
    """A column of text for the page: each different text once, and which one stands where."""
    texts = list(dict.fromkeys(values))
    places = {text: place for place, text in enumerate(texts)}
    return {"texts": texts, "at": packed([places[value] for value in values])}
