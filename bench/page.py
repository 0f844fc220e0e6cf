"""Write docs/performance.md and its picture from the results."""

import json
import subprocess

from bench import growth
from bench.results import SCENARIOS, Results, Row
from bench.subjects import BENCH, ensure_bench_venv
from infra.stage import ROOT

PAGE = ROOT / "docs" / "performance.md"
WEB_CLIENT = BENCH / "web_client.json"
PICTURE = ROOT / "docs" / "images" / "performance.svg"
_TEXT = """\
# Performance

`make bench` measures the packaged API function and writes this page. The figures are CPU
instructions (Valgrind's cachegrind, Python {python}): they repeat to 0.1 % on any machine, busy or
not. The store runs in another process and does not count. Two programs are measured beside it:

- [the reference](../bench/reference/app.py): four endpoints as the manuals of Chalice and PynamoDB
  show them;
- [the Django peer](../bench/peers/django): the same endpoints with Django REST framework and
  PostgreSQL.

Both do less than the product: they have no sessions that can be ended, no versions, no idempotency
keys, no counters and no rate limits.

![Instructions of one request](images/performance.svg)

## One warm request

In thousands of instructions:

{warm}

## Cold start

{cold}

A process opens {opened} files, imports {modules} modules and takes {memory} MB of memory until its
first answer; {eager_memory} MB if it imports everything and creates the clients of all services at
once, as usual.

## Round trips

AWS calls that wait for each other in one warm request. A proxy delays each call by 50 ms, so that
calls at the same time can be told apart from one after the other.

{trips}

A process keeps {connections} connections. [The data model](data-model.md#what-a-call-costs) has the
round trips and request units of every call; a test measures them.

## Large projects

The same request in a project of {small} and of {large} tasks, on DynamoDB Local. A page has as many
tasks in both, so instructions, calls and request units should be the same, too:

{growth}

A list in an order that no index has with its filter is made from the project's
[list snapshot](decisions/0033-lists-come-from-a-snapshot.md):

{snapshot}

The copied tasks have all items that the transaction of a create writes. The counters were
recounted, and lists in each order compared with all tasks.

A run of the reminder function makes {reminder_small:g} calls in a small table, {reminder_large:g}
in a large one. To purge a deleted project takes {purge:g} write units for each of its tasks, which
have an assignee, a label, a comment, a watcher, activity and search terms.
[The data model](data-model.md#what-a-purge-costs) says why the goal cannot be met.

## The web client

JavaScript after gzip that a page loads until it is shown and usable, in kB. What an action needs,
such as opening a dialog, is loaded by it. The charts of the statistics, and what is below the
fields of a task, are loaded when the page is shown.

{pages}

A board of {board[tasks]} tasks renders the {board[cards]} cards in sight, {board[nodes]:,} nodes
of the document. While a page loads nothing moves: the [layout
shift](https://web.dev/articles/cls) is at most {shift:g}.
[A test](../tests/live/browser/test_budget.py) measures this in Chromium.

## Goals

{goals}
"""


def _describe_outcome(row: Row) -> str:
    if row.is_met:
        return "yes"
    return f"no: {row.reason}" if row.reason else "no"


def write(results: Results) -> None:
    """Write the page and the picture."""
    subjects = ("product", "reference", "django")
    warm = _build_table(
        ("Request", "Product", "Reference", "Django", "Share of Django"),
        [
            (
                f"`{request}`",
                *(_thousands(results.warm[name].get(subject)) for subject in subjects),
                f"{results.warm[name]['product'] / results.warm[name]['django']:.2f}",
            )
            for name, (request, _) in SCENARIOS.items()
        ],
    )
    cold = _build_table(
        ("From the start of the process, millions of instructions", "Product", "Django"),
        [
            (label, *(f"{counts[name] / 1e6:,.0f}" for name in ("product", "django")))
            for label, counts in (
                ("to the imported app", results.imported),
                ("to the first answer", results.first),
            )
        ],
    )
    client = json.loads(WEB_CLIENT.read_text())
    pages = _build_table(
        ("Page", "kB"),
        [(name, f"{size / 1000:.0f}") for name, size in client["first_load_gzip_bytes"].items()],
    )
    trips = _build_table(
        ("Request", "Round trips"),
        [(f"`{name}`", f"{trips:g}") for name, trips in results.round_trips.items()],
    )
    goals = _build_table(
        ("Goal", "Measured", "At most", "Met"),
        [
            (row.name, f"{row.measured:,}", f"{row.goal:,}", _describe_outcome(row))
            for row in results.list_rows()
        ],
    )
    PAGE.write_text(
        _TEXT.format(
            python=results.python,
            warm=warm,
            cold=cold,
            goals=goals,
            trips=trips,
            growth=_build_growth_table(results),
            snapshot=_build_snapshot_table(results),
            small=growth.SMALL,
            large=f"{growth.LARGE:,}",
            connections=results.connections,
            eager_memory=results.eager["memory"],
            reminder_small=results.reminder_calls["small"],
            reminder_large=results.reminder_calls["large"],
            purge=results.units_per_purged_task,
            pages=pages,
            board=client["board"],
            shift=max(client["layout_shift"].values()),
            **results.cold_start,
        )
    )
    plot = [str(ensure_bench_venv()), str(BENCH / "plot.py"), str(BENCH / "results.json")]
    subprocess.run([*plot, str(PICTURE)], check=True)
    print(f"  wrote {PAGE.relative_to(ROOT)} and {PICTURE.relative_to(ROOT)}")


def _build_growth_table(results: Results) -> str:
    rows = []
    for scenario in growth.SCENARIOS:
        small, large = (results.growth[scenario][size] for size in (growth.SMALL, growth.LARGE))
        rows.append(
            (
                f"`{scenario}`",
                *(_thousands(cost.instructions) for cost in (small, large)),
                f"{large.instructions / small.instructions:.3f}",
                f"{small.calls:g} / {large.calls:g}",
                f"{small.units:g} / {large.units:g}",
            )
        )
    head = ("Request", f"kIr at {growth.SMALL}", f"kIr at {growth.LARGE:,}", "Share")
    return _build_table((*head, "Calls", "Units"), rows)


def _build_snapshot_table(results: Results) -> str:
    costs = results.growth[growth.SNAPSHOT_LIST]
    return _build_table(
        ("Tasks", "kIr", "Calls"),
        [
            (f"{size:,}", _thousands(cost.instructions), f"{cost.calls:g}")
            for size, cost in costs.items()
        ],
    )


def _thousands(count: int | None) -> str:
    return "" if count is None else f"{count / 1000:,.0f}"


def _build_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a Markdown table whose columns after the first are aligned to the right."""
    marks = ("---", *["---:"] * (len(head) - 1))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, marks, *rows))
