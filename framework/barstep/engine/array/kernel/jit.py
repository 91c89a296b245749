"""How the kernel's functions are compiled: without the interpreter's lock, whole-number division unchecked."""

import numba
from numba import njit, types

entry_point = njit(nogil=True, error_model="numpy", cache=True)
"""For what Python calls; kept on disk."""


TESTED = "0.68"
"""The numba whose insides `parts` is written for; another one compiles in the plain way, which takes longer."""

if numba.__version__.startswith(f"{TESTED}."):
    from barstep.engine.array.kernel.parts import PartCompiler

    _pipeline = {"pipeline_class": PartCompiler}
else:
    _pipeline = {}

_inner = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, **_pipeline)


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
