"""`make mutants`: measure how many mutants the tests notice, and write docs/mutants.md.

    python -m infra.mutants                 # all areas; half an hour on two cores
    python -m infra.mutants cursors tokens  # these; the other rows keep their last results
    python -m infra.mutants --survivors     # after new tests: only the mutants that survived

A mutant that no test notices is a survivor. Each one is explained in survivors.toml, or it is a
missing test. Survivors that are explained as equal in behavior do not count.
"""

import argparse
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from infra.mutants.copies import BUILD, ProjectCopy
from infra.mutants.mutants import Mutant, list_mutants
from infra.mutants.page import AreaResult, read_areas, write_areas

_TARGETS = Path(__file__).parent / "targets.toml"


@dataclass(frozen=True)
class Area:
    """Modules to change, and the tests that should notice."""

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]


def read_targets() -> tuple[list[Area], int]:
    """Return the areas, and how many mutants each has at most."""
    targets = tomllib.loads(_TARGETS.read_text())
    areas = [
        Area(name, tuple(each["modules"]), tuple(each["tests"]))
        for name, each in targets["areas"].items()
    ]
    return areas, targets["sample"]


def _find_order(test: str, targets: tuple[str, ...]) -> int:
    return next(number for number, target in enumerate(targets) if test.startswith(target))


def measure(area: Area, mutants: list[Mutant], copies: "Queue[ProjectCopy]") -> tuple[str, ...]:
    """Run, for each mutant of an area, the tests that reach it, in the order of the area.

    Returns the names of the survivors.
    """
    copy = copies.get()
    reach = copy.find_reach(area.modules, area.tests)
    copies.put(copy)
    in_order = sorted(reach, key=lambda test: _find_order(test, area.tests))

    def find_failure(mutant: Mutant) -> str | None:
        tests = [
            test for test in in_order if mutant.function is None or mutant.function in reach[test]
        ]
        copy = copies.get()
        try:
            return copy.find_failure(mutant, tests) if tests else None
        finally:
            copies.put(copy)
            print(".", end="", flush=True)

    with ThreadPoolExecutor(copies.maxsize) as pool:
        failures = list(pool.map(find_failure, mutants))
    lines = [
        f"{mutant.name}\n    {failure}\n" for mutant, failure in zip(mutants, failures, strict=True)
    ]
    (BUILD / f"{area.name}.log").write_text("".join(lines))
    survivors = tuple(
        mutant.name for mutant, failure in zip(mutants, failures, strict=True) if failure is None
    )
    print(f" {area.name}: {len(mutants) - len(survivors)} of {len(mutants)} killed")
    return survivors


def main() -> None:
    areas, sample = read_targets()
    parser = argparse.ArgumentParser(prog="python -m infra.mutants")
    parser.add_argument("areas", nargs="*", help=f"of {', '.join(area.name for area in areas)}")
    parser.add_argument("--workers", type=int, default=2, help="copies that run tests at a time")
    parser.add_argument("--sample", type=int, default=sample, help="mutants of each area")
    parser.add_argument(
        "--survivors", action="store_true", help="run only the survivors; the code is unchanged"
    )
    arguments, known = parser.parse_args(), read_areas()
    copies: Queue[ProjectCopy] = Queue(arguments.workers)
    for number in range(arguments.workers):
        copies.put(ProjectCopy(number))
    try:
        for area in areas:
            if not arguments.areas or area.name in arguments.areas:
                mutants = list_mutants(area.modules, arguments.sample)
                tried = mutants
                if arguments.survivors:
                    tried = [each for each in mutants if each.name in known[area.name].survivors]
                result = AreaResult(len(mutants), measure(area, tried, copies))
                write_areas(read_areas() | {area.name: result})
    finally:
        for copy in list(copies.queue):
            copy.remove()


if __name__ == "__main__":
    main()
