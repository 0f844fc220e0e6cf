"""The mutants of a module, and the tests that reach what a mutant changes."""

import ast
import json
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

from infra.stage import ROOT
from infra.venv import ensure_venv

_SEED = 1
_GENERATE = Path(__file__).parent / "generate.py"


@dataclass(frozen=True)
class Mutant:
    """A changed module: a name that says where and how it is changed, and the whole code.

    `function` is the innermost function around the change as `module:line`; None for a change
    outside of functions.
    """

    module: str
    name: str
    code: str
    function: str | None


def list_mutants(modules: tuple[str, ...], sample: int) -> list[Mutant]:
    """Return at most `sample` mutants of some modules, the same ones each time."""
    requirements = ROOT / "infra" / "tools" / "mutants.txt"
    python = ensure_venv(ROOT / ".local" / "mutants-venv", requirements)
    mutants = []
    for module in modules:
        command = [str(python), str(_GENERATE), module]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        tree = ast.parse((ROOT / module).read_text())
        for each in json.loads(done.stdout):
            function = _find_function(tree, each["line"])
            place = f"{module}, {function.name}" if function else module
            reached = f"{module}:{_first_line(function)}" if function else None
            mutants.append(Mutant(module, f"{place}: {each['change']}", each["code"], reached))
    return random.Random(_SEED).sample(mutants, min(sample, len(mutants)))


def _find_function(tree: ast.Module, line: int) -> ast.FunctionDef | None:
    """Return the innermost function whose body has this line."""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.body[0].lineno <= line <= (node.end_lineno or 0)
    ]
    return max(around, key=lambda node: node.lineno, default=None)


def _first_line(function: ast.FunctionDef) -> int:
    return min([function.lineno, *(each.lineno for each in function.decorator_list)])
