"""Compile the files of a folder to bytecode without docstrings.

`python compiler.py FOLDER INSTALL_PATH [--sourceless]` runs with the Python of the functions'
runtime, so it imports nothing of the project. Line numbers and assertions stay: `python -OO`
removes assertions too, which libraries rely on. With `--sourceless` the bytecode takes the place of
the source.
"""

import ast
import importlib.util
import marshal
import sys
from pathlib import Path

# PEP 552: the file is valid without a look at its source.
_UNCHECKED_HASH = (0b01).to_bytes(4, "little")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def compile_without_docstrings(source: bytes, filename: str) -> bytes:
    """Return the content of the `.pyc` file; tracebacks show `filename`."""
    tree = ast.parse(source, filename)
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            first, *rest = node.body
            # An empty class or function needs a statement.
            node.body = rest or [ast.copy_location(ast.Pass(), first)]
    code = compile(tree, filename, "exec", dont_inherit=True, optimize=0)
    source_hash = importlib.util.source_hash(source)
    return importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + source_hash + marshal.dumps(code)


def main(folder: str, install_path: str, *options: str) -> None:
    is_sourceless = "--sourceless" in options
    for path in sorted(Path(folder).rglob("*.py")):
        filename = f"{install_path}/{path.relative_to(folder).as_posix()}"
        try:
            compiled = compile_without_docstrings(path.read_bytes(), filename)
        except SyntaxError:  # a file for other versions of Python
            continue
        if is_sourceless:
            path.with_suffix(".pyc").write_bytes(compiled)
            path.unlink()
        else:
            target = Path(importlib.util.cache_from_source(str(path)))
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(compiled)


if __name__ == "__main__":
    main(*sys.argv[1:])
