"""Compiles the event lane with mypyc, from the same source, where `HATCH_BUILD_HOOKS_ENABLE=1 pip install .` asks for it.

Without that variable, and in an editable install, the package is pure Python. Records that are msgspec structs become
classes of mypyc's own on the way (`with_native_records`), since it reads attributes of those without asking the
interpreter; everything else is compiled as it stands, line by line, so that tracebacks show the lines of the source.
"""

from __future__ import annotations

import ast
import shutil
import sys
import tempfile
from contextlib import chdir
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMPILED = {
    "domain": ("fill", "instrument", "order"),
    "sim": (
        "account", "amend", "book", "choice", "entry", "exchange", "finer", "guards", "intake", "ledger", "market",
        "matching", "models", "reach", "records", "single", "walk", "watch",
    ),
    "engine": (
        "context", "delivery", "desk", "flat_times", "phases", "read_context", "recorder", "remote_exchange",
        "remote_replay", "replay", "risk_context", "streams", "views", "words",
    ),
    "runs": ("spool", "tables"),
}  # fmt: skip
"""The modules of the event lane, by package; whoever subclasses a class of theirs must be among them."""

GIVEN = ("engine/context.py", "engine/read_context.py", "engine/risk_context.py")
"""Modules that plugins call, with whatever they like: mypyc is not to refuse what these answer with a reason."""

DIRECT_CALLS = ("-fvisibility=hidden", "-fno-semantic-interposition", "-fno-plt")
"""For gcc and clang: functions of a module that no other library can replace are called without asking who they are."""

COLUMNS = {"_ints": ("write_i64_le", "<i8"), "_floats": ("write_f64_le", "<f8")}
"""What makes an array of a list, by name: the call that writes one value, and the type of the array."""

_WRITERS = "from librt.strings import BytesWriter, write_f64_le, write_i64_le"

MYPY = """\
[mypy]
follow_imports = silent
ignore_missing_imports = True
explicit_package_bases = True
namespace_packages = True
"""


