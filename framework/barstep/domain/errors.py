"""Every error that barstep raises on purpose, with the exit code the command line gives it.

BarstepError (1)
├── ConfigError (2)     a configuration file, an option or a command line is wrong
├── DataError (3)       bars cannot be read or cannot be trusted
├── BrokerError (4)     the broker cannot be reached, or refuses
├── PluginError (1)     a plugin's own code raised; its traceback is chained
├── ScriptError (1)     a playground script raised, or left with a status
└── InvariantError (1)  barstep broke one of its own promises: a bug of ours
"""

from __future__ import annotations


class BarstepError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the command line returns."""

    exit_code = 1


class ConfigError(BarstepError):
    """One or more faults of a configuration; `problems` has one line for each."""

    exit_code = 2

    def __init__(self, problems: str | list[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class DataError(BarstepError):
    """Bars that cannot be read, or that break R1; the message names the first bad row and the remedy."""

    exit_code = 3


class BrokerError(BarstepError):
    """The broker cannot be reached or refuses to serve."""

    exit_code = 4


class PluginError(BarstepError):
    """A plugin's code raised inside a hook or a function that barstep calls; the original exception is the cause."""

    def __init__(self, plugin: str, hook: str, where: str, when: str, cause: BaseException) -> None:
        self.plugin, self.hook, self.where, self.when = plugin, hook, where, when
        what = "hook" if hook.startswith("on_") else "function"
        told = ", ".join(part for part in (f"plugin {plugin}", f"{what} {hook} at {where}", _bar(when)) if part)
        super().__init__(f"{told}: {type(cause).__name__}: {cause}")


def _bar(when: str) -> str:
    return f"bar ending {when}" if when[:1].isdigit() else when


class ScriptError(BarstepError):
    """A script raised, or left with a status other than 0; `trace` is its traceback, as far as the lines are its own."""

    def __init__(self, script: str, where: str, when: str, what: str, trace: str = "") -> None:
        self.script, self.where, self.when, self.trace = script, where, when, trace
        super().__init__(", ".join(part for part in (f"script {script}", where, _bar(when)) if part) + f": {what}")


class InvariantError(BarstepError):
    """A promise of the simulated exchange was broken (R20, R28): please report it with the configuration."""
