"""Which channels go together: a union-find over channels, some of which must stay.

Tarjan, "Efficiency of a good but not linear set union algorithm", 1975.
"""

from __future__ import annotations

import numpy as np

#: One number for each channel that can be told from others.
Ids = np.ndarray
#: In place of a number: this one stays, for it comes from no layer.
FIXED = -1
#: Why the channels of the last layer stay.
END = "puts out the results"


class Classes:
    """Channels in classes that stay or go as a whole."""

    def __init__(self) -> None:
        self._parents: list[int] = []
        self._reasons: dict[int, str] = {}

    def fresh(self, count: int) -> Ids:
        """Return so many channels, each in a class of its own."""
        first = len(self._parents)
        self._parents.extend(range(first, first + count))
        return np.arange(first, first + count)

    def all(self) -> Ids:
        """Return every channel there is."""
        return np.arange(len(self._parents))

    def couple(self, one: Ids, other: Ids, reason: str) -> None:
        """Let each channel go with the one in the same place, and stay where that one is FIXED."""
        pairs = np.stack([one.reshape(-1), other.reshape(-1)], axis=1)
        for left, right in np.unique(pairs, axis=0).tolist():
            if FIXED in {left, right}:
                self.keep(np.array([max(left, right)]), reason)
                continue
            child, parent = self._root(left), self._root(right)
            if child != parent:
                self._parents[child] = parent
                if child in self._reasons:
                    self._keep(parent, self._reasons.pop(child))

    def keep(self, ids: Ids, reason: str) -> None:
        """Let these channels stay, and say why; the first reason stands, unless it is END."""
        for root in np.unique(self.roots(ids)).tolist():
            if root != FIXED:
                self._keep(root, reason)

    def roots(self, ids: Ids) -> Ids:
        """Return one channel that stands for the class of each; FIXED where that is FIXED."""
        distinct, places = np.unique(ids, return_inverse=True)
        found = [
            FIXED if channel == FIXED else self._root(channel) for channel in distinct.tolist()
        ]
        return np.array(found, np.int64)[places].reshape(ids.shape)

    def reason(self, root: int) -> str | None:
        """Say why the class of this root stays, None where it may go."""
        return self._reasons.get(root)

    def _keep(self, root: int, reason: str) -> None:
        if reason == END or root not in self._reasons:
            self._reasons[root] = reason

    def _root(self, channel: int) -> int:
        parents = self._parents
        while parents[channel] != channel:
            parents[channel] = channel = parents[parents[channel]]
        return channel


def staying(ids: Ids, stays: Ids) -> Ids:
    """Return a truth for each of these channels from those of all: whether it stays."""
    found = np.ones(ids.shape, bool)
    found[ids != FIXED] = stays[ids[ids != FIXED]]
    return found
