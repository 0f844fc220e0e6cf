"""Estimate the cost on AWS: `python -m infra.monitoring.cost` writes the tables of docs/cost.md.

Request units come from the tables of docs/data-model.md, prices from prices.toml, memory and alarms
from the packaged stages. Durations, sizes and the mix of requests are defined here. The durations
are assumptions; nobody has measured them on AWS yet.
"""

import re
import tomllib
from dataclasses import dataclass
from typing import Any

from infra.monitoring.alarms import find_functions
from infra.packaging.package import package
from infra.stage import ROOT, load_stage
from infra.template import read_template

_PAGE = ROOT / "docs" / "cost.md"
# Matches: | call | reads | writes | RRU | WRU | AWS calls | trips |
_CALL_ROW = re.compile(
    r"^\| ([^|]+?) \|[^|]*\|[^|]*\| ([\d.]+) \| ([\d.]+) \| \d+ \| \d+ \|$", re.M
)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
_BEGIN, _END = "<!-- computed -->\n", "<!-- end -->"
_LOG_BYTES = 700  # log lines of the app, of the gateway and of Lambda
_ANSWER_BYTES = 2_000
_TRACED = 0.05  # share of requests
# Schedule -> minutes between two runs.
_MINUTES = {"rate(1 minute)": 1, "rate(5 minutes)": 5, "cron(0/5 * * * ? *)": 5}
_MONTH_MINUTES = 30 * 24 * 60
_RUN_SECONDS = 0.5
_OPTIONAL = {"HasIdentityProviders"}  # conditions that a stage does not have by default


@dataclass(frozen=True)
class Share:
    """A kind of request in the mix. `call` names its row in the tables of request units."""

    call: str
    percent: int
    more_reads: float = 0  # list pages, and reads beyond the row
    more_writes: float = 0
    seconds: float = 0.030  # assumed
    mails: float = 0
    objects_read: float = 0
    objects_written: float = 0


# One in sixteen changes of a task rewrites a list snapshot.
_SNAPSHOT = {"objects_read": 1 / 16, "objects_written": 1 / 16}
REQUEST_MIX = (
    Share("`GET /api/tasks/{task_id}`", 30),
    Share("`status=`", 15),
    Share("`status=`, `ordering=due_date`", 10, seconds=0.060, objects_read=1),
    Share("`GET /api/projects`, 1 on the page", 10, more_reads=20),
    Share("`assigned_to=me`", 10),
    Share("`PATCH .../status`", 8, **_SNAPSHOT),
    Share("`PATCH /api/tasks/{task_id}`, title", 5, **_SNAPSHOT),
    Share("`POST /api/tasks`", 4, **_SNAPSHOT),
    Share("`POST .../comments`", 3, mails=1),
    Share("`GET .../attachments/{attachment_id}/download`", 2),
    Share("`POST /api/auth/refresh`", 2),
    Share("`POST /api/auth/login`", 1, seconds=0.120),
)
_MAIL_READS, _MAIL_WRITES = 9, 11


def read_prices() -> dict[str, dict[str, float]]:
    """Return the prices in US dollars: unit -> item -> price."""
    return tomllib.loads((ROOT / "infra" / "prices.toml").read_text())


def read_request_units() -> dict[str, tuple[float, float]]:
    """Return the read and write units of each call, from the tables of docs/data-model.md.

    A row may name several calls, separated by semicolons, that cost the same.
    """
    page = (ROOT / "docs" / "data-model.md").read_text()
    return {
        call: (float(row[2]), float(row[3]))
        for row in _CALL_ROW.finditer(page)
        for call in _LINK.sub(r"\1", row[1]).split("; ")
    }


