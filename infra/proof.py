"""`make proof`: run the tests of the promises and write docs/proof.md.

    python -m infra.proof               # all promises
    python -m infra.proof 8 20          # these; the other rows keep their last results
    python -m infra.proof --check       # write nothing; fail if the page's rows are not these

A test that tries many cases reports their number as the property `cases`; other tests are one case
each. The results come from pytest's JUnit file, so the page shows what ran, not what was intended.
"""

import argparse
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from infra.stage import ROOT, UserError

PAGE = ROOT / "docs" / "proof.md"
_PROMISES = ROOT / "infra" / "promises.toml"
_REPORT = ROOT / "build" / "proof.xml"
_BEGIN, _END = "<!-- generated -->\n", "<!-- end -->"
_NOT_RUN = ("not run", "")


@dataclass(frozen=True)
class Promise:
    """A promise: the tests (files, or `file::test`) that show it, and the part only AWS shows."""

    number: int
    says: str
    tests: tuple[str, ...]
    aws: str = ""

    def shows(self, file: str, test: str) -> bool:
        return file in self.tests or f"{file}::{test}" in self.tests


@dataclass
class Result:
    """The number of cases of a promise's tests, and how many tests failed or were skipped."""

    cases: int = 0
    failed: int = 0
    skipped: int = 0

    def __str__(self) -> str:
        if self.failed or self.skipped or not self.cases:
            return f"**{self.failed} failed, {self.skipped} skipped**, {self.cases:,} cases"
        return f"{self.cases:,} case{'s' if self.cases > 1 else ''}"


def read_promises() -> list[Promise]:
    """Return the promises of infra/promises.toml; the order gives the numbers."""
    entries = tomllib.loads(_PROMISES.read_text())["promise"]
    return [
        Promise(number, entry["says"], tuple(entry["tests"]), entry.get("aws", ""))
        for number, entry in enumerate(entries, 1)
    ]


def run_tests(promises: Iterable[Promise], options: Sequence[str]) -> bool:
    """Run the tests of the promises, also those that take long; return whether all passed."""
    tests = sorted({test for promise in promises for test in promise.tests})
    command = [sys.executable, "-m", "pytest", "-q", "-m", "", *options]
    done = subprocess.run(
        [*command, "-o", "junit_family=xunit1", f"--junitxml={_REPORT}", *tests],
        cwd=ROOT,
        check=False,
    )
    return done.returncode == 0


def read_results(promises: Sequence[Promise]) -> dict[int, Result]:
    """Return the result of each promise by number, from the report of the last run."""
    results = {promise.number: Result() for promise in promises}
    for case in ET.parse(_REPORT).iter("testcase"):
        file = case.attrib["classname"].replace(".", "/") + ".py"
        test = case.attrib["name"].partition("[")[0]
        for promise in promises:
            if promise.shows(file, test):
                _add(results[promise.number], case)
    return results


def _add(result: Result, case: ET.Element) -> None:
    found = [
        int(each.attrib["value"])
        for each in case.iter("property")
        if each.attrib["name"] == "cases"
    ]
    result.cases += sum(found) if found else 1
    result.failed += any(case.find(kind) is not None for kind in ("failure", "error"))
    result.skipped += case.find("skipped") is not None


def read_rows() -> dict[int, tuple[str, str]]:
    """Return the figure and the date of each row of the page."""
    rows = re.findall(r"^\| (\d+) \|.*\| ([^|]*) \| ([^|]*) \|$", PAGE.read_text(), re.M)
    return {int(number): (figure, date) for number, figure, date in rows}


def render(promises: Iterable[Promise], rows: dict[int, tuple[str, str]]) -> str:
    """Return the generated part of the page; `rows` has figure and date by number."""
    lines = ["| # | Promise | Tests | Result | Last run |", "| ---: | --- | --- | ---: | --- |"]
    for promise in promises:
        links = "<br>".join(_link(test) for test in promise.tests)
        figure, date = rows.get(promise.number, _NOT_RUN)
        lines.append(f"| {promise.number} | {promise.says} | {links} | {figure} | {date} |")
    aws = [f"- {promise.number}: {promise.aws}" for promise in promises if promise.aws]
    return "\n".join([*lines, "", "Only a deployed stack shows these parts:", "", *aws, ""])


def _link(test: str) -> str:
    file, _, name = test.partition("::")
    return f"[`{name or file.removeprefix('tests/')}`](../{file})"


def write_page(promises: Iterable[Promise], rows: dict[int, tuple[str, str]]) -> None:
    """Replace the generated part of the page."""
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    after = rest.partition(_END)[2]
    PAGE.write_text(before + _BEGIN + render(promises, rows) + _END + after)


def is_page_current() -> bool:
    """Return whether the page has these promises and tests; results and dates may be any."""
    return render(read_promises(), read_rows()) in PAGE.read_text()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.proof")
    parser.add_argument("numbers", nargs="*", type=int, help="the promises to test; default: all")
    parser.add_argument("--check", action="store_true", help="only compare the page's rows")
    parser.add_argument("--workers", default="auto", help="processes of pytest")
    arguments = parser.parse_args()
    promises = read_promises()
    if arguments.check:
        if not is_page_current():
            raise UserError("docs/proof.md is out of date: run make proof")
        return
    chosen = [
        each for each in promises if not arguments.numbers or each.number in arguments.numbers
    ]
    passed = run_tests(chosen, ["-n", arguments.workers])
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    results = read_results(chosen)
    rows = read_rows() | {number: (str(result), today) for number, result in results.items()}
    write_page(promises, rows)
    print(f"wrote {PAGE.relative_to(ROOT)}")
    if not passed:
        raise UserError("a promise is broken: see the tests that failed above")


if __name__ == "__main__":
    main()
