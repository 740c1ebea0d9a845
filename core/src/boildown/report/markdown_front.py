"""Why each row is on the Pareto front of its model, or not, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .markdown_parts import table
from .text import code, markdown

if TYPE_CHECKING:
    from .view import Group


def ranking(groups: tuple[Group, ...]) -> str:
    """Return the words for every row of every model."""
    rows = [
        [
            str(view.number),
            view.standing.mark,
            code(view.row.recipe),
            code(view.row.backend),
            markdown(view.standing.words),
        ]
        for group in groups
        for view in group.views
    ]
    return table(["#", "", "recipe", "backend", "Pareto front"], rows, left=(1, 2, 3, 4))
