"""Print the mutants of a module as JSON: `python generate.py MODULE`.

It runs in the virtual environment of Cosmic Ray, so it imports nothing of this project.
"""

import ast
import difflib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

# Negated conditions, neighbors of comparisons, and the operators and values that decide.
OPERATORS = [
    "AddNot",
    "NumberReplacer",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceBinaryOperator_Add_Sub",
    "ReplaceBinaryOperator_Sub_Add",
    "ReplaceBinaryOperator_Mul_Add",
    "ReplaceBinaryOperator_BitAnd_BitOr",
    "ReplaceBinaryOperator_BitOr_BitAnd",
]


def list_mutants(code: str) -> Iterator[dict[str, Any]]:
    """Yield the change, its line and the whole code of each mutant that differs beside
    annotations."""
    seen = {"", _without_annotations(code)}
    for name in OPERATORS:
        occurrence = 0
        while mutated := mutate_code(code, get_operator(f"core/{name}")(), occurrence):
            occurrence += 1
            if (essence := _without_annotations(mutated)) not in seen:
                seen.add(essence)
                line = _find_line(code, mutated)
                yield {"change": _describe(code, mutated), "line": line, "code": mutated}


def _without_annotations(code: str) -> str:
    """Return what the code does, in one spelling; nothing if it is no Python."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(None)
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.ClassDef):  # frozen structs are a rule for developers
            node.keywords = [each for each in node.keywords if each.arg != "frozen"]
    return ast.unparse(tree)


def _find_line(code: str, mutated: str) -> int:
    """Return the number of the first line that differs."""
    lines = zip(code.splitlines(), mutated.splitlines(), strict=False)
    return next(number for number, (old, new) in enumerate(lines, 1) if old != new)


def _describe(code: str, mutated: str) -> str:
    """Return the changed line before and after: `a == b → a != b`."""
    lines = difflib.unified_diff(code.splitlines(), mutated.splitlines(), n=0, lineterm="")
    changes = [line[1:].strip() for line in list(lines)[2:] if line[0] in "-+"]
    half = len(changes) // 2
    return " ".join(changes[:half]) + " → " + " ".join(changes[half:])


if __name__ == "__main__":
    mutants = list(list_mutants(Path(sys.argv[1]).read_text()))
    mutants.sort(key=lambda mutant: mutant["change"])
    print(json.dumps(mutants))
