"""Measure the product beside a reference and a Django peer: `make bench`.

Writes bench/results.json, docs/performance.md and its picture. All figures are counts that repeat:
instructions, files, modules, bytes. Needs Valgrind; the peer needs a PostgreSQL server.

`python -m bench --only growth purge` measures some parts, prints their goals and writes nothing.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench import growth, instructions, page, postgresql
from bench.instructions import FEW, MANY
from bench.proxy import DELAY_SECONDS, Proxy, serve_proxy
from bench.results import ROUND_TRIPS, SCENARIOS, Results
from bench.subjects import Subject, build_reference, run_django, run_product
from infra.stage import LOCAL, ROOT, load_stage
from localstack.stack import Outputs

RESULTS = ROOT / "bench" / "results.json"
PURGED_TASKS = 1_000
TRIP_RUNS = 3
PARTS = ("requests", "trips", "growth", "purge", "web")
_START = time.monotonic()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    parts = parser.parse_args().only or PARTS
    if not instructions.is_available():
        sys.exit("error: Valgrind is missing (Debian: apt-get install valgrind)")

    results = Results(python=platform.python_version())
    if {"requests", "trips", "growth"}.intersection(parts):
        measure_product(results, parts)
    if "purge" in parts:
        say(f"purging a project of {PURGED_TASKS:,} tasks")
        results.units_per_purged_task = purge_sample()
    if "web" in parts:
        say("loading pages of the web client")
        measure_web_client()
    for row in results.list_rows():
        print(f"  {'met   ' if row.is_met else 'MISSED'} {row.measured:>15,} {row.name}")
    if parts == PARTS:
        RESULTS.write_text(json.dumps(results.to_json(), indent=2) + "\n")
        page.write(results)
    say("done")


def say(text: str) -> None:
    """Print what begins now, after the minutes and seconds so far."""
    minutes, seconds = divmod(int(time.monotonic() - _START), 60)
    print(f"{minutes:02}:{seconds:02} {text}", flush=True)


def measure_product(results: Results, parts: Sequence[str]) -> None:
    """Fill in those parts that need the packaged product in a local cloud."""
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        say("starting the local cloud")
        product, outputs = stack.enter_context(run_product(folder))
        if "requests" in parts:
            binaries = postgresql.find_binaries()
            if binaries is None:
                sys.exit(
                    "error: a PostgreSQL server is missing (Debian: apt-get install postgresql)"
                )
            say("counting instructions of requests")
            reference = build_reference(outputs)
            django = stack.enter_context(run_django(binaries, folder / "postgresql"))
            measure_requests(results, product, reference, django)
            results.zip_bytes = load_stage(LOCAL).zip.stat().st_size
        if "trips" in parts:
            say("counting round trips")
            measure_round_trips(results, product, outputs)
        if "growth" in parts:
            say(f"filling projects of up to {growth.LARGE:,} tasks")
            measure_growth(results, product, outputs)


def measure_requests(
    results: Results, product: Subject, reference: Subject, django: Subject
) -> None:
    """Fill in the counts of all subjects, two at a time; print each as it is known."""
    subjects = {"product": product, "reference": reference, "django": django}

    def measure(scenario: str, name: str) -> None:
        count = subjects[name].count_per_request(scenario)
        results.warm[scenario][name] = count
        print(f"  {scenario:<12} {name:<10} {count / 1e3:>9,.0f} kIr", flush=True)

    for scenario in SCENARIOS:
        names = [name for name in subjects if (name, scenario) != ("reference", "statistics")]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda name: measure(scenario, name), names))  # noqa: B023
    for name, subject in (("product", product), ("django", django)):
        results.first[name] = subject.count("get", 1)
        results.imported[name] = subject.count("get", 0)
        print(f"  first answer {name:<10} {results.first[name] / 1e6:>9,.0f} MIr", flush=True)
    results.cold_start = product.count_cold_start()
    results.eager = product.count_cold_start("--eager")


def measure_round_trips(results: Results, product: Subject, outputs: Outputs) -> None:
    """Fill in the sequential round trips of each scenario, with calls that take 50 ms more."""
    endpoint = outputs["aws_endpoint"]
    with serve_proxy(endpoint, endpoint) as proxy:
        delayed = replace(
            product, environment=product.environment | {"AWS_ENDPOINT_URL": proxy.address}
        )
        for scenario in ROUND_TRIPS:
            # A busy machine can only delay a call until after the one beside it: the fewest count.
            trips, connections = min(
                _count_round_trips(delayed, proxy, scenario) for _ in range(TRIP_RUNS)
            )
            results.round_trips[scenario] = trips
            results.connections = max(results.connections, connections)
            print(f"  {scenario:<12} {trips:>5} round trips, {connections} connections", flush=True)


def _count_round_trips(product: Subject, proxy: Proxy, scenario: str) -> tuple[float, int]:
    """Return the sequential round trips of a request, and the connections of the process."""
    traffic = []
    for requests in (FEW, MANY):
        with proxy.count(delay=DELAY_SECONDS) as counted:
            product.run(scenario, requests)
        traffic.append(counted)
    return traffic[1].minus(traffic[0], MANY - FEW)["round_trips"], traffic[1].connections


def measure_growth(results: Results, product: Subject, outputs: Outputs) -> None:
    """Fill in the costs of requests in a small and in a large project."""
    with growth.fill_large_table(product, outputs) as table:
        results.reminder_calls = table.reminder_calls
        say("counting instructions in large projects")
        for size in growth.SNAPSHOT_SIZES:
            cost = table.measure(growth.SNAPSHOT_LIST, size)
            results.growth[growth.SNAPSHOT_LIST][size] = cost
            print(f"  {size:>7,} tasks from the snapshot {cost.instructions / 1e3:>9,.0f} kIr")
        for scenario in growth.SCENARIOS:
            costs = results.growth[scenario] = table.measure_sizes(scenario)
            counts = " and ".join(f"{cost.instructions / 1e3:,.0f}" for cost in costs.values())
            print(f"  {scenario:<40} {counts} kIr", flush=True)


def measure_web_client() -> None:
    """Write web_client.json: what pages of the web client load and render, in Chromium."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "", "tests/live/browser/test_budget.py"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "WRITE_MEASUREMENTS": "1"}, check=True)


def purge_sample() -> float:
    """Return the write units for each task of a project that ticks delete."""
    command = [sys.executable, "-m", "bench.purge", str(PURGED_TASKS)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    print(done.stdout, flush=True)
    return float(done.stdout.rsplit(maxsplit=1)[-1])


if __name__ == "__main__":
    main()
