"""Models of `data.source`: where bars come from."""

from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from barstep.config.fields import Count, Positive, Reads, Section, Text
from barstep.config.plugin_schema import PluginConfig
from barstep.config.positions import near
from barstep.config.reading import RefusedError


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise RefusedError("an IANA time zone such as America/Chicago", near(name, available_timezones())) from None
    return name


class SampleSource(Section):
    """The sample bars that come with barstep."""

    kind: Annotated[Literal["sample"], Reads(Literal["sample"])] = Field(default="sample", description="always sample")


class SyntheticSource(Section):
    """Generated bars: the same seed gives the same bars."""

    kind: Annotated[Literal["synthetic"], Reads(Literal["synthetic"])] = Field(description="always synthetic")
    seed: Count = Field(default=0, description="seed of the generator")
    bars: Positive | None = Field(default=None, description="number of bars")
    days: Positive | None = Field(default=None, description="number of trading days")
    start: Annotated[date, Reads(date)] | None = Field(default=None, description="first trading day")


class StoreSource(Section):
    """Bars that were imported into the store, or fetched."""

    kind: Annotated[Literal["store"], Reads(Literal["store"])] = Field(default="store", description="always store")
    path: Text | None = Field(
        default=None, description="the store's folder, relative to the configuration; by default the workspace's store/"
    )


class GatewaySource(Section):
    """Bars that a gateway replays; for `broker: {kind: http}`."""

    kind: Annotated[Literal["gateway"], Reads(Literal["gateway"])] = Field(
        default="gateway", description="always gateway"
    )


class PluginSource(PluginConfig):
    """Bars that a plugin brings."""

    kind: Annotated[Literal["plugin"], Reads(Literal["plugin"])] = Field(default="plugin", description="always plugin")
    use: Text = Field(description="a data source's name, file.py, file.py:Class or an entry point")


class Columns(Section):
    """The file's own column names."""

    t: Text | None = Field(default=None, description="column of the time")
    o: Text | None = Field(default=None, description="column of the open")
    h: Text | None = Field(default=None, description="column of the high")
    l: Text | None = Field(default=None, description="column of the low")  # noqa: E741  the name that bar files use
    c: Text | None = Field(default=None, description="column of the close")
    v: Text | None = Field(default=None, description="column of the volume, in contracts")


class FileSource(Section):
    """Bars from files."""

    kind: Annotated[Literal["file"], Reads(Literal["file"])] = Field(default="file", description="always file")
    path: Text = Field(description="a file or a pattern such as bars/*.csv, relative to the configuration")
    columns: Columns | None = Field(default=None, description="column names, where they are not t, o, h, l, c, v")
    zone: Annotated[Text, AfterValidator(_zone)] | None = Field(
        default=None, description="IANA zone of times without one, such as America/Chicago"
    )
    stamp: Annotated[Literal["open", "close"], Reads(Literal["open", "close"])] | None = Field(
        default=None, description="whether a bar's time is its open or its close"
    )
    format: Text | None = Field(default=None, description="format of the times, such as %Y%m%d %H%M%S")


_KINDS = {
    "sample": "<SampleSource>",
    "synthetic": "<SyntheticSource>",
    "file": "<FileSource>",
    "store": "<StoreSource>",
    "gateway": "<GatewaySource>",
    "plugin": "<PluginSource>",
}


def _source(raw: Any) -> Any:
    if isinstance(raw, str):
        return {"kind": raw} if raw in ("sample", "store", "gateway") else {"kind": "file", "path": raw}
    if not isinstance(raw, dict):
        raise RefusedError("sample, store, gateway, a path or a mapping with `kind`, `path` or `use`")
    if "kind" in raw and (not isinstance(raw["kind"], str) or raw["kind"] not in _KINDS):
        raise RefusedError(f"one of {', '.join(_KINDS)}", near(str(raw["kind"]), _KINDS), at=("kind",))
    return raw


def _kind_of_source(raw: Any) -> str:
    if isinstance(raw, Section):
        return f"<{type(raw).__name__}>"
    return _KINDS[raw.get("kind", "plugin" if "use" in raw else "file")]


_Source = Annotated[
    Annotated[FileSource, Tag("<FileSource>")]
    | Annotated[SyntheticSource, Tag("<SyntheticSource>")]
    | Annotated[SampleSource, Tag("<SampleSource>")]
    | Annotated[StoreSource, Tag("<StoreSource>")]
    | Annotated[GatewaySource, Tag("<GatewaySource>")]
    | Annotated[PluginSource, Tag("<PluginSource>")],
    Discriminator(_kind_of_source),
]

AnySource = FileSource | SyntheticSource | SampleSource | StoreSource | GatewaySource | PluginSource
"""What the key `source` may hold."""

SourceKey = Annotated[_Source, BeforeValidator(_source, json_schema_input_type=Text | _Source)]
"""The key `source` as a section's field: a text alone is a kind or a path."""
