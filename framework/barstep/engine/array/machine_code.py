"""The kernel's machine code in a file: numba makes it once for a machine, and is not loaded to run it.

A function that numba compiles without a door to Python takes the place for what it returns, the place for what it raises, and
then its arguments: a whole number as it is, an array as its owner, its owner's object, its size, bytes an item, its place,
its shape and its strides. It answers 0 when it went well (numba.core.callconv, numba.core.datamodel).
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import tempfile
from base64 import b64decode, b64encode
from functools import cache
from importlib import import_module
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from barstep.domain.errors import InvariantError
from barstep.engine.array.kernel.takes import Takes

if TYPE_CHECKING:
    from collections.abc import Mapping


class Compiled(NamedTuple):
    """One function: what it takes, its name in the object file, numpy's name of what it returns, and the file."""

    takes: tuple[Takes, ...]
    symbol: str
    gives: str
    code: bytes


def machine() -> str:
    """A short name of this machine's processor: code made for it may not run on another."""
    llvm = _llvm()
    told = f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def save(functions: Mapping[str, Compiled], file: Path) -> None:
    """Write functions into a file, whole or not at all."""
    kept = {name: each._asdict() | {"code": b64encode(each.code).decode()} for name, each in functions.items()}
    handle, name = tempfile.mkstemp(dir=file.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "w") as stream:
            json.dump(kept, stream)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def read(file: Path) -> dict[str, Compiled]:
    """The functions that `save` wrote; empty where there is no whole file."""
    try:
        kept = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return {
        name: Compiled(tuple(Takes(*t) for t in each["takes"]), each["symbol"], each["gives"], b64decode(each["code"]))
        for name, each in kept.items()
    }


def link(functions: Mapping[str, Compiled]) -> dict[str, Function]:
    """Functions that can be called, from their machine code."""
    llvm = _llvm()
    engine = llvm.create_mcjit_compiler(
        llvm.parse_assembly(""), llvm.Target.from_default_triple().create_target_machine(jit=True)
    )
    for each in functions.values():
        engine.add_object_file(llvm.ObjectFileRef.from_data(each.code))
    engine.finalize_object()
    return {name: Function(name, engine, each) for name, each in functions.items()}


@cache
def _llvm() -> Any:
    llvm = import_module("llvmlite.binding")
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


class Function:
    """A compiled function, called with arrays and whole numbers."""

    def __init__(self, name: str, engine: Any, made: Compiled) -> None:
        self._name, self._engine = name, engine  # the engine holds the code
        self._takes = [(np.dtype(dtype), dims, written) for dtype, dims, written in made.takes]
        self._gives = bool(made.gives)
        self._answer = ctypes.c_uint64 if made.gives.startswith("u") else ctypes.c_int64
        words = sum(5 + 2 * dims if dims else 1 for _, dims, _ in self._takes)
        places = ctypes.c_void_p, ctypes.c_void_p
        form = ctypes.CFUNCTYPE(ctypes.c_int32, *places, *repeat(ctypes.c_int64, words))
        self._call = form(engine.get_function_address(made.symbol))

    def __call__(self, *given: Any) -> int:
        """Call it; the interpreter's lock is free meanwhile.

        Raises:
            TypeError: An argument is not what the function takes.
            InvariantError: The code raised, which it never does.
        """
        words: list[int] = []
        for value, (dtype, dims, written) in zip(given, self._takes, strict=True):
            if dims == 0:
                words.append(value)
                continue
            flags = value.flags
            if (
                value.dtype != dtype
                or value.ndim != dims
                or not flags.c_contiguous
                or (written and not flags.writeable)
            ):
                kind = f"{dtype}, {dims}-d, without gaps{', writable' if written else ''}"
                raise TypeError(f"{self._name}: got {value.dtype} of shape {value.shape}, expected {kind}")
            words += (0, 0, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides)
        answer, raised = self._answer(), ctypes.c_void_p()
        if self._call(ctypes.addressof(answer), ctypes.addressof(raised), *words):
            raise InvariantError(f"the array lane's {self._name} failed; this is a bug of barstep, please report it")
        return answer.value if self._gives else 0
