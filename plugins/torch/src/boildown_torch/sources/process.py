"""Have a network made in a process of its own, so that PyTorch and its output stay out of this one.

The child is `python -m boildown_torch.sources.making URI FOLDER`; it writes the ONNX file and
`made.json`: either the fields of a ModelEntry, or the kind and text of an error.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING

from boildown import ModelEntry, ModelError, UnsupportedError, UriError

if TYPE_CHECKING:
    from pathlib import Path

    from boildown import Uri

_LOG = logging.getLogger(__name__)
ANSWER = "made.json"
_ERRORS = {"UriError": UriError, "UnsupportedError": UnsupportedError, "ModelError": ModelError}
_TAIL = 400


def made(asked: Uri, uri: str, workdir: Path) -> ModelEntry:
    """Return the network that the child has written below `workdir`.

    Raises UriError where there is no such network, ModelError where its weights are broken,
    unsafe or do not fit, UnsupportedError where it cannot be exported.
    """
    answer = workdir / ANSWER
    answer.unlink(missing_ok=True)
    command = [sys.executable, "-m", f"{__package__}.making", str(asked), str(workdir)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    _LOG.debug("%s%s", ended.stdout, ended.stderr)
    try:
        told = json.loads(answer.read_bytes())
    except (OSError, ValueError) as error:
        said = " ".join(ended.stderr.split())[-_TAIL:]
        raise ModelError(
            f"{uri}: making the network ended with {ended.returncode}: {said}"
        ) from error
    if "error" in told:
        raise _ERRORS[told["error"]](told["text"])
    return ModelEntry.model_validate({**told, "uri": uri})
