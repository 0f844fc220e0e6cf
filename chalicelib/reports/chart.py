"""The chart of a report, as a PNG: what every mail client shows, unlike SVG.

Pillow is in a layer of the functions that draw, so nobody else may import this file. The chart
holds digits and English words only: names and titles are in the text beside it.
"""

import io
from collections.abc import Sequence
from datetime import date

from PIL import Image, ImageDraw, ImageFont

SIZE = (1120, 560)  # shown at half of it, so that it is sharp on fine screens
LEFT, RIGHT, TOP, MIDDLE, BOTTOM = 70, 1100, 60, 290, 500
WHITE, INK, GRID = "#ffffff", "#57606a", "#d8dee4"
OPEN, OPENED, DONE = "#8250df", "#1f6feb", "#2da44e"
LABELS = 8
TICKS = 4

Box = tuple[int, int]


def draw_chart(
    days: Sequence[date], *, opened: Sequence[int], done: Sequence[int], left: Sequence[int]
) -> bytes:
    """Above the tasks that are left open, as a line; below those opened and done, as bars."""
    image = Image.new("RGB", SIZE, WHITE)
    canvas = ImageDraw.Draw(image)
    canvas.font = ImageFont.load_default(size=20)
    _legend(canvas)
    _line(canvas, left, (TOP, MIDDLE - 30))
    _bars(canvas, opened, done, (MIDDLE, BOTTOM))
    _days(canvas, days)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _legend(canvas: ImageDraw.ImageDraw) -> None:
    names = (("Open", OPEN), ("Opened", OPENED), ("Done", DONE))
    for number, (name, color) in enumerate(names):
        x = LEFT + number * 140
        canvas.rectangle((x, 20, x + 18, 38), fill=color)
        canvas.text((x + 28, 16), name, fill=INK)


def _line(canvas: ImageDraw.ImageDraw, values: Sequence[int], box: Box) -> None:
    top = _grid(canvas, max(values), box)
    points = [(_x(n, len(values)), _y(value, top, box)) for n, value in enumerate(values)]
    canvas.line(points, fill=OPEN, width=5, joint="curve")
    for x, y in points:
        canvas.ellipse((x - 6, y - 6, x + 6, y + 6), fill=OPEN)


def _bars(
    canvas: ImageDraw.ImageDraw, opened: Sequence[int], done: Sequence[int], box: Box
) -> None:
    top = _grid(canvas, max(*opened, *done), box)
    wide = max(2, min(30, (RIGHT - LEFT) // len(opened) // 3))
    for n, pair in enumerate(zip(opened, done, strict=True)):
        x = _x(n, len(opened)) - wide
        for value, color in zip(pair, (OPENED, DONE), strict=True):
            if value:
                canvas.rectangle((x, _y(value, top, box), x + wide - 2, box[1]), fill=color)
            x += wide


def _grid(canvas: ImageDraw.ImageDraw, largest: int, box: Box) -> int:
    """Lines at round numbers, and the number at the top."""
    step = _round(largest)
    top = max(step, -(-largest // step) * step)
    for value in range(0, top + 1, step):
        y = _y(value, top, box)
        canvas.line((LEFT, y, RIGHT, y), fill=GRID, width=2)
        canvas.text((LEFT - 12, y), str(value), fill=INK, anchor="rm")
    return top


def _round(largest: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, ... of which few reach up to `largest`."""
    step, factors = 1, (2, 2.5, 2)
    number = 0
    while largest / step > TICKS:
        step = int(step * factors[number % 3])
        number += 1
    return step


def _days(canvas: ImageDraw.ImageDraw, days: Sequence[date]) -> None:
    every = -(-len(days) // LABELS)
    for n in range(0, len(days), every):
        text = f"{days[n].day} {days[n]:%b}"
        canvas.text((_x(n, len(days)), BOTTOM + 28), text, fill=INK, anchor="mm")


def _x(number: int, count: int) -> int:
    return round(LEFT + (number + 0.5) * (RIGHT - LEFT) / count)


def _y(value: int, top: int, box: Box) -> int:
    return round(box[1] - value * (box[1] - box[0]) / top)