def price_million_requests() -> dict[str, float]:
    """Return the cost in US dollars of a million requests of the mix, by cost item."""
    prices, units = read_prices(), read_request_units()
    memory = load_stage("prod").memory["APIHandler"] / 1024
    shares = [(share, share.percent / 100, *units[share.call]) for share in REQUEST_MIX]
    mails = sum(part * share.mails for share, part, *_ in shares)
    reads = sum(part * (read + share.more_reads) for share, part, read, _ in shares)
    reads += mails * _MAIL_READS
    writes = sum(part * (write + share.more_writes) for share, part, _, write in shares)
    writes += mails * _MAIL_WRITES
    seconds = sum(part * share.seconds for share, part, *_ in shares)
    objects_read = sum(part * share.objects_read for share, part, *_ in shares)
    objects_written = sum(part * share.objects_written for share, part, *_ in shares)
    each, byte_price = prices["million"], prices["gigabyte"]
    return {
        "CloudFront": each["distribution_request"],
        "API Gateway": each["api_request"],
        "Lambda, requests": each["function_request"] * (1 + mails),
        "Lambda, time": seconds * memory * prices["function"]["gigabyte_second"] * 1e6,
        f"DynamoDB, {reads:.1f} read units each": reads * each["read_unit"],
        f"DynamoDB, {writes:.1f} write units each": writes * each["write_unit"],
        "S3, list snapshots": objects_read * each["object_get"]
        + objects_written * each["object_put"],
        f"SES, {mails:.2f} emails each": mails * each["email"],
        "Logs": _LOG_BYTES / 1e3 * byte_price["log_written"],
        "Traces": _TRACED * each["trace"],
        "Data transfer out": _ANSWER_BYTES / 1e3 * byte_price["data_transfer_out"],
    }


def price_idle_month(stage: str) -> dict[str, float]:
    """Return the cost in US dollars of a month without requests, by cost item."""
    prices, units = read_prices(), read_request_units()
    resources = read_template(package(load_stage(stage)))["Resources"]
    alarms = sum(r["Type"] == "AWS::CloudWatch::Alarm" for r in resources.values())
    scheduled = _count_scheduled_runs(resources)
    runs = sum(scheduled.values())
    reads = sum(units[row][0] * count for row, count in scheduled.items())
    writes = sum(units[row][1] * count for row, count in scheduled.items())
    each = prices["million"]
    gigabyte_seconds = runs * _RUN_SECONDS * 0.5 * prices["function"]["gigabyte_second"]
    request_units = (reads * each["read_unit"] + writes * each["write_unit"]) / 1e6
    secrets = sum(
        r["Type"] == "AWS::SecretsManager::Secret" and r.get("Condition") not in _OPTIONAL
        for r in resources.values()
    )
    return {
        f"{alarms} alarms": alarms * prices["month"]["alarm"],
        f"{secrets} secrets": secrets * prices["month"]["secret"],
        f"{runs:,} scheduled runs": runs * each["function_request"] / 1e6 + gigabyte_seconds,
        "Their request units": request_units,
    }


def _count_scheduled_runs(resources: dict[str, Any]) -> dict[str, int]:
    """Return the monthly runs of frequently scheduled functions, by row of request units."""
    schedules = {
        name: event["Properties"].get("Schedule")
        for name, function in find_functions(resources).items()
        for event in function.get("Events", {}).values()
    }
    return {
        f"`{_to_snake_case(name)}`, nothing to do": _MONTH_MINUTES // _MINUTES[schedule]
        for name, schedule in schedules.items()
        if schedule in _MINUTES
    }


def _to_snake_case(name: str) -> str:
    return re.sub(r"\B([A-Z])", r"_\1", name).lower()


def format_table(title: str, costs: dict[str, float]) -> str:
    """Return a Markdown table of costs with their sum."""
    rows = [f"| {item} | {dollars:.2f} |" for item, dollars in costs.items()]
    total = f"| **Sum** | **{sum(costs.values()):.2f}** |"
    return "\n".join([f"| {title} | $ |", "| --- | ---: |", *rows, total])


def build_tables() -> str:
    """Return all computed tables of docs/cost.md."""
    mix = [f"| {share.call} | {share.percent} |" for share in REQUEST_MIX]
    tables = [
        "\n".join(["| Request mix | % |", "| --- | ---: |", *mix]),
        format_table("A million requests of the mix", price_million_requests()),
        format_table("A month of prod, idle", price_idle_month("prod")),
        format_table("A month of dev, idle", price_idle_month("dev")),
        format_table("A month of a gigabyte", read_prices()["gigabyte_month"]),
    ]
    return "\n\n".join(tables) + "\n\n"


def main() -> None:
    before, _, rest = _PAGE.read_text().partition(_BEGIN)
    _PAGE.write_text(before + _BEGIN + "\n" + build_tables() + _END + rest.partition(_END)[2])


if __name__ == "__main__":
    main()
