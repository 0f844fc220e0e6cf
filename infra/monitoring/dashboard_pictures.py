"""Draw the dashboards from their definitions, with invented values: docs/pictures/dashboard-*.svg.

    python -m infra.monitoring.dashboard_pictures

Nobody has a running stage at hand when the pictures change, so they show which graphs there are and
what is in them, not a measurement; each picture says so.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from infra.monitoring.alarms import create_alarms
from infra.monitoring.grafana import build_grafana_dashboard, make_resolver
from infra.packaging.package import package
from infra.stage import ROOT, load_stage
from infra.template import read_template

PICTURES = ROOT / "docs" / "pictures"
_STAGE = "prod"
_NOTE = "Drawn from the definition of the dashboard, with invented values"
_COLUMNS, _WIDTH, _HEIGHT, _GAP, _HEAD = 3, 380, 160, 12, 56
_LINES_SHOWN = 4
_COLORS = ("#3b78e7", "#2ca02c", "#e377c2", "#ff7f0e")


@dataclass(frozen=True)
class Theme:
    """The colors of a picture."""

    page: str
    panel: str
    text: str
    grid: str


@dataclass(frozen=True)
class Panel:
    """A graph: its title, the names of its lines, and a threshold if the dashboard shows it."""

    title: str
    lines: list[str]
    has_threshold: bool


CLOUDWATCH = Theme(page="#f2f3f3", panel="#ffffff", text="#16191f", grid="#d5dbdb")
GRAFANA = Theme(page="#111217", panel="#181b1f", text="#ccccdc", grid="#2c3235")


def draw_pictures() -> dict[Path, str]:
    """Return the pictures of both dashboards of prod by their paths."""
    stage = load_stage(_STAGE)
    resources = read_template(package(stage))["Resources"]
    body = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    resolve = make_resolver(stage, {name: name for name in resources})
    grafana = build_grafana_dashboard(create_alarms(resources), stage.stack, "", resolve)
    cloudwatch = list(_read_widgets(json.loads(body)))
    return {
        PICTURES / "dashboard-cloudwatch.svg": _draw("CloudWatch", CLOUDWATCH, cloudwatch),
        PICTURES / "dashboard-grafana.svg": _draw("Grafana", GRAFANA, _read_panels(grafana)),
    }


def _read_widgets(body: dict[str, Any]) -> Iterator[Panel]:
    for widget in body["widgets"]:
        lines = [line[-1].strip("${}") for line in widget["properties"]["metrics"]]
        yield Panel(widget["properties"]["title"], lines, has_threshold=False)


def _read_panels(dashboard: dict[str, Any]) -> list[Panel]:
    return [
        Panel(panel["title"], [query["label"] for query in panel["targets"]], has_threshold=True)
        for panel in dashboard["panels"]
    ]


def _draw(service: str, theme: Theme, panels: list[Panel]) -> str:
    rows = math.ceil(len(panels) / _COLUMNS)
    width = _COLUMNS * (_WIDTH + _GAP) + _GAP
    height = _HEAD + rows * (_HEIGHT + _GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" fill="{theme.text}">',
        f'<rect width="{width}" height="{height}" fill="{theme.page}"/>',
        f'<text x="{_GAP}" y="24" font-size="17">{service}: task-manager-{_STAGE}</text>',
        f'<text x="{_GAP}" y="44" font-size="12">{_NOTE}</text>',
    ]
    for index, panel in enumerate(panels):
        row, column = divmod(index, _COLUMNS)
        x, y = _GAP + column * (_WIDTH + _GAP), _HEAD + row * (_HEIGHT + _GAP)
        parts.append(f'<g transform="translate({x},{y})">')
        parts += [*_draw_panel(panel, theme, index), "</g>"]
    return "\n".join([*parts, "</svg>\n"])


def _draw_panel(panel: Panel, theme: Theme, seed: int) -> Iterator[str]:
    yield f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="3" fill="{theme.panel}"/>'
    yield f'<text x="10" y="20" font-size="12">{escape(panel.title)}</text>'
    for y in (50, 80, 110):
        yield f'<path d="M10 {y}H{_WIDTH - 10}" stroke="{theme.grid}"/>'
    if panel.has_threshold:
        yield f'<path d="M10 40H{_WIDTH - 10}" stroke="#e02f44" stroke-dasharray="5 3"/>'
    shown = panel.lines[:_LINES_SHOWN]
    for number, line in enumerate(shown):
        color = _COLORS[number]
        points = " ".join(_invent_points(seed * 7 + number))
        yield f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.3"/>'
        x = 10 + number * (_WIDTH - 20) // _LINES_SHOWN
        yield f'<rect x="{x}" y="133" width="8" height="8" fill="{color}"/>'
        yield f'<text x="{x + 11}" y="141" font-size="8">{escape(line[:19])}</text>'
    if len(panel.lines) > _LINES_SHOWN:
        more = len(panel.lines) - _LINES_SHOWN
        yield f'<text x="10" y="154" font-size="9">and {more} more lines</text>'


def _invent_points(seed: int) -> Iterator[str]:
    """Yield the points of a line that looks like a metric; the same for each seed."""
    for step in range(73):
        wave = math.sin(step / 9 + seed) + 0.4 * math.sin(step / 2.3 + 2 * seed)
        yield f"{10 + step * 5},{105 - 14 * wave - 3 * (seed % 5):.1f}"


def main() -> None:
    for path, picture in draw_pictures().items():
        path.write_text(picture)
        print(f"  wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
