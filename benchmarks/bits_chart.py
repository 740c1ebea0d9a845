"""Bits × mode with size and accuracy: a table, and a chart as SVG that needs no library."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from ticks import log_ticks, plain_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: Mode -> bits -> method.
Modes = dict[str, dict[int, str]]
Entry = dict[str, Any]
Point = tuple[float, float]

_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 420, 260, 60, 40, 70
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8a8a00")
_DASHES = ("", "6 3", "2 3")


def table(entries: Sequence[Entry], modes: Modes) -> str:
    """Return a Markdown table a model: a row for each number of bits, a column for each mode."""
    parts = []
    widths = sorted({bits for methods in modes.values() for bits in methods}, reverse=True)
    for model in dict.fromkeys(entry["model"] for entry in entries):
        known = _known(entries, model)
        lines = [f"\n### Bits × mode on `{model}`: size, top-1\n"]
        lines += [f"| bits | {' | '.join(modes)} |", f"|---:|{'---|' * len(modes)}"]
        for bits in widths:
            cells = [_cell(known.get(methods.get(bits, ""))) for methods in modes.values()]
            lines.append(f"| {bits} | {' | '.join(cells)} |")
        parts.append("\n".join(lines))
    return "\n".join(parts) + "\n"


def _known(entries: Sequence[Entry], model: str) -> dict[str, Entry]:
    return {e["method"]: e for e in entries if e["model"] == model and "top1" in e}


def _cell(entry: Entry | None) -> str:
    return "" if entry is None else f"{entry['size_ratio']:.2f}×, {entry['top1']:.4f}"


def chart(entries: Sequence[Entry], modes: Modes) -> str:
    """Return an SVG: for each model accuracy by bits on the left, size by bits on the right."""
    models = list(dict.fromkeys(entry["model"] for entry in entries))
    styles = {
        mode: (_COLOURS[place % len(_COLOURS)], _DASHES[place // len(_COLOURS) % len(_DASHES)])
        for place, mode in enumerate(modes)
    }
    body, bottom = [], _TOP
    for model in models:
        known = _known(entries, model)
        panels = (("top-1", "top1", False), ("times smaller", "size_ratio", True))
        for place, (title, key, doubling) in enumerate(panels):
            lines = {
                mode: [(bits, known[name][key]) for bits, name in found.items() if name in known]
                for mode, found in modes.items()
            }
            x = _LEFT + place * (_WIDTH + _GAP)
            body += _panel((x, bottom), f"{model}: {title}", lines, styles, doubling=doubling)
        bottom += _HEIGHT + _GAP
    for place, (mode, style) in enumerate(styles.items()):
        x, y = _LEFT + place % 4 * 220, bottom + place // 4 * 20
        alone = len(modes[mode]) == 1
        ends = [(x + 14, y - 4)] if alone else [(x, y - 4), (x + 28, y - 4)]
        body += [_ring(ends[0], style) if alone else _line(ends, style), _text((x + 34, y), mode)]
    width = _LEFT + 2 * _WIDTH + _GAP + 20
    height = bottom + math.ceil(len(styles) / 4) * 20
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        ' font-family="sans-serif" font-size="12">'
        f'<rect width="{width}" height="{height}" fill="white"/>'
    )
    return "\n".join([head, *body, "</svg>"]) + "\n"


def _panel(
    corner: Point,
    title: str,
    lines: Mapping[str, list[tuple[int, float]]],
    styles: Mapping[str, tuple[str, str]],
    *,
    doubling: bool,
) -> list[str]:
    """Draw one field with its axes; `doubling` spaces values by their logarithms."""
    values = [value for line in lines.values() for _, value in line]
    if not values:
        return []
    scale: Callable[[float], float] = math.log2 if doubling else float
    low, high = scale(min(values)), scale(max(values))
    room = (high - low) * 0.05 or 0.5
    low, high = low - room, high + room
    widths = sorted({bits for line in lines.values() for bits, _ in line}, reverse=True)
    left, top = corner

    def across(bits: int) -> float:
        return left + (widths.index(bits) + 0.5) / len(widths) * _WIDTH

    def down(value: float) -> float:
        return top + (high - scale(value)) / (high - low) * _HEIGHT

    frame = f'x="{left}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}"'
    drawn = [
        f'<rect {frame} fill="none" stroke="#888"/>',
        _text((left, top - 8), title),
        _text((left + _WIDTH / 2, top + _HEIGHT + 32), "bits", anchor="middle"),
    ]
    drawn += [
        _text((across(bits), top + _HEIGHT + 16), str(bits), anchor="middle") for bits in widths
    ]
    for value in log_ticks(2**low, 2**high) if doubling else plain_ticks(low, high):
        drawn.append(_text((left - 6, down(value) + 4), f"{value:g}", anchor="end"))
    for mode, line in lines.items():
        points = [(across(bits), down(value)) for bits, value in sorted(line, reverse=True)]
        drawn += _drawn(points, styles[mode])
    return drawn


def _drawn(points: Sequence[Point], style: tuple[str, str]) -> list[str]:
    """Draw a line with its points; one alone is a ring, as another's point may lie on it."""
    if len(points) == 1:
        return [_ring(points[0], style)]
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{style[0]}"/>' for x, y in points]
    return [_line(points, style), *dots] if points else []


def _ring(place: Point, style: tuple[str, str]) -> str:
    x, y = place
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="none" stroke="{style[0]}"'
        ' stroke-width="2"/>'
    )


def _line(points: Sequence[Point], style: tuple[str, str]) -> str:
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    colour, dash = style
    return (
        f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="1.5"'
        f' stroke-dasharray="{dash or "none"}"/>'
    )


def _text(place: Point, words: str, anchor: str = "start") -> str:
    x, y = place
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
