"""The three kinds of plugins, and the options they declare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, get_origin, get_type_hints
from weakref import WeakKeyDictionary

from barstep.domain.errors import ConfigError
from barstep.domain.option import MISSING, Option, OptionField

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Plugin:
    """Base of all plugins: annotated class fields are its options, and `Name(field=value)` makes one by hand.

    A subclass may define `check()` to raise a ValueError when its options do not fit together.
    """

    folder: ClassVar[str] = "plugins"

    def __init__(self, **options: Any) -> None:
        self._configure(options)

    def _configure(self, options: dict[str, Any]) -> None:
        fields = {field.name: field for field in option_fields(type(self))}
        unknown = sorted(set(options) - set(fields))
        if unknown:
            raise TypeError(f"{type(self).__name__} has no option {unknown[0]!r}; it has {', '.join(fields) or 'none'}")
        for name, field in fields.items():
            value = options.get(name, field.spec.default)
            if value is MISSING:
                raise TypeError(f"{type(self).__name__} needs the option {name!r}")
            setattr(self, name, value)

    def check(self) -> None:
        """Raise a ValueError when the options do not fit together; called once, before the run."""


class Strategy(Plugin):
    """Trades: implements `on_bar` and whatever else it needs."""

    folder: ClassVar[str] = "strategies"


class RiskRule(Plugin):
    """Judges orders in `on_risk`, and may flatten, lock and set guards through its `RiskContext`."""


class Observer(Plugin):
    """Watches and records; it cannot trade."""


KINDS: dict[str, type[Plugin]] = {"strategies": Strategy, "risk": RiskRule, "observers": Observer}
"""The base class that each list of the configuration asks for."""


_FIELDS: WeakKeyDictionary[type[Plugin], tuple[OptionField, ...]] = WeakKeyDictionary()


def option_fields(cls: type[Plugin]) -> Sequence[OptionField]:
    """The options that a plugin class declares, in order; names that begin with `_` and ClassVars are not options."""
    if cls not in _FIELDS:  # a grid makes its plugins anew for each point
        _FIELDS[cls] = tuple(_read_options(cls))
    return _FIELDS[cls]


def _read_options(cls: type[Plugin]) -> Iterator[OptionField]:
    try:
        hints = get_type_hints(cls)
    except NameError as error:
        raise ConfigError(f"{cls.__name__}: an option's annotation cannot be read: {error}") from error
    for name, hint in hints.items():
        if name.startswith("_") or get_origin(hint) is ClassVar or hint is ClassVar:
            continue
        declared = getattr(cls, name, MISSING)
        yield OptionField(name, hint, declared if isinstance(declared, Option) else Option(declared))


def configure(cls: type[Plugin], options: dict[str, Any], base: Path) -> Plugin:
    """Make a plugin with validated options and run its `check()`; a ValueError says what does not fit.

    A `Path` among the options is given to the plugin relative to `base`, the folder of the configuration.
    """
    plugin = cls() if cls.__init__ is not Plugin.__init__ else cls.__new__(cls)
    plugin._configure({name: base / value if isinstance(value, Path) else value for name, value in options.items()})
    plugin.check()
    return plugin
