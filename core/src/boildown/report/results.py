"""What `boildown.compare` returns: the comparison, where it is stored, and ways to look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..comparison.files import read
from ..errors import UsageError
from .notebook import to_html
from .records import records
from .selection import find_row
from .table import plain

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from ..comparison.schema import Comparison, Row


class Results:
    """All results of a run. Printing shows the table; a notebook shows it as HTML."""

    def __init__(self, comparison: Comparison, folder: Path) -> None:
        self.comparison = comparison
        #: The folder of comparison.json; every path in the comparison is relative to it.
        self.folder = folder

    @classmethod
    def load(cls, folder: Path) -> Results:
        """Return the results that a run left in `folder`.

        Raises:
            UsageError: there is no comparison that this version can read.
        """
        return cls(read(folder), folder)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The results in the order of the table."""
        return self.comparison.results

    def row(self, model: str, recipe: str, backend: str) -> Row:
        """Return one result.

        Raises:
            UsageError: there is none of that name; the nearest is given.
        """
        return find_row(self.comparison, f"{model}/{recipe}/{backend}").row

    def to_pandas(self) -> pd.DataFrame:
        """Return a data frame with one line a result and units in the column names.

        Raises:
            UsageError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise UsageError(
                "to_pandas() needs pandas, which is not installed: "
                "run `pip install 'boildown[pandas]'`, or use `rows` instead."
            ) from error
        return pd.DataFrame.from_records(records(self.comparison))

    def __str__(self) -> str:
        return plain(self.comparison)

    def __repr__(self) -> str:
        return f"<Results: {len(self.rows)} rows in {self.folder}>"

    def _repr_html_(self) -> str:
        return to_html(self.comparison)
