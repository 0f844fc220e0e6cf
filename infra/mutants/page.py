"""docs/mutants.md: the results of `make mutants`, and the explanations of the survivors.

infra/mutants/results.json holds the last results, survivors.toml the explanations: `equal` of
survivors that behave like the original, `accepted` of others.
"""

import json
import tomllib
from pathlib import Path
from typing import NamedTuple

from infra.stage import ROOT

PAGE = ROOT / "docs" / "mutants.md"
_RESULTS = Path(__file__).parent / "results.json"
_SURVIVORS = Path(__file__).parent / "survivors.toml"
_BEGIN, _END = "<!-- generated -->\n", "<!-- end -->"
# The share of mutants that the tests notice, of those that differ in behavior.
GOAL_PERCENT = 90


class AreaResult(NamedTuple):
    """The number of mutants of an area, and those that no test noticed."""

    mutants: int
    survivors: tuple[str, ...]


class Rate(NamedTuple):
    """Mutants that differ in behavior, and how many of them a test noticed."""

    counted: int
    killed: int

    @property
    def percent(self) -> float:
        return 100 * self.killed / self.counted if self.counted else 100


def read_areas() -> dict[str, AreaResult]:
    """Return the last result of each area."""
    stored = json.loads(_RESULTS.read_text()) if _RESULTS.exists() else {}
    return {
        name: AreaResult(each["mutants"], tuple(each["survivors"])) for name, each in stored.items()
    }


def write_areas(areas: dict[str, AreaResult]) -> None:
    """Store the results and write the page."""
    stored = {name: result._asdict() for name, result in areas.items()}
    _RESULTS.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n")
    write_page()


def read_explanations() -> dict[str, dict[str, str]]:
    """Return the explanations by kind (`equal`, `accepted`) and survivor."""
    explanations: dict[str, dict[str, str]] = tomllib.loads(_SURVIVORS.read_text())
    return explanations


def rate(result: AreaResult) -> Rate:
    """Return the rate of an area; survivors that are equal in behavior do not count."""
    equal = read_explanations()["equal"]
    counted = [survivor for survivor in result.survivors if survivor not in equal]
    killed = result.mutants - len(result.survivors)
    return Rate(killed + len(counted), killed)


def total_rate() -> Rate:
    """Return the rate of all areas together."""
    rates = [rate(result) for result in read_areas().values()]
    return Rate(sum(each.counted for each in rates), sum(each.killed for each in rates))


def has_reached_goal() -> bool:
    """Return whether the tests notice enough mutants, and the other ones are explained."""
    return total_rate().percent >= GOAL_PERCENT and not find_unexplained()


def find_unexplained() -> list[str]:
    """Return the survivors that survivors.toml does not explain."""
    explained = {name for each in read_explanations().values() for name in each}
    areas = read_areas().values()
    return [name for result in areas for name in result.survivors if name not in explained]


def render() -> str:
    """Return the generated part of the page."""
    total = total_rate()
    reached = "reached" if has_reached_goal() else "not reached"
    lines = [
        f"The goal is to notice {GOAL_PERCENT} % of the mutants that differ in behavior. "
        f"The tests notice {total.percent:.0f} %: it is {reached}.",
        "",
        "| Area | Mutants | Equal in behavior | Noticed | Share |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, result in read_areas().items():
        found = rate(result)
        equal = result.mutants - found.counted
        lines.append(
            f"| {name} | {result.mutants} | {equal} | {found.killed} of {found.counted} "
            f"| {found.percent:.0f} % |"
        )
    lines.append(f"| all | | | {total.killed} of {total.counted} | {total.percent:.0f} % |")
    survivors = {name for result in read_areas().values() for name in result.survivors}
    for kind, title in (("equal", "Equal in behavior"), ("accepted", "Accepted")):
        explanations = read_explanations()[kind]
        known = sorted(survivors & explanations.keys())
        lines += ["", f"## {title}", ""]
        lines += [f"- `{name}`: {explanations[name]}" for name in known] or ["None."]
    lines += ["", "## Tests that are missing", ""]
    lines += [f"- `{name}`" for name in sorted(find_unexplained())] or ["None."]
    return "\n".join(lines) + "\n"


def write_page() -> None:
    """Replace the generated part of the page."""
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    after = rest.partition(_END)[2]
    PAGE.write_text(before + _BEGIN + render() + _END + after)


if __name__ == "__main__":  # after a change of survivors.toml
    write_page()
