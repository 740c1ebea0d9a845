"""`facts.json` and `golden.npz`: what the run leaves beside each deployable, for its user.

Both let `boildown export` hand a model over without loading it. Arrays in `golden.npz` are named
`input.<name>` and `output.<name>` after the inputs and outputs of the *source* model, NCHW, with
the batch as first axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..artifact import file_digest
from ..data.preprocessing import Preprocessing
from ..frozen import Frozen
from ..model.ports import Port
from ..plugins.values import CLASSIFICATION

if TYPE_CHECKING:
    from ..artifact import Artifact

FACTS = "facts.json"
GOLDEN = "golden.npz"
#: Samples in `golden.npz`, fewer only where the test split is smaller.
GOLDEN_SAMPLES = 5
INPUT, OUTPUT = "input.", "output."
#: Stands beside ports that were not read from the deployable.
OF_SOURCE = (
    "inputs and outputs are those of the source model, since this file's own were not read: names, "
    "types, shapes, layouts and scales may be others in the file"
)


class Facts(Frozen):
    """What a program must know to use the deployable, and under which licence."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    #: Empty where these are the file's own. A run of an older boildown has the source's.
    ports_note: str = OF_SOURCE
    task: str = CLASSIFICATION
    #: Class names in the order of the scores; empty: unknown.
    labels: tuple[str, ...] = ()
    licence: str = ""
    preprocessing: Preprocessing | None = None


def shipped_sha256(artifact: Artifact) -> str:
    """Return what `deployable.sha256` states.

    For a file it is what `sha256sum` prints; for a folder the artifact's digest, over the sorted
    relative paths and the SHA-256 of each file.
    """
    return artifact.digest if artifact.path.is_dir() else file_digest(artifact.path)
