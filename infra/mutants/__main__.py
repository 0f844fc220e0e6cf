"""`make mutants`: measure how many mutants the tests notice, and write docs/mutants.md.

    python -m infra.mutants                 # all areas; about an hour on two cores
    python -m infra.mutants cursors tokens  # these; the other rows keep their last results

A mutant that no test notices is a survivor. Each one is explained in survivors.toml, or it is a
missing test. Survivors that are explained as equal in behavior do not count.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from infra.mutants.page import AreaResult, read_areas, write_areas
from infra.stage import ROOT, UserError
from infra.venv import ensure_venv

_FOLDER = Path(__file__).parent
_COPIES = ROOT / "build" / "mutants"
_NOT_COPIED = ("build", ".git", ".venv", ".local", "node_modules", ".mypy_cache", "__pycache__")
_SEED = 1


@dataclass(frozen=True)
class Area:
    """Modules to change, and the tests that should notice."""

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Mutant:
    """A changed module: the changed line before and after, and the whole code."""

    module: str
    change: str
    code: str


def read_targets() -> tuple[list[Area], int]:
    """Return the areas, and how many mutants each has at most."""
    targets = tomllib.loads((_FOLDER / "targets.toml").read_text())
    areas = [
        Area(name, tuple(each["modules"]), tuple(each["tests"]))
        for name, each in targets["areas"].items()
    ]
    return areas, targets["sample"]


def list_mutants(area: Area, sample: int) -> list[Mutant]:
    """Return at most `sample` mutants of an area, the same ones each time."""
    requirements = ROOT / "infra" / "tools" / "mutants.txt"
    python = ensure_venv(ROOT / ".local" / "mutants-venv", requirements)
    mutants = []
    for module in area.modules:
        command = [str(python), str(_FOLDER / "generate.py"), module]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        mutants += [
            Mutant(module, each["change"], each["code"]) for each in json.loads(done.stdout)
        ]
    return random.Random(_SEED).sample(mutants, min(sample, len(mutants)))


class ProjectCopy:
    """A copy of the project in which one module at a time is replaced."""

    def __init__(self, number: int) -> None:
        self._folder = _COPIES / f"{os.getpid()}-{number}"
        shutil.copytree(ROOT, self._folder, ignore=shutil.ignore_patterns(*_NOT_COPIED))
        (self._folder / ".local").symlink_to(ROOT / ".local")

    def remove(self) -> None:
        shutil.rmtree(self._folder)

    def run(self, tests: tuple[str, ...], timeout: float) -> bool:
        """Run tests until one fails; return whether all passed in `timeout` seconds."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider"]
        try:
            done = subprocess.run(
                [*command, "-p", "no:randomly", *tests],
                cwd=self._folder,
                capture_output=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def is_survivor(self, mutant: Mutant, tests: tuple[str, ...], timeout: float) -> bool:
        """Run the tests with the mutant in place of its module."""
        path = self._folder / mutant.module
        original = path.read_text()
        path.write_text(mutant.code)
        try:
            return self.run(tests, timeout)
        finally:
            path.write_text(original)


def measure(area: Area, sample: int, copies: "Queue[ProjectCopy]") -> AreaResult:
    """Run the tests of an area for each of its mutants. Raises UserError if they fail without."""
    copy = copies.get()
    start = time.monotonic()
    if not copy.run(area.tests, timeout=1_200):
        raise UserError(f"the tests of {area.name} fail without a mutant: {' '.join(area.tests)}")
    timeout = 20 + 4 * (time.monotonic() - start)
    copies.put(copy)
    mutants = list_mutants(area, sample)

    def survives(mutant: Mutant) -> bool:
        copy = copies.get()
        try:
            return copy.is_survivor(mutant, area.tests, timeout)
        finally:
            copies.put(copy)
            print(".", end="", flush=True)

    with ThreadPoolExecutor(copies.maxsize) as pool:
        outcomes = list(pool.map(survives, mutants))
    survivors = [
        f"{mutant.module}: {mutant.change}"
        for mutant, survived in zip(mutants, outcomes, strict=True)
        if survived
    ]
    print(f" {area.name}: {len(mutants) - len(survivors)} of {len(mutants)} killed")
    return AreaResult(len(mutants), tuple(survivors))


def main() -> None:
    areas, sample = read_targets()
    parser = argparse.ArgumentParser(prog="python -m infra.mutants")
    parser.add_argument("areas", nargs="*", help=f"of {', '.join(area.name for area in areas)}")
    parser.add_argument("--workers", type=int, default=2, help="copies that run tests at a time")
    parser.add_argument("--sample", type=int, default=sample, help="mutants of each area")
    arguments = parser.parse_args()
    copies: Queue[ProjectCopy] = Queue(arguments.workers)
    for number in range(arguments.workers):
        copies.put(ProjectCopy(number))
    try:
        for area in areas:
            if not arguments.areas or area.name in arguments.areas:
                result = measure(area, arguments.sample, copies)
                write_areas(read_areas() | {area.name: result})
    finally:
        for copy in list(copies.queue):
            copy.remove()


if __name__ == "__main__":
    main()
