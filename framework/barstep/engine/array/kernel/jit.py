"""How the kernel's functions are compiled: without the interpreter's lock, whole-number division unchecked."""

import numba
from numba import njit, types

TESTED = "0.68"
"""The numba whose insides `parts` is written for; another one compiles and keeps in its own way, and is needed to run."""
BY_PARTS = numba.__version__.startswith(f"{TESTED}.")

_plainly = {"nogil": True, "error_model": "numpy"}
_inside = _plainly | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
if BY_PARTS:
    from barstep.engine.array.kernel.parts import EntryCompiler, PartCompiler

    _entry = njit(**_inside, _nrt=False, pipeline_class=EntryCompiler)
    _inner = njit(**_inside, _nrt=False, pipeline_class=PartCompiler)
else:
    _entry = njit(**_plainly, cache=True)
    _inner = njit(**_inside)


def entry_point(*takes):
    """For what Python calls, with what it takes."""

    def make(function):
        made = _entry(function)
        made.takes = takes
        return made

    return make


def helper(function):
    """For functions that only the kernel itself calls: they need no door to Python.

    numba would compile one anew for each constant that it is called with, and once more for each width of number: that is
    most of the time that compiling takes. All whole numbers are int64 here.
    """
    made = _inner(function)
    template = made.get_call_template

    def plain(args, kws):
        return template(tuple(_plain(arg) for arg in args), kws)

    made.get_call_template = plain
    return made


def _plain(kind):
    kind = types.unliteral(kind)
    return types.int64 if isinstance(kind, types.Integer) else kind
