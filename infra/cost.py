"""What a month costs: `python -m infra.cost` writes the tables of docs/cost.md.

Request units come from the tables of docs/data-model.md, prices from prices.toml, memory and alarms
from the packaged stages. Durations, sizes and the mix of requests are this file's own; durations
are assumptions until somebody has measured them on AWS.
"""

import re
import tomllib
from dataclasses import dataclass
from typing import Any

from infra.alarms import functions
from infra.package import package
from infra.stage import ROOT, load
from infra.template import read

_PAGE = ROOT / "docs" / "cost.md"
# | [`call`](code), variant | reads | writes | RRU | WRU | trips |
_LINKED = re.compile(
    r"^\| \[(`[^`]+`)\]\([^)]+\)([^|]*?) \|[^|]*\|[^|]*\| ([\d.]+) \| ([\d.]+) \|", re.M
)
_BEGIN, _END = "<!-- computed -->\n", "<!-- end -->"
_LOG_BYTES = 700  # the app's line, the access log's, Lambda's own
_ANSWER_BYTES = 2_000
_TRACED = 0.05
# Minutes between the runs of what wakes by itself, by its rule.
_MINUTES = {"rate(1 minute)": 1, "rate(5 minutes)": 5, "cron(0/5 * * * ? *)": 5}
_MONTH = 30 * 24 * 60
_RUN_SECONDS = 0.5


@dataclass(frozen=True)
class Share:
    """A kind of request: its part of the mix, the row that holds its units, what comes on top."""

    call: str
    percent: int
    more_reads: float = 0  # pages of a list, and what a row leaves open
    more_writes: float = 0
    seconds: float = 0.030  # assumed
    mails: float = 0
    objects_read: float = 0
    objects_written: float = 0


# A change's part of the catalogue that every sixteenth renews.
_SIXTEENTH = {"objects_read": 1 / 16, "objects_written": 1 / 16}
_MIX = (
    Share("`GET /api/tasks/{task_id}`", 30),
    Share("`status=`", 15),
    Share("`status=`, `ordering=due_date`", 10, seconds=0.060, objects_read=1),
    Share("`GET /api/projects`, 1 on the page", 10, more_reads=20),
    Share("`assigned_to=me`", 10),
    Share("`PATCH .../status`", 8, **_SIXTEENTH),
    Share("`PATCH /api/tasks/{task_id}`, title", 5, **_SIXTEENTH),
    Share("`POST /api/tasks`", 4, **_SIXTEENTH),
    Share("`POST .../comments`", 3, mails=1),
    Share("`GET .../attachments/{attachment_id}/download`", 2),
    Share("`POST /api/auth/refresh`", 2),
    Share("`POST /api/auth/login`", 1, seconds=0.120),
)
_MAIL_READS, _MAIL_WRITES = 8, 7


def prices() -> dict[str, dict[str, float]]:
    return tomllib.loads((ROOT / "infra" / "prices.toml").read_text())


def units() -> dict[str, tuple[float, float]]:
    """Call -> read and write units, from the tables of the data model."""
    page = (ROOT / "docs" / "data-model.md").read_text()
    return {row[1] + row[2]: (float(row[3]), float(row[4])) for row in _LINKED.finditer(page)}


def million_requests() -> dict[str, float]:
    """Dollars for a million requests of the mix, by what they are asked for."""
    price, known, memory = prices(), units(), load("prod").memory["APIHandler"] / 1024
    parts = [(share, share.percent / 100, known[share.call]) for share in _MIX]
    mails = sum(part * share.mails for share, part, _ in parts)
    reads = sum(p * (own[0] + s.more_reads) for s, p, own in parts) + mails * _MAIL_READS
    writes = sum(p * (own[1] + s.more_writes) for s, p, own in parts) + mails * _MAIL_WRITES
    seconds = sum(part * share.seconds for share, part, _ in parts)
    read = sum(part * share.objects_read for share, part, _ in parts)
    written = sum(part * share.objects_written for share, part, _ in parts)
    each = price["million"]
    return {
        "API Gateway": each["api_request"],
        "Lambda, requests": each["function_request"] * (1 + mails),
        "Lambda, time": seconds * memory * price["function"]["gigabyte_second"] * 1e6,
        f"DynamoDB, {reads:.1f} read units each": reads * each["read_unit"],
        f"DynamoDB, {writes:.1f} write units each": writes * each["write_unit"],
        "S3, catalogues": read * each["object_get"] + written * each["object_put"],
        f"SES, {mails:.2f} mails each": mails * each["mail"],
        "Logs": _LOG_BYTES / 1e3 * price["gigabyte"]["log_written"],
        "Traces": _TRACED * each["trace"],
        "Answers sent": _ANSWER_BYTES / 1e3 * price["gigabyte"]["sent_out"],
    }


def idle_month(stage: str) -> dict[str, float]:
    """Dollars for a month in which nobody calls."""
    price, template = prices(), read(package(load(stage)))
    resources = template["Resources"]
    alarms = sum(r["Type"] == "AWS::CloudWatch::Alarm" for r in resources.values())
    woken, known = _woken(resources), units()
    runs = sum(woken.values())
    reads, writes = (sum(known[job][way] * times for job, times in woken.items()) for way in (0, 1))
    gigabyte_seconds = runs * _RUN_SECONDS * 0.5 * price["function"]["gigabyte_second"]
    return {
        f"{alarms} alarms": alarms * price["month"]["alarm"],
        "The secret": price["month"]["secret"],
        f"{runs:,} runs of schedules": runs * price["million"]["function_request"] / 1e6
        + gigabyte_seconds,
        "Their request units": (
            reads * price["million"]["read_unit"] + writes * price["million"]["write_unit"]
        )
        / 1e6,
    }


def _woken(resources: dict[str, Any]) -> dict[str, int]:
    """The row of each function that wakes by itself all day, and how often it does in a month."""
    rules = {
        name: event["Properties"].get("Schedule")
        for name, function in functions(resources).items()
        for event in function.get("Events", {}).values()
    }
    often = {name: _MONTH // _MINUTES[rule] for name, rule in rules.items() if rule in _MINUTES}
    return {f"`{_in_python(name)}`, nothing to do": times for name, times in often.items()}


def _in_python(name: str) -> str:
    """`SweepMail` -> `sweep_mail`."""
    return re.sub(r"\B([A-Z])", r"_\1", name).lower()


def _table(title: str, costs: dict[str, float]) -> str:
    rows = [f"| {what} | {dollars:.2f} |" for what, dollars in costs.items()]
    return "\n".join(
        [
            f"| {title} | $ |",
            "| --- | ---: |",
            *rows,
            f"| **Sum** | **{sum(costs.values()):.2f}** |",
        ]
    )


def computed() -> str:
    mix = [f"| {share.call} | {share.percent} |" for share in _MIX]
    tables = [
        "\n".join(["| The mix | % |", "| --- | ---: |", *mix]),
        _table("A million requests of it", million_requests()),
        _table("A month of prod, idle", idle_month("prod")),
        _table("A month of dev, idle", idle_month("dev")),
        _table("A month of a gigabyte", prices()["gigabyte_month"]),
    ]
    return "\n\n".join(tables) + "\n\n"


def main() -> None:
    before, _, rest = _PAGE.read_text().partition(_BEGIN)
    _PAGE.write_text(before + _BEGIN + "\n" + computed() + _END + rest.partition(_END)[2])


if __name__ == "__main__":
    main()
