"""Executes a script as Python would execute its file, and leaves the process as it was."""

from __future__ import annotations

import atexit
import builtins
import contextlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from barstep.domain.errors import BarstepError, ScriptError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from barstep.runs.script_plan import ScriptPlan

_OURS = str(Path(__file__).resolve().parents[1]) + os.sep
_STANDSTILL = 0.5  # seconds that the script waits for its end, unless it holds what is needed for that


class Ending(NamedTuple):
    """How a script ended: by itself, because it was interrupted, or with an error."""

    interrupted: bool = False
    error: BarstepError | None = None


def make_module(script: ScriptPlan) -> ModuleType:
    """The module that a script runs as, `__main__`, with what the playground's header imports (gateway API, 12.1)."""
    module = ModuleType("__main__")
    vars(module).update(__file__=str(script.file), __builtins__=builtins, time=time, os=os, sys=sys, json=json)
    return module


def execute(
    script: ScriptPlan,
    module: ModuleType,
    environment: Mapping[str, str],
    *,
    halt: Callable[[], None],
    give_up: Callable[[], object] | None = None,
    when: Callable[[], str],
) -> Ending:
    """Run a script to its end, and its threads that are no daemons.

    Args:
        script: What to run.
        module: From `make_module`, with helpers and globals in it.
        environment: Variables to set while it runs.
        halt: Called on Ctrl-C: from now on every helper call is to raise KeyboardInterrupt.
        give_up: Called on a second Ctrl-C, for scripts that catch the first, and in a thread of its own; it ends the
            process. None raises again.
        when: The replay's clock as text, for messages.
    """
    with _surroundings(script, module, environment), _interrupts(halt, give_up) as seen:
        ending = _executed(script, module, when)
        return Ending(interrupted=True) if seen else ending


def _executed(script: ScriptPlan, module: ModuleType, when: Callable[[], str]) -> Ending:
    before = set(threading.enumerate())
    try:
        with _exit_calls(str(script.file.parent) + os.sep):
            exec(script.code, vars(module))  # noqa: S102 - running it is what was asked for
            for thread in set(threading.enumerate()) - before:
                if not thread.daemon:
                    thread.join()
    except SystemExit as leaving:
        return _left(script, leaving.code, when())
    except KeyboardInterrupt:
        return Ending(interrupted=True)
    except BarstepError as error:
        return Ending(error=error)
    except BaseException as error:
        return Ending(error=_raised(script, error, when()))
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
    return Ending()


def _left(script: ScriptPlan, code: object, when: str) -> Ending:
    """What Python makes of sys.exit: None and 0 are fine, another number is a status, anything else a message."""
    if code is None or code == 0:
        return Ending()
    what = f"it left with sys.exit({code})" if isinstance(code, int) else f"it left with sys.exit: {code}"
    return Ending(error=ScriptError(script.name, "", when, what))


def _raised(script: ScriptPlan, error: BaseException, when: str) -> ScriptError:
    told = traceback.TracebackException.from_exception(error)
    own = str(script.file.parent) + os.sep
    lines = [f"{Path(f.filename).name}:{f.lineno}" for f in told.stack if f.filename.startswith(own)]
    _keep_own(told, own)
    what = "".join(told.format_exception_only()).strip().splitlines()[-1]
    where = f"line {lines[-1].rpartition(':')[2]}" if lines else ""
    if lines and not lines[-1].startswith(f"{script.file.name}:"):
        where = lines[-1]
    return ScriptError(script.name, where, when, what, "".join(told.format()))


def _keep_own(told: traceback.TracebackException, own: str) -> None:
    """Drop the frames of a traceback, its causes and its groups that are neither the script's nor its neighbours'."""
    seen: set[int] = set()
    waiting: list[traceback.TracebackException | None] = [told]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.stack[:] = [frame for frame in one.stack if frame.filename.startswith(own)]
        waiting += [one.__cause__, one.__context__, *(one.exceptions or ())]


