"""Draw the instructions of one request: `python plot.py RESULTS_JSON SVG`."""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "bench"  # the same results give the same file

from matplotlib import pyplot  # noqa: E402

COLORS = {"product": "#1f6feb", "reference": "#8c959f", "django": "#2da44e"}
LABELS = {"product": "this product", "reference": "Chalice reference", "django": "Django peer"}


def main() -> None:
    warm = json.loads(Path(sys.argv[1]).read_text())["instructions_per_request"]
    figure, axes = pyplot.subplots(figsize=(8, 3.6), layout="constrained")
    height = 0.26
    for offset, subject in enumerate(COLORS):
        places = [row + offset * height for row in range(len(warm))]
        counts = [counts.get(subject, 0) / 1e6 for counts in warm.values()]
        bars = axes.barh(places, counts, height, color=COLORS[subject], label=LABELS[subject])
        axes.bar_label(bars, [f"{count:.1f}" if count else "" for count in counts], padding=3)
    axes.set_yticks([row + height for row in range(len(warm))], list(warm))
    axes.invert_yaxis()
    axes.set_xlabel("million instructions for one warm request")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(sys.argv[2], metadata={"Date": None})


if __name__ == "__main__":
    main()
