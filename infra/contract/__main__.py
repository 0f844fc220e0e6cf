"""`make contract`: is docs/openapi.json well made and true? @redocly/cli reads it; Schemathesis
calls the local cloud's API with thousands of requests made from it, right and wrong ones, and holds
every answer to it.

What was answered stands in .local/contract afterwards. `--seeds 4 5` calls with other values,
`--examples 200` with more of them.
"""

import argparse
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.contract.world import World
from infra.stage import ROOT, UserError
from infra.venv import ensure
from localstack.server import serving
from localstack.stack import aimed_at, local_cloud

HERE = Path(__file__).parent
FOLDER = ROOT / ".local" / "contract"
DOCUMENT = ROOT / "docs" / "openapi.json"
REDOCLY = "@redocly/cli@2.77.0"


@dataclass
class Schemathesis:
    """The tool, aimed at an API; each run is bounded in time by what it is asked for."""

    url: str
    command: Path

    def run(self, title: str, *options: str) -> dict[str, Any]:
        """What it reports of a run, in which nothing may have failed."""
        report, log = FOLDER / f"{title}.json", FOLDER / f"{title}.log"
        command = [str(self.command), "--config-file", str(HERE / "schemathesis.toml")]
        command += ["run", str(DOCUMENT), "--url", self.url, "--checks", "all", "--no-color"]
        command += ["--report", "json", "--report-json-path", str(report), *options]
        variables = {"CONTRACT_FOLDER": str(FOLDER), "CONTRACT_HOOKS": str(HERE / "hooks.py")}
        with log.open("wb") as output:
            done = subprocess.run(
                command,
                cwd=FOLDER,
                env=os.environ | variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            print(log.read_text())
            raise UserError(f"{title}: docs/openapi.json is not true, or the API is not right")
        found: dict[str, Any] = json.loads(report.read_text())
        return found


def lint() -> None:
    """Hold the document to infra/redocly.yaml; that needs Node."""
    npx = shutil.which("npx")
    if npx is None:
        print("  left out: @redocly/cli, because npx is not installed")
        return
    command = [npx, "--yes", REDOCLY, "lint", "--config", "infra/redocly.yaml"]
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    done = subprocess.run(
        [*command, "--max-problems", "0", "docs/openapi.json"],
        cwd=ROOT,
        env=os.environ | quiet,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UserError(f"@redocly/cli found:\n{done.stdout}{done.stderr}")
    print("  @redocly/cli: no error", flush=True)


def check(seeds: list[int], examples: int) -> None:
    """Every case of the coverage phase once, then others from each seed."""
    tool = ensure(ROOT / ".local" / "contract-venv", ROOT / "infra" / "tools" / "contract.txt")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with _api() as api_url:
        world = World(FOLDER, api_url)
        world.build()
        schemathesis = Schemathesis(api_url.removesuffix("/api"), tool.with_name("schemathesis"))
        total, never = 0, _operations()
        for title, options in _runs(seeds, examples):
            world.renew()
            cases = schemathesis.run(title, *options)["test_cases"]["generated"]
            total, never = total + cases, never - _succeeded()
            print(f"  {title}: {cases} cases, no finding", flush=True)
    print(f"  without a success among the answers: {', '.join(sorted(never)) or 'none'}")
    print(f"contract: {total} cases, no finding")


def _operations() -> set[str]:
    paths = json.loads(DOCUMENT.read_text())["paths"].values()
    return {operation["operationId"] for path in paths for operation in path.values()}


def _succeeded() -> set[str]:
    """The operations that the last run has seen succeed."""
    answered = json.loads((FOLDER / "answered.json").read_text())
    return {name for name, statuses in answered.items() if any(s.startswith("2") for s in statuses)}


def _runs(seeds: list[int], examples: int) -> Iterator[tuple[str, list[str]]]:
    first = ["--seed", str(seeds[0])]
    yield "coverage", [*first, "--phases", "examples,coverage"]
    for seed in seeds:
        options = ["--seed", str(seed), "--max-examples", str(examples)]
        yield f"seed {seed}", [*options, "--phases", "fuzzing,stateful"]
    staff = ["--auth-wfc-user", "zoe", "--include-path-regex", "^/api/admin"]
    yield "staff", [*first, *staff, "--phases", "examples,coverage"]


@contextmanager
def _api() -> Iterator[str]:
    """A local cloud with our stack, and the API server before it."""
    with (
        local_cloud(FOLDER / "cloud") as outputs,
        serving(outputs, FOLDER / "server.log") as address,
        aimed_at(outputs["aws_endpoint"]),
    ):
        yield address


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.contract", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--examples", type=int, default=7, help="of each operation and seed")
    arguments = parser.parse_args()
    lint()
    check(arguments.seeds, arguments.examples)


if __name__ == "__main__":
    main()
