"""`comparison.html`: the whole comparison as one file that opens without a network.

Every text of users and toolkits is escaped by the template, or shown by the scripts as text. A
content security policy lets nothing be loaded and no script run but those of boildown.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ...files import write_atomically
from .. import findings, method
from ..columns import metric_name
from ..text import visible
from ..view import groups, views
from .jobs import OUTSIDE, job
from .layers import packed
from .logs import TAIL_BYTES, tails
from .points import plots_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ...comparison.schema import Comparison
    from ..view import Group

NAME = "comparison.html"
_TEMPLATES = Path(__file__).parent / "templates"
_SCRIPTS = ("table.js", "plots.js", "layers.js")


def write_page(comparison: Comparison, folder: Path, runs: Sequence[Path] = ()) -> Path:
    """Write `folder`/comparison.html atomically, with the ends of the logs that lie in `folder`.

    Of a merged comparison logs lie in the folders of its `runs`.
    """
    return write_atomically(folder / NAME, to_page(comparison, tails(comparison, folder, runs)))


def to_page(comparison: Comparison, logs: Mapping[int, str]) -> str:
    """Return the page; `logs` holds the end of each job's log by the number of its row."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup, escape
    from plotly.offline import get_plotlyjs

    found, every = groups(comparison), views(comparison)
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    scripts = [get_plotlyjs(), *(_text(name) for name in _SCRIPTS)]
    plots = [plot for plot in map(plots_of, found) if plot is not None]
    return environment.get_template("page.html").render(
        policy=_policy(scripts),
        style=Markup(_text("page.css")),  # noqa: S704 - boildown's own
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - boildown's and plotly's own
        plots_json=Markup(_json_in_html(plots)),  # noqa: S704 - nothing in it can end its element
        plots=plots,
        packed=packed(every, logs),
        summary=method.summary(comparison),
        machines=method.machines(comparison),
        apart=method.APART,
        groups=[(group, method.network(group.model)) for group in found],
        columns=[(c.title(_metric(found)), c) for c in OUTSIDE],
        jobs=[job(view, logs.get(view.number, "")) for view in every],
        busy=[*findings.timed_while_busy(every)],
        not_ok=findings.not_ok(every),
        missing=[*findings.figures_missing(every), *findings.details_missing(every)],
        baselines_missing=findings.baselines_missing(comparison),
        general=method.GENERAL,
        meanings=method.meanings(comparison, OUTSIDE),
        data=comparison.data,
        recipes=[
            # Escaped here, since lines of what the template escapes are put together.
            (r["name"], escape(json.dumps(r, ensure_ascii=False, indent=1)))
            for r in comparison.recipes
        ],
        tail_kilobytes=TAIL_BYTES // 1024,
    )


def _metric(found: Iterable[Group]) -> str:
    """Return the metric that the models share, `quality` where they have none or several."""
    names = {metric_name(group) for group in found} - {"quality"}
    return names.pop() if len(names) == 1 else "quality"


def _policy(scripts: list[str]) -> str:
    """Return the policy: these scripts by their digests, styles in the page, nothing from outside.

    plotly.js sets `style` attributes, which only 'unsafe-inline' allows; no style can load
    anything either.
    """
    digests = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _json_in_html(value: object) -> str:
    """Return JSON in which no text can end the element that it stands in."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("&", "\\u0026")


def _shown(value: object) -> object:
    """Return what the template shows of a value: toolkits and users colour and turn their texts."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return visible(value)
    return value


def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
