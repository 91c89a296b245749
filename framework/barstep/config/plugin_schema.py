"""Models of what names a plugin: its `use` and the options that the plugin itself declares."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from barstep.config.fields import Section, Text


def _names(raw: Any) -> Any:
    return [raw] if isinstance(raw, str) else raw


def empty(raw: Any) -> Any:
    """No options at all, where a key stands without a value."""
    return {} if raw is None else raw


class PluginConfig(Section):
    """One plugin and its options, which the plugin itself declares."""

    use: Text = Field(description="a plugin's name, file.py, file.py:Class or an entry point")
    options: Annotated[dict[str, Any], BeforeValidator(empty)] = Field(
        default_factory=dict, description="values by option name"
    )


class StrategyConfig(PluginConfig):
    """A strategy, on one contract or on several."""

    use: Text = Field(description="a plugin's name, file.py, file.py:Class, an entry point, or a playground script")
    contract: Annotated[
        tuple[Text, ...] | None,
        BeforeValidator(_names, json_schema_input_type=Annotated[str, Field(min_length=1)] | list[str]),
    ] = Field(
        default=None,
        description="contract or instrument to trade, needed where data has several; a list for a strategy on them all",
    )
