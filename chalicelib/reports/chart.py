"""The chart of a report, as a PNG. Unlike SVG, every mail client shows it.

Pillow is in a Lambda layer of the functions that run jobs only, so other functions must not import
this module. The chart holds only digits and English words; names and titles are in the text next to
it.
"""

import io
from collections.abc import Sequence
from datetime import date

from PIL import Image, ImageDraw, ImageFont

SIZE = (1120, 560)  # pixels; shown at half the size, so that it is sharp on high-density screens
LEFT, RIGHT, TOP, MIDDLE, BOTTOM = 70, 1100, 60, 290, 500
WHITE, TEXT_COLOR, GRID_COLOR = "#ffffff", "#57606a", "#d8dee4"
OPEN_COLOR, OPENED_COLOR, DONE_COLOR = "#8250df", "#1f6feb", "#2da44e"
DAY_LABELS_MAX = 8
GRID_LINES_MAX = 4

# The top and bottom of a diagram, in pixels from the top of the image.
Span = tuple[int, int]


def draw_chart(
    days: Sequence[date], *, opened: Sequence[int], done: Sequence[int], left: Sequence[int]
) -> bytes:
    """Return a PNG with a line of the tasks left open above bars of those opened and done.

    Each sequence has one value for each of `days`.
    """
    image = Image.new("RGB", SIZE, WHITE)
    canvas = ImageDraw.Draw(image)
    canvas.font = ImageFont.load_default(size=20)

    legend = (("Open", OPEN_COLOR), ("Opened", OPENED_COLOR), ("Done", DONE_COLOR))
    for index, (name, color) in enumerate(legend):
        x = LEFT + index * 140
        canvas.rectangle((x, 20, x + 18, 38), fill=color)
        canvas.text((x + 28, 16), name, fill=TEXT_COLOR)

    _draw_line(canvas, left, (TOP, MIDDLE - 30))
    _draw_bars(canvas, opened, done, (MIDDLE, BOTTOM))

    days_per_label = -(-len(days) // DAY_LABELS_MAX)
    for index in range(0, len(days), days_per_label):
        label = f"{days[index].day} {days[index]:%b}"
        position = (_x(index, len(days)), BOTTOM + 28)
        canvas.text(position, label, fill=TEXT_COLOR, anchor="mm")

    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _draw_line(canvas: ImageDraw.ImageDraw, values: Sequence[int], span: Span) -> None:
    largest = _draw_grid(canvas, max(values), span)
    points = [
        (_x(index, len(values)), _y(value, largest, span)) for index, value in enumerate(values)
    ]
    canvas.line(points, fill=OPEN_COLOR, width=5, joint="curve")
    for x, y in points:
        canvas.ellipse((x - 6, y - 6, x + 6, y + 6), fill=OPEN_COLOR)


def _draw_bars(
    canvas: ImageDraw.ImageDraw, opened: Sequence[int], done: Sequence[int], span: Span
) -> None:
    largest = _draw_grid(canvas, max(*opened, *done), span)
    width = max(2, min(30, (RIGHT - LEFT) // len(opened) // 3))
    for index, pair in enumerate(zip(opened, done, strict=True)):
        x = _x(index, len(opened)) - width
        for value, color in zip(pair, (OPENED_COLOR, DONE_COLOR), strict=True):
            if value:
                top = _y(value, largest, span)
                canvas.rectangle((x, top, x + width - 2, span[1]), fill=color)
            x += width


def _draw_grid(canvas: ImageDraw.ImageDraw, largest: int, span: Span) -> int:
    """Draw labeled lines at round numbers that cover 0 to `largest`; return the highest number."""
    # The distance between lines is the smallest of 1, 2, 5, 10, 20, 50, ... that gives few lines.
    step, factors = 1, (2, 2.5, 2)
    tries = 0
    while largest / step > GRID_LINES_MAX:
        step = int(step * factors[tries % 3])
        tries += 1

    highest = max(step, -(-largest // step) * step)
    for value in range(0, highest + 1, step):
        y = _y(value, highest, span)
        canvas.line((LEFT, y, RIGHT, y), fill=GRID_COLOR, width=2)
        canvas.text((LEFT - 12, y), str(value), fill=TEXT_COLOR, anchor="rm")
    return highest


def _x(index: int, count: int) -> int:
    """Return the center of the column of day `index` of `count` days, in pixels."""
    return round(LEFT + (index + 0.5) * (RIGHT - LEFT) / count)


def _y(value: int, highest: int, span: Span) -> int:
    """Return the height of `value` in a diagram that ends at `highest`, in pixels from the top."""
    return round(span[1] - value * (span[1] - span[0]) / highest)
