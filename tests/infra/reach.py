"""What a function may call: the code that its handler reaches, by name, without running it.

A function is reached when reached code mentions its name, a method when reached code has an attribute of its name. That
errs on the safe side: two methods of one name are both reached, so a grant may be thought needed that is not, but none
is missed that is.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from local.emulator import ROOT

PRODUCT = ROOT / "layers" / "tandem" / "python"

Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class _Module:
    """One file's code, TYPE_CHECKING blocks left out. `foreign`: names in it that are modules of others."""

    tree: ast.Module
    imported: frozenset[str]
    foreign: frozenset[str]


@dataclass(frozen=True)
class _Waiting:
    """A function that nothing reached has mentioned yet."""

    node: Definition
    is_method: bool
    module: _Module


def reached_code(handler: Path, product: Path = PRODUCT) -> list[ast.AST]:
    """The syntax that can run from `handler`: of each module that it imports, directly or not, what stands outside of
    functions, and every function that such code mentions."""
    reached: list[ast.AST] = []
    waiting: list[_Waiting] = []
    names, attributes = {"handler"}, set[str]()

    def reach(node: ast.AST, module: _Module) -> None:
        reached.append(node)
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and not _is_foreign(node, module):
            attributes.add(node.attr)

    for module in _imported(handler, product):
        for node, is_method in _outside_of_functions(module.tree):
            if isinstance(node, Definition):
                waiting.append(_Waiting(node, is_method, module))
            else:
                reach(node, module)

    def is_mentioned(one: _Waiting) -> bool:
        name = one.node.name
        is_called_by_python = name.startswith("__") and name.endswith("__")
        return name in attributes or (is_called_by_python if one.is_method else name in names)

    while ready := [one for one in waiting if is_mentioned(one)]:
        waiting = [one for one in waiting if not is_mentioned(one)]
        for one in ready:
            for part in ast.walk(one.node):
                reach(part, one.module)
    return reached


def _imported(handler: Path, product: Path) -> list[_Module]:
    found: dict[Path, _Module] = {}
    waiting = [handler]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = module = _read(path)
        for name in module.imported:
            parts = name.split(".")
            for length in range(1, len(parts) + 1):
                place = product.joinpath(*parts[:length])
                waiting += [file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()]
    return list(found.values())


@cache
def _read(path: Path) -> _Module:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    imported, foreign = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
            foreign |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # What is imported from a package may be a module of it.
            imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return _Module(tree, frozenset(imported), frozenset(name for name in foreign if name != "tandem"))


def _outside_of_functions(node: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    """The parts of a module, and whether each stands in a class: functions as a whole, everything else part by part."""
    for part in ast.iter_child_nodes(node):
        yield part, isinstance(node, ast.ClassDef)
        if not isinstance(part, Definition):
            yield from _outside_of_functions(part)
            continue
        # Decorators and defaults run with the module.
        for run in (*part.decorator_list, *part.args.defaults, *(value for value in part.args.kw_defaults if value)):
            yield run, False
            yield from _outside_of_functions(run)


def _is_foreign(node: ast.Attribute, module: _Module) -> bool:
    """`sys.stdout.write` mentions no method of ours."""
    root: ast.expr = node
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id in module.foreign
