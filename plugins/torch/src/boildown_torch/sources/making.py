"""Make the network that a URI names and write it as ONNX: `python -m … URI FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from boildown import BoildownError, ModelError, UnsupportedError, UriError, parse_uri

from .process import ANSWER

if TYPE_CHECKING:
    from boildown import ModelEntry

_KINDS = (UriError, UnsupportedError, ModelError)


def make(uri: str, folder: Path) -> ModelEntry:
    """Write the network below `folder` and describe it."""
    asked = parse_uri(uri)
    if asked.scheme == "torchvision":
        from .torchvision_models import torchvision_model

        return torchvision_model(asked, folder)
    from .user_models import user_model

    return user_model(asked, folder)


def main() -> None:
    """Write what came of it as JSON; other errors end in a traceback, which the host quotes."""
    uri, folder = sys.argv[1], Path(sys.argv[2])
    sys.path.insert(0, "")  # modules of the working folder, as in `python -c`
    try:
        told = make(uri, folder).model_dump(mode="json")
    except BoildownError as error:
        kind = next((k.__name__ for k in _KINDS if isinstance(error, k)), ModelError.__name__)
        told = {"error": kind, "text": str(error)}
    (folder / ANSWER).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