class CompileEventLane(BuildHookInterface[Any]):
    """Adds compiled modules to a wheel, beside their source."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; the wheel is then one for this platform and this Python."""
        if version == "editable":
            return
        self._scratch = tempfile.TemporaryDirectory()
        root = Path(self._scratch.name)
        shutil.copytree(Path(self.root, "framework"), root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.so"))
        for built in compile_modules(root):
            build_data["force_include"][str(built)] = built.relative_to(root / "built").as_posix()
        build_data["dependencies"].append(f"librt>={version_of('librt')}")  # what mypyc's code runs on
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Drop what was built: it is in the wheel."""
        if version != "editable":
            self._scratch.cleanup()


def compile_modules(root: Path) -> list[Path]:
    """Compile the modules of a copy of the source at `root`; the files made, in `root/built` as a wheel places them."""
    from mypyc.build import mypycify  # noqa: PLC0415 - it is there only where something is compiled
    from setuptools import Distribution  # noqa: PLC0415

    modules = [f"barstep/{package}/{name}.py" for package, names in COMPILED.items() for name in names]
    for module in modules:
        file = root / module
        source = with_native_columns(with_native_records(file.read_text("utf-8")))
        file.write_text(taking_anything(source) if module.endswith(GIVEN) else source, "utf-8")
    config = root / "mypy.ini"
    config.write_text(MYPY, "utf-8")
    with chdir(root):
        extensions = mypycify([f"--config-file={config}", *modules], group_name="barstep", target_dir="c")
        for extension in extensions if sys.platform == "linux" else ():
            extension.extra_compile_args += DIRECT_CALLS
        command = Distribution({"name": "barstep", "ext_modules": extensions}).get_command_obj("build_ext")
        command.build_lib, command.build_temp = "built", "objects"  # type: ignore[attr-defined]
        command.ensure_finalized()
        command.run()
    return sorted(path for path in (root / "built").rglob("*") if path.suffix in (".so", ".pyd"))


def with_native_records(source: str) -> str:
    """The source with its structs that compare by identity as plain classes, on the same lines."""
    lines = source.split("\n")
    for record in ast.parse(source).body:
        if isinstance(record, ast.ClassDef) and _is_record(record):
            fields = [each for each in record.body if isinstance(each, ast.AnnAssign)]
            first, last = fields[0].lineno - 1, fields[-1].end_lineno or 0
            made = _initialiser(record.name, fields)
            lines[first:last] = made + [""] * (last - first - len(made))
            lines[record.lineno - 2] = "@mypyc_attr(acyclic=True)"  # what `gc=False` says to msgspec
            lines[record.lineno - 1] = f"class {record.name}:"
    return _with_import("\n".join(lines), "from mypy_extensions import mypyc_attr")


def with_native_columns(source: str) -> str:
    """The source with columns such as `_ints([o.size for o in orders])` written number by number: no list, no objects.

    Each becomes a function of its own at the end of the module. `orders` is a parameter there, whose type says what `o` is,
    so only columns of a parameter are taken; all other lines stay where they are.
    """
    lines, written = source.split("\n"), list[str]()
    for function in ast.parse(source).body:
        if isinstance(function, ast.FunctionDef):
            kinds = {arg.arg: ast.unparse(arg.annotation) for arg in function.args.args if arg.annotation}
            columns = [each for each in ast.walk(function) if _is_column(each, kinds)]
            for column in sorted(columns, key=lambda call: -call.col_offset):
                name, at = f"_column_{len(written)}", column.lineno - 1
                rows = ast.unparse(column.args[0].generators[0].iter)
                written.append(_writer(name, f"{rows}: {kinds[rows]}", column))
                lines[at] = f"{lines[at][: column.col_offset]}{name}({rows}){lines[at][column.end_col_offset :]}"
    return "\n".join([*lines, _WRITERS, *written] if written else lines)


def taking_anything(source: str) -> str:
    """The source with functions that take arguments of any type, on the same lines."""
    lines = source.split("\n")
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    taken = [arg for each in functions for arg in (*each.args.posonlyargs, *each.args.args, *each.args.kwonlyargs)]
    kinds = [arg.annotation for arg in taken] + [each.returns for each in functions]
    named = [kind for kind in kinds if kind is not None and not isinstance(kind, ast.Constant)]
    for kind in sorted(named, key=lambda node: -node.col_offset):
        at = kind.lineno - 1
        lines[at] = f"{lines[at][: kind.col_offset]}Any{lines[at][kind.end_col_offset :]}"
    return _with_import("\n".join(lines), "from typing import Any")


def _with_import(source: str, line: str) -> str:
    """The source with one more import for the compiler, on a line that is there already."""
    return source.replace("if TYPE_CHECKING:\n    ", f"if TYPE_CHECKING:\n    {line}; ", 1)


def _is_column(node: ast.AST, kinds: dict[str, str]) -> bool:
    """Whether this is a column of all rows of one of these parameters, on one line, that needs no other parameter."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in COLUMNS):
        return False
    values = node.args[0]
    if not isinstance(values, ast.ListComp) or node.lineno != node.end_lineno:
        return False
    seen, *more = values.generators
    if more or seen.ifs or ast.unparse(seen.iter) not in kinds:
        return False
    return not any(isinstance(each, ast.Name) and each.id in kinds for each in ast.walk(values.elt))


def _writer(name: str, rows: str, column: Any) -> str:
    """The function that makes a column's array of rows."""
    seen = column.args[0].generators[0]
    write, dtype = COLUMNS[column.func.id]
    return f"""
def {name}({rows}) -> Any:
    column = BytesWriter()
    for {ast.unparse(seen.target)} in {ast.unparse(seen.iter)}:
        {write}(column, {ast.unparse(column.args[0].elt)})
    return np.frombuffer(column.getvalue(), "{dtype}")
"""


def _is_record(record: ast.ClassDef) -> bool:
    is_struct = any(isinstance(base, ast.Name) and base.id == "Struct" for base in record.bases)
    return is_struct and {word.arg for word in record.keywords} == {"gc", "eq"}


def _initialiser(name: str, fields: list[ast.AnnAssign]) -> list[str]:
    """`__init__` and `__copy__` of a record, a line each."""
    named = [(ast.unparse(field.target), ast.unparse(field.annotation), field.value) for field in fields]
    taken = [f"{field}: {kind}" + (f" = {ast.unparse(value)}" if value else "") for field, kind, value in named]
    stored = [f"self.{field}: {kind} = {field}" for field, kind, _ in named]
    copied = [f"self.{field}" for field, _, _ in named]
    made = [f"    def __init__(self, {', '.join(taken)}) -> None: {'; '.join(stored)}"]
    if len(fields) > 1:
        made.append(f"    def __copy__(self) -> '{name}': return {name}({', '.join(copied)})")
    return made
