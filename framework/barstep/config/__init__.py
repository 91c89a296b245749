"""Configuration: run files with the place of every key, checked in one pass, and written back resolved."""

from barstep.config.dump import dump_resolved
from barstep.config.loader import Draft, FileChecks, Loaded, load_document, load_mapping, load_run
from barstep.config.options import validate_options
from barstep.config.overrides import PluginEntry
from barstep.config.positions import Positions, in_order
from barstep.config.schema import RunConfig
from barstep.config.yaml_source import Document

__all__ = [
    "Document",
    "Draft",
    "FileChecks",
    "Loaded",
    "PluginEntry",
    "Positions",
    "RunConfig",
    "dump_resolved",
    "in_order",
    "load_document",
    "load_mapping",
    "load_run",
    "validate_options",
]
