"""Every method of the PyTorch backend on the zoo's networks, over all 10,000 test images.

    python benchmarks/zoo_torch.py [--models zoo:mobilenet_v2 …] [--methods int8-static …]

Methods that train do so on the first images of train and run once for each seed, beside the
control: the float network after the same training. That takes hours, so every finished method is
added to OUT.json at once, with the run that made it, and a later run does what is missing there.
OUT.md is for people; `zoo_torch_page.py` makes it and holds it against the targets.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boildown
import numpy as np
from boildown import Recipe
from boildown_zoo.dataset import FOLDER
from provenance import ROOT, provenance
from records import tell
from zoo_onnxruntime import MODELS, figures
from zoo_torch_page import read, save

if TYPE_CHECKING:
    from boildown.comparison.schema import ModelRecord, Row

#: Images of train that methods which train see, and how often.
IMAGES = 20_000
TUNE = {"epochs": 1, "learning_rate": 3e-4}
LONG = {"epochs": 3, "learning_rate": 1e-3}

Steps = list[dict[str, dict[str, Any]]]
Cell = tuple[str, str]
STATIC = {"quantize": {"weights": "int8", "activations": "int8"}}
ONCE: dict[str, Steps] = {
    "int8-static": [STATIC],
    "int8-dynamic": [{"quantize": {"weights": "int8", "activations": "dynamic"}}],
    "float16": [{"quantize": {"weights": "float16"}}],
    "int8-weights": [{"quantize": {"weights": "int8"}}],
    "int4-weights": [{"quantize": {"weights": "int4", "granularity": "channel"}}],
    "int2-weights": [{"quantize": {"weights": "int2", "granularity": "channel"}}],
    "binarize": [{"quantize": {"weights": "int1", "granularity": "channel"}}],
    "palettize-4bit": [{"cluster": {"bits": 4}}],
    "palettize-3bit": [{"cluster": {"bits": 3}}],
    "palettize-2bit": [{"cluster": {"bits": 2}}],
    "prune-50-element": [{"prune": {"sparsity": 0.5}}],
    "prune-50-channel": [{"prune": {"sparsity": 0.5, "structure": "channel"}}],
    "int8-static-pte": [{"quantize": {**STATIC["quantize"], "with": {"torch": {"format": "pte"}}}}],
    "prune-50-element-pte": [{"prune": {"sparsity": 0.5, "with": {"torch": {"format": "pte"}}}}],
    "prune-50-element-pt2": [{"prune": {"sparsity": 0.5, "with": {"torch": {"format": "pt2"}}}}],
}
#: In the order in which they run: first what a target asks for.
TRAINED: dict[str, Steps] = {
    "int8-aware": [{"quantize": {"weights": "int8", "activations": "int8", "train": TUNE}}],
    "prune-50-channel-trained": [
        {"prune": {"sparsity": 0.5, "structure": "channel", "train": LONG}},
    ],
    "palettize-4bit-trained": [{"cluster": {"bits": 4, "train": TUNE}}],
    "deep-compression": [
        {"prune": {"sparsity": 0.75, "schedule": "cubic", "train": LONG}},
        {"cluster": {"bits": 4, "keep_sparsity": True, "train": TUNE}},
        {"quantize": {"weights": "int8", "activations": "int8", "granularity": "tensor"}},
    ],
    "distill-half": [{"distill": {"width": 0.5, "train": LONG}}],
    "student-alone": [{"distill": {"width": 0.5, "alpha": 0.0, "train": LONG}}],
    "binarize-trained": [
        {"quantize": {"weights": "int1", "granularity": "channel", "train": TUNE}},
    ],
    "int2-trained": [
        {"quantize": {"weights": "int2", "granularity": "channel", "train": TUNE}},
    ],
    "palettize-3bit-trained": [{"cluster": {"bits": 3, "train": TUNE}}],
    "palettize-2bit-trained": [{"cluster": {"bits": 2, "train": TUNE}}],
}
#: What takes long on the largest network and no target asks for there.
LEFT_OUT = {
    "zoo:resnet50": ("int2-trained", "palettize-3bit-trained", "palettize-2bit-trained"),
    "zoo:mobilenet_v2": ("deep-compression",),
    "zoo:squeezenet1_1": ("deep-compression",),
}


def recipes(method: str, seeds: int, data: dict[str, Any]) -> list[Recipe]:
    """Return a method as recipes, `name-seed`: once where nothing trains, else for each seed."""
    steps = ONCE.get(method) or TRAINED[method]
    return [
        Recipe.model_validate(
            {"name": f"{method}-{seed}", "steps": _tagged(steps), "data": data, "seed": seed}
        )
        for seed in range(seeds if method in TRAINED else 1)
    ]


def _tagged(steps: Steps) -> list[dict[str, Any]]:
    return [{"op": op, **settings} for step in steps for op, settings in step.items()]


def first_images(folder: Path) -> Path:
    """Write the first images of train, those of each class by their share, as a dataset."""
    with np.load(FOLDER / "train.npz") as arrays:
        path = folder / "train.npz"
        np.savez(path, train_x=arrays["images"][:IMAGES], train_y=arrays["labels"][:IMAGES])
    return path


def row_of(row: Row, model: ModelRecord) -> dict[str, Any]:
    """Return the figures of a row, with seed, control, parity and cost."""
    name, _, seed = row.recipe.rpartition("-")
    control = row.control.quality.metrics[0] if row.control else None
    return figures(row, model) | {
        "recipe": name,
        "seed": int(seed),
        "control_difference": control.difference if control else None,
        "parity_top1": row.parity.top1_agreement if row.parity else None,
        "peak_rss_bytes": row.cost.peak_rss_bytes if row.cost else None,
    }


def missing(rows: list[dict[str, Any]], models: list[str], methods: list[str]) -> list[Cell]:
    """Return what of models × methods has no rows yet, method by method."""
    done = {(row["model"], row["recipe"]) for row in rows}
    return [
        (model, method)
        for method in methods
        for model in models
        if (model, method) not in done and method not in LEFT_OUT.get(model, ())
    ]


def main() -> None:
    """Run what is missing method by method, and write both records after each."""
    every = [*ONCE, *TRAINED]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--methods", nargs="+", default=every, choices=every, metavar="METHOD")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/zoo-torch")
    options = parser.parse_args()
    record = read(options.out)
    record["runs"].append(provenance("boildown-torch", "boildown-zoo", "torch", "torchao"))
    with tempfile.TemporaryDirectory() as folder:
        data = {
            "train": f"npz:{first_images(Path(folder))}",
            "test": "zoo:fashion-mnist?split=test",
        }
        for model, method in missing(record["rows"], options.models, options.methods):
            results = boildown.compare(
                recipes(method, options.seeds, data),
                models=model,
                backends="torch",
                out=Path(folder) / "out",
                jobs=options.jobs,
                timing_seconds=2,
                on_event=tell,
            )
            run, known = len(record["runs"]) - 1, results.comparison.models[0]
            record["rows"] += [row_of(row, known) | {"run": run} for row in results.rows]
            save(options.out, record | {"train_images": IMAGES})


if __name__ == "__main__":
    main()
