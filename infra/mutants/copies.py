"""Copies of the project. A test run uses a copy in which a mutant takes the place of a module."""

import json
import os
import shutil
import subprocess
import sys
import time

from infra.mutants.mutants import Mutant
from infra.stage import ROOT, UserError

BUILD = ROOT / "build" / "mutants"
_NOT_COPIED = ("build", ".git", ".venv", ".local", "node_modules", ".mypy_cache")
_PLUGIN = "infra.mutants.pytest_plugin"


class ProjectCopy:
    """A copy of the project."""

    def __init__(self, number: int) -> None:
        self._folder = BUILD / f"{os.getpid()}-{number}"
        self._exchange = BUILD / f"{os.getpid()}-{number}.json"
        shutil.copytree(ROOT, self._folder, ignore=shutil.ignore_patterns(*_NOT_COPIED))
        (self._folder / ".local").symlink_to(ROOT / ".local")

    def remove(self) -> None:
        shutil.rmtree(self._folder)
        self._exchange.unlink(missing_ok=True)

    def find_reach(self, modules: tuple[str, ...], tests: tuple[str, ...]) -> dict[str, list[str]]:
        """Run tests and return the functions of `modules` (`module:line`) that each of them calls.

        Raises UserError when one fails.
        """
        options = [f"--reach-of={','.join(modules)}", f"--reach-file={self._exchange}"]
        done = self._run([*options, *tests])
        if done.returncode != 0:
            raise UserError(f"a test fails without a mutant:\n{done.stdout[-3000:]}")
        reach: dict[str, list[str]] = json.loads(self._exchange.read_text())
        return reach

    def find_failure(self, mutant: Mutant, tests: list[str]) -> str | None:
        """Run tests with the mutant in place of its module; return the first failure, or None."""
        self._exchange.write_text(json.dumps(tests))
        files = sorted({test.partition("::")[0] for test in tests})
        path = self._folder / mutant.module
        original = path.read_text()
        path.write_text(mutant.code)
        start = time.monotonic()
        try:
            done = self._run([f"--run-only={self._exchange}", *files])
        finally:
            path.write_text(original)
        if done.returncode == 0:
            return None
        failures = [line for line in done.stdout.splitlines() if line[:5] in ("FAILE", "ERROR")]
        reason = failures[0] if failures else f"exit status {done.returncode}"
        return f"{reason} ({time.monotonic() - start:.0f} s)"

    def _run(self, arguments: list[str]) -> "subprocess.CompletedProcess[str]":
        # -B: Python would take the byte code of a mutant for that of the next one, if both have the
        # same size and were written in the same second.
        command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-n0", "--tb=no"]
        command += ["-p", "no:cacheprovider", "-p", _PLUGIN]
        return subprocess.run(
            [*command, *arguments], cwd=self._folder, capture_output=True, text=True, check=False
        )
