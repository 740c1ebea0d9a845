"""A subject: one model made ready for all its jobs, with the data that goes with it.

Everything wrong with model or data comes to light here, before any job starts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..artifact import Artifact
from ..comparison.schema import DataRecord
from ..errors import ModelError
from ..job.environment import digest, source_digest
from ..model.content import content_digest
from ..model.layers import Layer, source_layers
from ..model.normalize import NormalizedModel, normalize
from ..plugins.carried import carried
from ..plugins.models import find_model
from ..plugins.values import CLASSIFICATION
from ..recipe.steps import Distill
from .cached import cached
from .subject_data import Digests, SubjectData, prepare_data

if TYPE_CHECKING:
    from ..data.manifest import DataManifest, SplitName
    from ..negotiation.offers import Need
    from ..plugins.values import ModelEntry, Warned
    from ..recipe.recipe import Recipe
    from ..recipe.steps import Step
    from .request import Request
    from .store import Store

#: Of the scores of a classifier: samples and classes.
_SCORES_RANK = 2
#: Told what is being done: (done, total, text).
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Subject:
    """A normalised model with its data, bound to it."""

    entry: ModelEntry
    normalized: NormalizedModel
    layers: tuple[Layer, ...]
    data: DataManifest | None
    digests: Digests
    notes: tuple[Warned, ...] = ()
    #: Teachers and students that the recipe names, normalised too.
    models: dict[str, ModelEntry] = field(default_factory=dict)

    @property
    def model(self) -> Artifact:
        """The normalised ONNX source."""
        return Artifact(path=self.normalized.path)

    def network(self, steps: Sequence[Step]) -> Artifact:
        """The ONNX file whose layers a model has behind these steps."""
        return carried(steps, self.model, self.models)

    def layers_behind(self, steps: Sequence[Step]) -> list[Layer]:
        """List the layers that a model has behind these steps."""
        return source_layers(self.network(steps).path)

    @property
    def data_record(self) -> DataRecord | None:
        """Its data as reports name them."""
        if self.data is None:
            return None
        return DataRecord(
            uri=self.data.uri,
            sha256=self.digests.whole,
            splits={name: len(split) for name, split in self.data.splits.items()},
            test_sha256=self.digests.test,
        )

    @property
    def available(self) -> frozenset[Need]:
        """What the data can give to a step."""
        return available(self.data)


def available(data: DataManifest | None, *, assembled: bool = True) -> frozenset[Need]:
    """Return what a dataset can give to a step.

    One that is not `assembled` yet can calibrate from any split.
    """
    if data is None:
        return frozenset()
    calibrates = "calibration" in data.splits or not assembled
    found: set[Need] = {"samples"} if calibrates else set()
    if "train" in data.splits:
        found |= {"train", "labels"} if data.splits["train"].labelled else {"train"}
    return frozenset(found)


def prepare_model(
    uri: str, store: Store, *, trust: bool = False
) -> tuple[ModelEntry, NormalizedModel]:
    """Find the model and bring it into its normal form, kept in the cache."""
    with store.entry("sources", digest({"uri": uri})) as entry:
        found = find_model(uri, entry.folder, trust=trust)
        content = content_digest(found.path)
    key = digest({"source": content, "path": str(store.root), "core": source_digest("boildown")})
    normalized = cached(
        store,
        "models",
        key,
        NormalizedModel,
        lambda folder: normalize(found.path, folder / "model.onnx"),
    )
    return found, normalized


def prepare_subject(
    recipe: Recipe,
    uri: str,
    request: Request,
    *,
    uses: frozenset[SplitName],
    store: Store,
    progress: Progress,
) -> Subject:
    """Make one model ready, with the data of command line, recipe or model, in this order.

    Of the data only the splits in `uses` are looked at.

    Raises:
        ModelError: the model has no layer that could be compressed.
    """
    progress(0, 0, "reading the model")
    entry, normalized = prepare_model(uri, store, trust=request.trust)
    layers = tuple(source_layers(normalized.path))
    if not any(layer.size for layer in layers):
        raise ModelError(
            f"{uri}: the model has no layer with a constant weight, so there is nothing to "
            f"compress; `boildown inspect` shows what it has"
        )
    _check_names(entry, normalized)
    if recipe.input is not None:
        entry = entry.model_copy(update={"preprocessing": recipe.input})
    # What a source expects of its model holds on the model's own data only.
    own = (request.data or recipe.data or entry.default_data) == entry.default_data
    expect = recipe.expect or (entry.expect if own else None)
    entry = entry.model_copy(update={"expect": expect})
    prepared = prepare_data(
        recipe,
        entry,
        normalized,
        request,
        uses=uses,
        store=store,
        progress=progress,
    )
    data = prepared or SubjectData(None, Digests(), ())
    models = {}
    for name in _named_models(recipe):
        other, form = prepare_model(name, store, trust=request.trust)
        models[name] = other.model_copy(update={"path": form.path})
    return Subject(
        entry=entry,
        normalized=normalized,
        layers=layers,
        data=data.manifest,
        digests=data.digests,
        notes=(*entry.warnings, *data.notes),
        models=models,
    )


def _check_names(entry: ModelEntry, normalized: NormalizedModel) -> None:
    """Raise ModelError where a classifier has other numbers of class names and of scores."""
    name, shape = next(iter(normalized.outputs.items()))
    scores = shape[-1] if len(shape) == _SCORES_RANK else None
    if entry.task != CLASSIFICATION or not entry.labels or scores in (None, 1, len(entry.labels)):
        return
    raise ModelError(
        f"{entry.uri}: {len(entry.labels)} class names, but output {name!r} has {scores} scores;"
        " the names (`labels:` beside the model) must be one for each score, in their order"
    )


def _named_models(recipe: Recipe) -> list[str]:
    """Return the URIs of all teachers and students of a recipe."""
    named = []
    for step in recipe.steps:
        if isinstance(step, Distill):
            named += [step.teacher] if step.teacher != "original" else []
            named += [step.student] if step.student is not None else []
    return list(dict.fromkeys(named))
