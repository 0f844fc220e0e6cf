"""`make contract`: check docs/openapi.json with @redocly/cli, and the API against it.

Schemathesis generates thousands of valid and invalid requests from the document, sends them to the
API on a local cloud, and checks every response against the document. Logs and reports are in
.local/contract. `--seeds 4 5` generates other values, `--examples 200` more of them.
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

from infra.contract.fixtures import ContractFixtures
from infra.stage import ROOT, UserError
from infra.venv import ensure_venv
from localstack.server import run_api_server
from localstack.stack import run_local_cloud, use_endpoint

HERE = Path(__file__).parent
FOLDER = ROOT / ".local" / "contract"
DOCUMENT = ROOT / "docs" / "openapi.json"
REDOCLY = "@redocly/cli@2.77.0"


@dataclass
class Schemathesis:
    """The Schemathesis command for the API at `url`."""

    url: str
    command: Path

    def run(self, title: str, *options: str) -> dict[str, Any]:
        """Run Schemathesis and return its JSON report. Raises UserError when a check fails."""
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
            raise UserError(f"{title}: the API and docs/openapi.json differ")
        content: dict[str, Any] = json.loads(report.read_text())
        return content


def lint() -> None:
    """Check the document against infra/redocly.yaml; skipped if Node is not installed.

    Raises UserError with the linter's output when it finds an error.
    """
    npx = shutil.which("npx")
    if npx is None:
        print("  skipped: @redocly/cli, because npx is not installed")
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
    """Run the coverage phase once and the random phases once per seed; print a summary."""
    requirements = ROOT / "infra" / "tools" / "contract.txt"
    python = ensure_venv(ROOT / ".local" / "contract-venv", requirements)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with _run_api() as api_url:
        fixtures = ContractFixtures(FOLDER, api_url)
        fixtures.create()
        schemathesis = Schemathesis(api_url.removesuffix("/api"), python.with_name("schemathesis"))
        total, unsuccessful = 0, _list_operations()
        for title, options in _list_runs(seeds, examples):
            fixtures.refresh_sessions()
            cases = schemathesis.run(title, *options)["test_cases"]["generated"]
            total, unsuccessful = total + cases, unsuccessful - _list_successful()
            print(f"  {title}: {cases} cases, no finding", flush=True)
    print(
        f"  operations without a successful response: {', '.join(sorted(unsuccessful)) or 'none'}"
    )
    print(f"contract: {total} cases, no finding")


def _list_operations() -> set[str]:
    paths = json.loads(DOCUMENT.read_text())["paths"].values()
    return {operation["operationId"] for path in paths for operation in path.values()}


def _list_successful() -> set[str]:
    """Return the ids of the operations that had a 2xx response in the last run."""
    responses = json.loads((FOLDER / "responses.json").read_text())
    return {
        operation
        for operation, statuses in responses.items()
        if any(status.startswith("2") for status in statuses)
    }


def _list_runs(seeds: list[int], examples: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the title and the options of each Schemathesis run."""
    first = ["--seed", str(seeds[0])]
    yield "coverage", [*first, "--phases", "examples,coverage"]
    for seed in seeds:
        options = ["--seed", str(seed), "--max-examples", str(examples)]
        yield f"seed {seed}", [*options, "--phases", "fuzzing,stateful"]
    staff = ["--auth-wfc-user", "zoe", "--include-path-regex", "^/api/admin"]
    yield "staff", [*first, *staff, "--phases", "examples,coverage"]


@contextmanager
def _run_api() -> Iterator[str]:
    """Run a local cloud, the stack and the API server; yield the API's URL."""
    with (
        run_local_cloud(FOLDER / "cloud") as outputs,
        run_api_server(outputs, FOLDER / "server.log") as api_url,
        use_endpoint(outputs["aws_endpoint"]),
    ):
        yield api_url


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.contract", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--examples", type=int, default=7, help="per operation and seed")
    arguments = parser.parse_args()
    lint()
    check(arguments.seeds, arguments.examples)


if __name__ == "__main__":
    main()
