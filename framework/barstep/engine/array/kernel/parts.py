"""Helpers of the kernel without machine code of their own, by the insides of one numba version."""

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


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


class PartCompiler(Compiler):
    """Compiles a function into a part: njit's `pipeline_class`."""

    def __init__(self, *args):
        super().__init__(*args)
        self.state.library = _Part(self.state.targetctx.codegen(), "part")
