"""The study: three networks by every method on every toolkit, as one command.

    python benchmarks/seeds.py [--parts accuracy size photos] [--weights DIR] [--imagenet DIR]

accuracy  the zoo's networks, trained on Fashion-MNIST, over all 10,000 test images (`zoo_*.py`)
size      the same architectures at 224 x 224 with random weights (`*_full_size.py`), or with
          somebody's own weights and images (`full_size_inputs.py`)
photos    EfficientNet-Lite0 with ImageNet weights on real photos (`seeds_photos.py`)

What is recorded already is not run again (delete a record to have it anew), so the command can be
interrupted and goes on; the first run of everything takes many hours. In the end all
records become results/seeds.md and seeds.html; `--page` does that alone. Somebody's own weights
give records and a page of their own (`*-own-weights`).
"""

from __future__ import annotations

import argparse

import coreml_full_size
import nni_full_size
import onnxruntime_full_size
import seeds_photos
import tflite_full_size
import torch_full_size
import zoo_coreml
import zoo_nni
import zoo_onnxruntime
import zoo_tflite
import zoo_torch
from full_size import fill as fill_full_size
from full_size_inputs import add_options
from provenance import ROOT
from seeds_page import write_pages
from seeds_tables import accuracy as accuracy_part
from seeds_tables import photos, sizes
from zoo_figures import MODELS
from zoo_grid import IMAGES, fill, record_of
from zoo_missing import SEEDS

GRIDS = (zoo_torch.GRID, zoo_tflite.GRID, zoo_coreml.GRID, zoo_nni.GRID, zoo_onnxruntime.GRID)
FULL_SIZES = (
    torch_full_size.FULL_SIZE,
    tflite_full_size.FULL_SIZE,
    coreml_full_size.FULL_SIZE,
    nni_full_size.FULL_SIZE,
    onnxruntime_full_size.FULL_SIZE,
)
TITLE = "Three networks, every method, five toolkits"
OWN_TITLE = "Three networks with weights of one's own"
PARTS = ("accuracy", "size", "photos")
RESULTS = ROOT / "benchmarks/results"


def accuracy(backends: list[str], options: argparse.Namespace) -> None:
    """Fill the grids on the zoo's networks."""
    for grid in GRIDS:
        if grid.backend in backends:
            methods = [*grid.once, *grid.trained]
            fill(
                grid,
                MODELS,
                methods,
                seeds=options.seeds,
                jobs=options.jobs,
                out=record_of(grid),
                everything=options.everything,
            )


def size(backends: list[str], options: argparse.Namespace) -> None:
    """Measure networks of full size."""
    for what in FULL_SIZES:
        if what.grid.backend in backends:
            fill_full_size(what, options)


def main() -> None:
    """Run the parts that are asked for, and write the pages."""
    every = [grid.backend for grid in GRIDS]
    parser = argparse.ArgumentParser(description="Three networks, every method, every toolkit.")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--backends", nargs="+", choices=every, default=every)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--everything", action="store_true", help="run what is left out for the time it takes, too"
    )
    parser.add_argument("--page", action="store_true", help="write the pages, and run nothing")
    add_options(parser)
    options = parser.parse_args()
    options.out = options.methods = None
    if not options.page:
        if "size" in options.parts:
            size(options.backends, options)
        if "photos" in options.parts and not seeds_photos.OUT.with_suffix(".json").exists():
            seeds_photos.measure(jobs=options.jobs)
        if "accuracy" in options.parts:
            accuracy(options.backends, options)
    judged = accuracy_part(GRIDS, IMAGES, options.seeds)
    parts = (judged, sizes(FULL_SIZES), photos(RESULTS))
    write_pages(RESULTS / "seeds", TITLE, parts)
    if options.weights is not None:
        write_pages(RESULTS / "seeds-own-weights", OWN_TITLE, (sizes(FULL_SIZES, own=True),))


if __name__ == "__main__":
    main()
