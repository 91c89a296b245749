"""The kernel's functions as object files, and its helpers without any, by the insides of one numba version."""

import numpy as np
from numba import from_dtype, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_lock import global_compiler_lock


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


class _Entry(_Part):
    """An entry point's code, optimised with all that it calls, as an object file; it is not loaded into this process."""

    def _optimize_final_module(self):
        JITCodeLibrary._optimize_final_module(self)

    def _finalize_final_module(self):
        self.object = self._codegen._tm.emit_object(self._final_module)
        super()._finalize_final_module()


class PartCompiler(Compiler):
    """Compiles a function into a part: njit's `pipeline_class`."""

    library = _Part

    def __init__(self, *args):
        super().__init__(*args)
        self.state.library = self.library(self.state.targetctx.codegen(), "part")


class EntryCompiler(PartCompiler):
    """Compiles a function into an object file."""

    library = _Entry


def machine_code(entry):
    """Compile an entry point.

    Returns:
        The name of its function in the object file, numpy's name of what it returns or an empty text, and the file's bytes.
    """
    entry.compile(tuple(_type(each) for each in entry.takes))
    (made,) = entry.overloads.values()
    with global_compiler_lock:
        made.library.finalize()
    answer = made.signature.return_type
    return made.fndesc.llvm_func_name, "" if answer == types.none else str(answer), made.library.object


def _type(takes):
    kind = from_dtype(np.dtype(takes.dtype))
    return types.Array(kind, takes.dims, "C", readonly=not takes.written) if takes.dims else kind
