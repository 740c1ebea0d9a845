"""Find the model behind a URI or a path, with everything its sidecar says about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..data.preprocessing import Preprocessing
from ..data.uris import parse_uri
from ..errors import ModelError
from ..frozen import Frozen
from ..recipe.problems import recipe_error
from ..recipe.recipe import Expect
from ..recipe.yaml_tree import parse_yaml
from .sources import model_from_source
from .values import CLASSIFICATION, ModelEntry


class Sidecar(Frozen):
    """`net.yaml` beside `net.onnx`: what the ONNX file cannot say about itself."""

    input: Preprocessing | None = None
    #: Class names in the order of the outputs, or a text file with one name a line.
    labels: tuple[str, ...] | str = ()
    task: str = CLASSIFICATION
    data: str | None = None
    expect: Expect | None = None
    licence: str = ""
    description: str = ""


def find_model(uri: str, workdir: Path, *, trust: bool = False) -> ModelEntry:
    """Return the model that `uri` names: `scheme:…` from its source, anything else is a path.

    With `trust` a source may run code that the URI names.

    Raises:
        UriError: nothing provides the scheme, or the source has no such model.
        ModelError, RecipeError: there is no such file, or its sidecar is broken.
    """
    if parse_uri(uri).scheme is not None:
        return model_from_source(uri, workdir, trust=trust)
    path = Path(uri).expanduser()
    try:
        if path.is_dir():
            raise ModelError(f"{path} is a folder; name the .onnx file in it")
        if not path.exists():
            raise ModelError(
                f"there is no model file {path}; name an .onnx file, or one of `boildown models`"
            )
        return _with_sidecar(uri, path)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error


def _with_sidecar(uri: str, given: Path) -> ModelEntry:
    """Read what lies beside the model, by its name or, where that is a link, by its target's."""
    path = given.resolve()
    beside = (given.absolute().with_suffix(".yaml"), path.with_suffix(".yaml"))
    sidecar_path = next((file for file in beside if file.exists()), None)
    if sidecar_path is None:
        return ModelEntry(uri=uri, path=path)
    sidecar = _read(sidecar_path)
    known: dict[str, Any] = {name: getattr(sidecar, name) for name in _SAME_NAMES}
    return ModelEntry(
        uri=uri,
        path=path,
        preprocessing=sidecar.input,
        labels=_labels(sidecar.labels, sidecar_path.parent),
        default_data=sidecar.data,
        **known,
    )


def _read(path: Path) -> Sidecar:
    try:
        document = parse_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"cannot read {path}: {error}") from error
    if document.problems:
        raise recipe_error(str(path), document.problems, document.places)
    try:
        return Sidecar.model_validate(document.value)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'file'}: {problem['msg']}"
            for problem in error.errors()
        )
        raise ModelError(f"{path}: {problems}") from error


_SAME_NAMES = ("task", "expect", "licence", "description")


def _labels(given: tuple[str, ...] | str, folder: Path) -> tuple[str, ...]:
    if isinstance(given, tuple):
        return given
    try:
        text = (folder / given).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"cannot read the labels file {folder / given}: {error}") from error
    return tuple(line.strip() for line in text.splitlines() if line.strip())
