"""A strategy that does nothing: what the lane itself costs."""

from barstep import Bar, Context, Strategy, hookimpl


class Noop(Strategy):
    """Looks at each bar and lets it pass."""

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        pass
