"""Conditions on the points of a grid, such as `fast < slow`: read node by node, never evaluated by Python."""

from __future__ import annotations

import ast
import operator
from decimal import Decimal, DecimalException
from typing import TYPE_CHECKING, Any

from barstep.config.positions import near
from barstep.config.reading import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Value = Decimal | str | bool
"""What an axis holds, for comparing: a number where its text is one, else true or false, else the text."""

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
_CALCULATE: dict[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_LONGEST = 500  # characters of a condition
_FORM = "a condition such as fast < slow, made of axes, numbers, text, + - * / // %, comparisons, and, or, not, in"


def comparable(text: object) -> Value:
    """The value of an axis as conditions see it."""
    if isinstance(text, bool | Decimal):
        return text
    word = "" if text is None else str(text)
    if word in ("true", "false"):
        return word == "true"
    try:
        number = Decimal(word)
    except DecimalException:
        return word
    return number if number.is_finite() else word


class Condition:
    """One condition over the axes of a grid.

    Args:
        text: Such as `fast * 2 < slow and data.instrument != "NQ"`; an axis goes by its path or by the path's last part.
        axes: The paths of the axes.

    Raises:
        RefusedError: It is no condition, or a name in it is no axis, or it names none.
    """

    def __init__(self, text: str, axes: Sequence[str]) -> None:
        self.text = text
        self._axes = list(axes)
        self._used: set[str] = set()
        try:
            tree = ast.parse(text[:_LONGEST].strip(), mode="eval").body if len(text) <= _LONGEST else None
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            tree = None
        if tree is None:
            raise RefusedError(_FORM)
        self._test = self._make(tree)
        if not self._used:
            raise RefusedError(f"a condition on an axis: {', '.join(self._axes)}")

    def __call__(self, point: Mapping[str, Value]) -> bool:
        """Whether a point fulfils it.

        Raises:
            RefusedError: It cannot be computed for this point: text compared with a number, division by zero.
        """
        try:
            return self._truth(self._test(point))
        except (TypeError, DecimalException) as fault:
            values = ", ".join(f"{axis} = {point[axis]}" for axis in self._axes if axis in self._used)
            why = "a division by zero" if isinstance(fault, DecimalException) else "text and numbers mixed"
            raise RefusedError(f"a condition that can be computed for every point; for {values} it has {why}") from None

    def _make(self, node: ast.expr) -> Callable[[Mapping[str, Value]], Any]:
        """A function of a point for a node of the tree; only what is named here is allowed."""
        if isinstance(node, ast.BoolOp):
            parts = [self._make(value) for value in node.values]
            if isinstance(node.op, ast.And):
                return lambda point: all(self._truth(part(point)) for part in parts)
            return lambda point: any(self._truth(part(point)) for part in parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
            inner = self._make(node.operand)
            return (
                (lambda point: not self._truth(inner(point)))
                if isinstance(node.op, ast.Not)
                else lambda point: -inner(point)
            )
        if isinstance(node, ast.BinOp) and type(node.op) in _CALCULATE:
            return self._calculation(_CALCULATE[type(node.op)], self._make(node.left), self._make(node.right))
        if isinstance(node, ast.Compare) and all(type(op) in _COMPARE for op in node.ops):
            sides = [self._make(side) for side in (node.left, *node.comparators)]
            signs = [_COMPARE[type(op)] for op in node.ops]
            return lambda point: all(
                sign(left(point), right(point)) for sign, left, right in zip(signs, sides, sides[1:], strict=False)
            )
        if isinstance(node, ast.List | ast.Tuple):
            entries = [self._make(entry) for entry in node.elts]
            return lambda point: [entry(point) for entry in entries]
        if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float | str):
            value = node.value if isinstance(node.value, bool) else comparable(str(node.value))
            return lambda _: value
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            return self._axis(_path_of(node))
        raise RefusedError(_FORM, got=ast.unparse(node))

    def _truth(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise RefusedError(
                "a condition that is true or false, such as fast < slow", got=f"{self.text}, which is {value}"
            )
        return value

    @staticmethod
    def _calculation(sign: Any, left: Any, right: Any) -> Callable[[Mapping[str, Value]], Decimal]:
        def compute(point: Mapping[str, Value]) -> Decimal:
            one, two = left(point), right(point)
            if type(one) is not Decimal or type(two) is not Decimal:
                raise TypeError("no number")
            result: Decimal = sign(one, two)
            return result

        return compute

    def _axis(self, name: str) -> Callable[[Mapping[str, Value]], Value]:
        if name in ("true", "false"):
            return lambda _: name == "true"
        found = [axis for axis in self._axes if name in (axis, axis.rpartition(".")[2])]
        if name in self._axes:
            found = [name]
        if not found:
            names = [*(axis.rpartition(".")[2] for axis in self._axes), *self._axes]
            raise RefusedError(f"the name of an axis: {', '.join(self._axes)}", near(name, names), got=name)
        if len(found) > 1:
            raise RefusedError(f"one of {', '.join(found)}", got=f"{name}, which is the end of several axes")
        axis = found[0]
        self._used.add(axis)
        return lambda point: point[axis]


def _path_of(node: ast.expr) -> str:
    """The path that a chain of names stands for: `risk.max_position.contracts`, `strategies[0].options.fast`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_path_of(node.value)}.{node.attr}"
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int):
        return f"{_path_of(node.value)}[{node.slice.value}]"
    raise RefusedError(_FORM, got=ast.unparse(node))
