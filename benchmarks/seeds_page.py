"""`seeds.md` and `seeds.html`: the study's records together, with plots that open offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly import graph_objects
from plotly.offline import get_plotlyjs
from ticks import log_ticks
from zoo_missing import LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seeds_tables import Part, Table

INTRODUCTION = (
    "Made by `python benchmarks/seeds.py` from the records that each part names; they hold "
    "command, commit, versions, computer and threads. Parts measure different things and must not "
    "be mixed: each says on which weights and images."
)
#: What the buttons of a plot show.
NEAR, EVERY = "within 12 points", "all rows"
_COLOURS = {
    "torch": "#d55e00",
    "tflite": "#e69f00",
    "coreml": "#0072b2",
    "nni": "#009e73",
    "onnxruntime": "#000000",
}
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x")


def write_pages(out: Path, title: str, parts: Sequence[Part]) -> None:
    """Write OUT.md and OUT.html, named by `title`."""
    out.with_suffix(".md").write_text(_markdown(title, out.name, parts), "utf-8")
    out.with_suffix(".html").write_text(_html(title, parts), "utf-8")


def _markdown(title: str, name: str, parts: Sequence[Part]) -> str:
    plots = f"With plots: [{name}.html]({name}.html), to download."
    lines = [f"# {title}\n", f"{INTRODUCTION} {plots}"]
    for part in parts:
        lines += [f"\n## {part.title}\n", part.words, f"\nRecords: {_links(part)}."]
        for table in part.tables:
            lines += [f"\n### {table.title}\n", f"| {' | '.join(table.columns)} |"]
            lines += [f"|{'---|' * len(table.columns)}"]
            lines += [f"| {' | '.join(row)} |" for row in table.rows]
        if part.missing:
            lines += ["\nNot run yet:\n", *(f"- {text}" for text in part.missing)]
        if part.left_out:
            lines += [f"\n{LEFT_OUT}:\n", *(f"- {text}" for text in part.left_out)]
    return "\n".join(lines) + "\n"


def _links(part: Part) -> str:
    return ", ".join(f"[{name}]({name})" for name in part.records) or "none"


def _html(title: str, parts: Sequence[Part]) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("seeds.html.jinja").render(
        title=title,
        left_out=LEFT_OUT.replace("`", ""),
        every=EVERY,
        introduction=INTRODUCTION.replace("`", ""),
        parts=[(part, [(table, Markup(_plot(table))) for table in part.tables]) for part in parts],  # noqa: S704 - plotly escapes
        plotly=Markup(get_plotlyjs()),  # noqa: S704 - plotly's own
    )


def _plot(table: Table) -> str:
    """Return size against accuracy as HTML, a trace for each backend; empty without points."""
    if not table.points:
        return ""
    figure = graph_objects.Figure()
    for place, backend in enumerate(dict.fromkeys(point[0] for point in table.points)):
        mine = [point for point in table.points if point[0] == backend]
        figure.add_scatter(
            x=[point[2] for point in mine],
            y=[100 * point[3] for point in mine],
            text=[point[1] for point in mine],
            name=backend,
            mode="markers",
            marker={
                "color": _COLOURS.get(backend, "#777777"),
                "symbol": _SYMBOLS[place % len(_SYMBOLS)],
                "size": 9,
            },
            hovertemplate="%{text}<br>%{x:.2f}× smaller deflated<br>%{y:+.2f} points",
        )
    figure.update_layout(
        xaxis={"title": "times smaller, deflated", "type": "log", "tickvals": _ticks(table)},
        yaxis={"title": "top-1, points against float", "range": [-12, 2]},
        height=460,
        updatemenus=[_ranges()],
        margin={"t": 50, "l": 60, "r": 20},
        # Beside the plot it would take a third of a telephone's width.
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        template="plotly_white",
    )
    return str(
        figure.to_html(
            full_html=False,
            include_plotlyjs=False,
            config={"responsive": True},
            # A random one would change the page where no figure has.
            div_id=f"plot-{table.title}",
        )
    )


def _ranges() -> dict[str, object]:
    """Return buttons above a plot that show all rows, or those that lose little."""
    near = {"label": NEAR, "method": "relayout", "args": [{"yaxis.range": [-12, 2]}]}
    every = {"label": EVERY, "method": "relayout", "args": [{"yaxis.autorange": True}]}
    return {
        "type": "buttons", "direction": "left", "showactive": True, "buttons": [near, every],
        "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom", "pad": {"b": 4},
    }  # fmt: skip


def _ticks(table: Table) -> list[float]:
    sizes = [point[2] for point in table.points]
    return log_ticks(min(sizes) / 1.1, max(sizes) * 1.1)
