"""Slippage that grows with the range of the bars."""

from barstep import PendingFill, SlippageModel, option


class RangeSlippage(SlippageModel):
    """Fills slip by a share of the last bar's range, and never less than the fill options say."""

    share: float = option(0.05, ge=0, le=1, help="share of the last bar's high less its low")

    def ticks(self, fill: PendingFill) -> int:
        """Whole ticks of the share, rounded to the nearest."""
        if fill.bar is None:
            return fill.usual
        tick = float(fill.contract.instrument.tick_size)
        return max(fill.usual, round(self.share * (fill.bar.high - fill.bar.low) / tick))
