"""The data of a subject: found, put together, fitted to the model, and checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..data.binding import bind
from ..data.class_matching import fit_labels
from ..data.local import local_dataset
from ..data.split_query import SPLITS
from ..data.splits import assemble, check_overlap, data_digest, probe
from ..job.environment import digest
from ..measuring.inputs import model_io
from ..plugins.sources import dataset_from_source
from ..plugins.values import CLASSIFICATION, ModelEntry, Warned
from ..recipe.recipe import Data, Recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..data.manifest import DataManifest, SplitName
    from ..model.normalize import NormalizedModel
    from .request import Request
    from .store import Store


@dataclass(frozen=True, slots=True)
class Digests:
    """Content digests of the data: of each split with its preprocessing, and of all of it."""

    splits: dict[SplitName, str] = field(default_factory=dict)
    whole: str = ""

    @property
    def test(self) -> str:
        """What measuring uses; empty where there are no test data."""
        return self.splits.get("test", "")


@dataclass(frozen=True, slots=True)
class SubjectData:
    """The data of one subject, bound to its model."""

    manifest: DataManifest | None
    digests: Digests
    notes: tuple[Warned, ...]


def prepare_data(
    recipe: Recipe,
    entry: ModelEntry,
    model: NormalizedModel,
    request: Request,
    *,
    uses: frozenset[SplitName],
    store: Store,
    progress: Callable[[int, int, str], None],
) -> SubjectData | None:
    """Return the data of command line, recipe or model, in this order; None where none is named.

    Splits that are not among `uses` are left out, and no sample is spent on a calibration that
    no job of the run needs.

    Raises:
        UriError: nothing provides a dataset.
        DataError: it is broken, does not fit the model, or its splits share samples.
    """
    asked = request.data or recipe.data or entry.default_data
    if asked is None:
        return None
    calibrate = asked.calibrate if isinstance(asked, Data) else Data().calibrate
    assembled = assemble(
        provided(asked, entry, store),
        calibrate=calibrate if "calibration" in uses else 0,
        samples=request.samples,
        seed=recipe.seed,
    )
    manifest = bind(
        with_splits(assembled.manifest, uses),
        preprocessing=entry.preprocessing,
        inputs=model.inputs,
        classes=_classes(model, entry.task),
        dtypes={port.name: port.dtype for port in model_io(model.path).inputs},
        outputs=None if entry.task == CLASSIFICATION else [*model.outputs],
    )
    seen = store.root / "file-digests"
    probe(manifest, lambda done, total: progress(done, total, "looking at one image a class"))
    check_overlap(
        manifest, lambda done, total: progress(done, total, "comparing the splits"), cache=seen
    )
    notes = tuple(Warned(code=note.code, text=note.text) for note in assembled.notes)
    return SubjectData(manifest, _digests(manifest, seen), notes)


def with_splits(manifest: DataManifest, names: frozenset[SplitName]) -> DataManifest:
    """Return the manifest with those of its splits that are named."""
    kept = {name: split for name, split in manifest.splits.items() if name in names}
    return manifest.model_copy(update={"splits": kept})


def find_dataset(uri: str, store: Store) -> DataManifest:
    """Return the dataset behind a URI: built in, or from the source that its scheme names."""
    with store.entry("datasets", digest({"uri": uri, "folder": str(Path.cwd())})) as entry:
        found = local_dataset(uri, entry.folder)
        return found if found is not None else dataset_from_source(uri, entry.folder)


def provided(
    asked: str | Data, entry: ModelEntry, store: Store
) -> DataManifest | dict[SplitName, DataManifest]:
    """Find what was asked for, labels in the model's order; what is left out is the model's own.

    Of the model's own data a split only has the role of its name: its test samples never train.
    """

    def find(uri: str) -> DataManifest:
        with store.entry("labels", digest({"uri": uri, "labels": entry.labels})) as kept:
            return fit_labels(find_dataset(uri, store), entry.labels, kept.folder)

    if isinstance(asked, str):
        return find(asked)
    uris: dict[SplitName, str | None] = {"train": asked.train, "test": asked.test}
    named = {role: find(uri) for role, uri in uris.items() if uri is not None}
    if entry.default_data is None or len(named) == len(uris):
        return named
    own = find(entry.default_data)
    if not named:
        return own
    left = {"test"} if "train" in named else {"train", "calibration"}
    return {role: own for role in SPLITS if role in left and role in own.splits} | named


def _digests(manifest: DataManifest, seen: Path) -> Digests:
    splits = {
        name: data_digest(with_splits(manifest, frozenset({name})), cache=seen)
        for name in manifest.splits
    }
    return Digests(splits, digest({str(name): sha256 for name, sha256 in splits.items()}))


def _classes(model: NormalizedModel, task: str) -> int | None:
    shape = next(iter(model.outputs.values()), ())
    last = shape[1] if len(shape) > 1 else None
    return last if task == CLASSIFICATION and isinstance(last, int) else None
