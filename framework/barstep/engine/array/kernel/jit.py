"""How the kernel's functions are compiled: without the interpreter's lock, whole-number division unchecked."""

from numba import njit, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

entry_point = njit(nogil=True, error_model="numpy", cache=True)
"""For what Python calls; kept on disk."""


class _NoEnvironments:
    """Stands where numba would tell the running machine code of a function's globals: a part has no such code."""

    def set_env(self, *_): ...


class _Part(JITCodeLibrary):
    """A helper's code as numba writes it down: it is optimised and made machine code in the entry point it is linked into.

    numba would do both for each function, and again for all that a function calls: a third of the time of compiling.
    """

    codegen = _NoEnvironments()

    def _optimize_final_module(self): ...

    def _finalize_final_module(self):
        self._finalized = True

    def get_pointer_to_function(self, _):
        return 1  # nobody calls it


class _PartCompiler(Compiler):
    def __init__(self, *args):
        super().__init__(*args)
        self.state.library = _Part(self.state.targetctx.codegen(), "part")


_inner = njit(
    nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, pipeline_class=_PartCompiler
)


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
