"""What each module of cargo_stow imports, read from its text: nothing is run."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import cargo_stow

PACKAGE = Path(cargo_stow.__file__).parent


@dataclass(frozen=True, slots=True)
class Module:
    """`imports` are full names, of modules or of what was taken from them: in functions and for type checkers too."""

    name: str
    tree: ast.Module
    imports: frozenset[str]


def load_modules() -> dict[str, Module]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found[name] = Module(name, tree, frozenset(_imports(tree)))
    return found


def _imports(tree: ast.Module) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def uses(module: Module, *libraries: str) -> set[str]:
    """Which of these libraries, or parts of them, a module imports."""
    return {name for name in module.imports for each in libraries if name == each or name.startswith(f"{each}.")}


def calls(module: Module) -> set[str]:
    """The dotted names that a module mentions, as `os.system`."""
    nodes = (node for node in ast.walk(module.tree) if isinstance(node, ast.Attribute))
    return {f"{node.value.id}.{node.attr}" for node in nodes if isinstance(node.value, ast.Name)}


def graph(modules: dict[str, Module]) -> dict[str, set[str]]:
    """For each module those of ours that it imports; a name out of a package counts as the package's."""
    return {
        name: {_owner(each, modules) for each in module.imports if each.startswith("cargo_stow")}
        for name, module in modules.items()
    }


def _owner(name: str, modules: dict[str, Module]) -> str:
    return name if name in modules else name.rpartition(".")[0]
