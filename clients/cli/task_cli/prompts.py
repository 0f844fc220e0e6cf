"""Questions to the person at the terminal."""

import sys

import typer

from task_cli.failures import Refused


def ask_secret(name: str) -> str:
    """Return a secret that is typed without being shown, or a line from a pipe."""
    if sys.stdin.isatty():
        return str(typer.prompt(name, hide_input=True))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise Refused(f"{name} is missing: stdin is empty")
    return line