@contextlib.contextmanager
def _surroundings(script: ScriptPlan, module: ModuleType, environment: Mapping[str, str]) -> Iterator[None]:
    """`__main__`, arguments, environment, folder of imports and output of a script while it runs."""
    folder = str(script.file.parent)
    main, arguments, path = sys.modules["__main__"], sys.argv, list(sys.path)
    modules, variables, here = set(sys.modules), dict(os.environ), _here()
    sys.modules["__main__"] = module
    sys.argv = [str(script.file)]
    sys.path.insert(0, folder)
    os.environ.update(environment)
    try:
        with _any_character():
            yield
    finally:
        sys.modules["__main__"] = main
        sys.argv = arguments
        sys.path[:] = path
        new = set(sys.modules) - modules
        tops = {name.partition(".")[0] for name in new}
        own = {name for name in tops if name in sys.modules and _lies_in(sys.modules[name], folder)}
        for name in new:
            if name.partition(".")[0] in own:
                del sys.modules[name]
        _restore(variables)
        if here and here != _here():
            os.chdir(here)


@contextlib.contextmanager
def _exit_calls(own: str) -> Iterator[None]:
    """What a script registers with atexit is called when the script ends, not when barstep does."""
    real, calls = atexit.register, []

    def register(call: Callable[..., object], *values: Any, **named: Any) -> Callable[..., object]:
        if not sys._getframe(1).f_code.co_filename.startswith(own):
            return real(call, *values, **named)
        calls.append((call, values, named))
        return call

    atexit.register = register  # type: ignore[assignment]
    try:
        yield
    finally:
        atexit.register = real
        for call, values, named in reversed(calls):
            try:
                call(*values, **named)
            except Exception:
                traceback.print_exc()


def _here() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def _lies_in(module: ModuleType, folder: str) -> bool:
    """Whether a top-level module or package was found in a folder itself."""
    places = [module.__file__] if getattr(module, "__file__", None) else list(getattr(module, "__path__", []))
    for place in filter(None, places):
        path = Path(place)
        if str((path.parent if path.name == "__init__.py" else path).parent) == folder:
            return True
    return False


def _restore(variables: Mapping[str, str]) -> None:
    for name in set(os.environ) - set(variables):
        del os.environ[name]
    for name, value in variables.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


@contextlib.contextmanager
def _any_character() -> Iterator[None]:
    """Let a script print what the terminal's encoding lacks, escaped, instead of failing in its print."""
    out: Any = sys.stdout
    strict = getattr(out, "errors", None) == "strict" and hasattr(out, "reconfigure")
    if strict:
        out.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        if strict:
            with contextlib.suppress(ValueError):  # the script closed it
                out.reconfigure(errors="strict")


@contextlib.contextmanager
def _interrupts(halt: Callable[[], None], give_up: Callable[[], object] | None) -> Iterator[list[int]]:
    """Ctrl-C raises in the script's lines at once; inside our own code it waits for the next helper call.

    What a second one calls runs in a thread of its own: the line that was interrupted may stand in the middle of a write
    to stdout, where a handler cannot write, and the script would catch the error.

    Yields:
        The signals so far: a script that catches the exception was interrupted all the same.
    """
    seen: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield seen
        return
    leaving: list[threading.Thread] = []

    def stop(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        if len(seen) == 1:
            halt()
        elif give_up is not None:
            if not any(thread.is_alive() for thread in leaving):
                leaving.append(threading.Thread(target=give_up, name="give up"))
                leaving[-1].start()
            if not _in_our_code(frame):
                leaving[-1].join(_STANDSTILL)
            return
        if not _in_our_code(frame):
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, before)
        if leaving:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            leaving[-1].join()
            signal.signal(signal.SIGINT, before)


def _in_our_code(frame: FrameType | None) -> bool:
    """Whether barstep is being called by the script; `_executed` itself, which waits, is not meant."""
    while frame is not None and frame.f_code is not _executed.__code__:
        file = frame.f_code.co_filename  # the command line only stands behind the script's print
        if file.startswith(_OURS) and not file.startswith((_OURS + "_bundled", _OURS + "cli")):
            return True
        frame = frame.f_back
    return False
