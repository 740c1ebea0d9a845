"""boildown: one compression recipe, many toolkits, one fair comparison.

Everything that plugins and programs may use stands here, imported on first use: `import boildown`
itself loads neither pydantic nor onnx, so that a command line answers at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .api import compare as compare
    from .api import load_results as load_results
    from .api import measure as measure
    from .api import run as run
    from .api import sensitivity as sensitivity
    from .artifact import Artifact as Artifact
    from .data.batches import batches as batches
    from .data.index import Index as Index
    from .data.index import write_split as write_split
    from .data.manifest import Batch as Batch
    from .data.manifest import DataManifest as DataManifest
    from .data.manifest import Split as Split
    from .data.manifest import Take as Take
    from .data.preprocessing import Preprocessing as Preprocessing
    from .data.uris import Uri as Uri
    from .data.uris import parse_uri as parse_uri
    from .data.uris import refuse_unknown_keys as refuse_unknown_keys
    from .encoding.cluster import cluster_weight as cluster_weight
    from .encoding.integers import Codes as Codes
    from .encoding.quantize import encode_weight as encode_weight
    from .errors import BoildownError as BoildownError
    from .errors import DataError as DataError
    from .errors import ModelError as ModelError
    from .errors import UnsupportedError as UnsupportedError
    from .errors import UriError as UriError
    from .hush import hushed as hushed
    from .measuring.metrics import Scoring as Scoring
    from .measuring.onnxruntime import OnnxRuntime as OnnxRuntime
    from .model.layers import Layer as Layer
    from .model.layers import source_layers as source_layers
    from .model.ports import Port as Port
    from .model.ports import Ports as Ports
    from .model.selection import select_layers as select_layers
    from .model.state import LayerState as LayerState
    from .model.state import layer_state as layer_state
    from .model.state import onnx_layer_states as onnx_layer_states
    from .narrowing.fresh import start_anew as start_anew
    from .narrowing.narrow import Narrowed as Narrowed
    from .narrowing.narrow import narrow as narrow
    from .nearest import did_you_mean as did_you_mean
    from .negotiation.distilling import distilling_offers as distilling_offers
    from .negotiation.offers import Approximation as Approximation
    from .negotiation.offers import Offer as Offer
    from .negotiation.offers import Range as Range
    from .negotiation.offers import Refusal as Refusal
    from .plugins.calibration import calibration_batches as calibration_batches
    from .plugins.here import on_arm as on_arm
    from .plugins.hookspecs import hookimpl as hookimpl
    from .plugins.kept import warn_of_kept_channels as warn_of_kept_channels
    from .plugins.selection import refuse_half_lstm as refuse_half_lstm
    from .plugins.selection import selected_layers as selected_layers
    from .plugins.values import BackendInfo as BackendInfo
    from .plugins.values import Context as Context
    from .plugins.values import Listing as Listing
    from .plugins.values import ModelEntry as ModelEntry
    from .plugins.values import Runtime as Runtime
    from .plugins.values import StepOutcome as StepOutcome
    from .plugins.values import Warned as Warned
    from .recipe.load import load_recipe as load_recipe
    from .recipe.recipe import Expect as Expect
    from .recipe.recipe import Recipe as Recipe
    from .recipe.steps import Cluster as Cluster
    from .recipe.steps import Distill as Distill
    from .recipe.steps import Prune as Prune
    from .recipe.steps import Quantize as Quantize
    from .recipe.steps import Step as Step
    from .recipe.steps import Train as Train
    from .report.results import Results as Results
    from .shipping.about_halves import about_halves as about_halves
    from .shipping.about_int8 import about_int8 as about_int8
    from .shipping.about_int8 import refuse_eight_bits_of_seven as refuse_eight_bits_of_seven
    from .shipping.alike import fitted_to as fitted_to
    from .shipping.alike import named_graph as named_graph
    from .shipping.batch import refuse_fixed_batch as refuse_fixed_batch
    from .shipping.batch_norms import batch_norm_line as batch_norm_line
    from .shipping.batch_norms import trained_momentum as trained_momentum
    from .shipping.clusters import cluster_layers as cluster_layers
    from .shipping.codes import store_codes as store_codes
    from .shipping.deploy import deploy_onnx as deploy_onnx
    from .shipping.files import read_graph as read_graph
    from .shipping.files import unchanged as unchanged
    from .shipping.files import write_graph as write_graph
    from .shipping.float_form import compute_in_float as compute_in_float
    from .shipping.graph import initializers as initializers
    from .shipping.graph import node_attribute as node_attribute
    from .shipping.graph import replace_nodes as replace_nodes
    from .shipping.graph import store_values as store_values
    from .shipping.graph import with_opset as with_opset
    from .shipping.halves import store_halves as store_halves
    from .shipping.last_bias import quantize_last_bias as quantize_last_bias
    from .shipping.norm_folding import fold_batch_norms as fold_batch_norms
    from .shipping.plain import store_plainly as store_plainly
    from .shipping.teaching import Lesson as Lesson
    from .shipping.teaching import lesson as lesson
    from .shipping.teaching import named_lesson as named_lesson
    from .shipping.weight_only import about_one_bit as about_one_bit
    from .shipping.weight_only import quantize_weights as quantize_weights
    from .training.course import Course as Course
    from .training.course import tell_nobody as tell_nobody
    from .training.fitted import DivergedError as DivergedError
    from .training.fitted import Epoch as Epoch
    from .training.fitted import Fitted as Fitted
    from .training.held_out import Parts as Parts
    from .training.held_out import batches_per_epoch as batches_per_epoch
    from .training.held_out import steps_per_epoch as steps_per_epoch
    from .training.held_out import training_parts as training_parts
    from .training.patience import Patience as Patience
    from .training.ramp import sparsity_at as sparsity_at
    from .training.rates import MOMENTUM as MOMENTUM
    from .training.rates import WEIGHT_DECAY as WEIGHT_DECAY
    from .training.rates import learning_rate_at as learning_rate_at

__version__ = "0.1.0"

#: Public name -> module that defines it.
_HOME = {
    "compare": "api",
    "run": "api",
    "measure": "api",
    "sensitivity": "api",
    "load_results": "api",
    "Artifact": "artifact",
    "batches": "data.batches",
    "write_split": "data.index",
    "Index": "data.index",
    "Batch": "data.manifest",
    "DataManifest": "data.manifest",
    "Split": "data.manifest",
    "Take": "data.manifest",
    "Preprocessing": "data.preprocessing",
    "Uri": "data.uris",
    "parse_uri": "data.uris",
    "refuse_unknown_keys": "data.uris",
    "cluster_weight": "encoding.cluster",
    "Codes": "encoding.integers",
    "encode_weight": "encoding.quantize",
    "BoildownError": "errors",
    "DataError": "errors",
    "ModelError": "errors",
    "UnsupportedError": "errors",
    "UriError": "errors",
    "hushed": "hush",
    "Scoring": "measuring.metrics",
    "OnnxRuntime": "measuring.onnxruntime",
    "Layer": "model.layers",
    "source_layers": "model.layers",
    "Port": "model.ports",
    "Ports": "model.ports",
    "select_layers": "model.selection",
    "LayerState": "model.state",
    "layer_state": "model.state",
    "onnx_layer_states": "model.state",
    "start_anew": "narrowing.fresh",
    "Narrowed": "narrowing.narrow",
    "narrow": "narrowing.narrow",
    "did_you_mean": "nearest",
    "distilling_offers": "negotiation.distilling",
    "Approximation": "negotiation.offers",
    "Offer": "negotiation.offers",
    "Range": "negotiation.offers",
    "Refusal": "negotiation.offers",
    "calibration_batches": "plugins.calibration",
    "on_arm": "plugins.here",
    "hookimpl": "plugins.hookspecs",
    "warn_of_kept_channels": "plugins.kept",
    "refuse_half_lstm": "plugins.selection",
    "selected_layers": "plugins.selection",
    "BackendInfo": "plugins.values",
    "Context": "plugins.values",
    "Listing": "plugins.values",
    "ModelEntry": "plugins.values",
    "Runtime": "plugins.values",
    "Results": "report.results",
    "StepOutcome": "plugins.values",
    "Warned": "plugins.values",
    "Expect": "recipe.recipe",
    "Recipe": "recipe.recipe",
    "load_recipe": "recipe.load",
    "Cluster": "recipe.steps",
    "Distill": "recipe.steps",
    "Prune": "recipe.steps",
    "Quantize": "recipe.steps",
    "Step": "recipe.steps",
    "Train": "recipe.steps",
    "store_codes": "shipping.codes",
    "fitted_to": "shipping.alike",
    "Lesson": "shipping.teaching",
    "lesson": "shipping.teaching",
    "named_lesson": "shipping.teaching",
    "named_graph": "shipping.alike",
    "refuse_fixed_batch": "shipping.batch",
    "batch_norm_line": "shipping.batch_norms",
    "trained_momentum": "shipping.batch_norms",
    "fold_batch_norms": "shipping.norm_folding",
    "deploy_onnx": "shipping.deploy",
    "read_graph": "shipping.files",
    "unchanged": "shipping.files",
    "write_graph": "shipping.files",
    "compute_in_float": "shipping.float_form",
    "initializers": "shipping.graph",
    "node_attribute": "shipping.graph",
    "replace_nodes": "shipping.graph",
    "store_values": "shipping.graph",
    "with_opset": "shipping.graph",
    "store_halves": "shipping.halves",
    "store_plainly": "shipping.plain",
    "quantize_last_bias": "shipping.last_bias",
    "about_halves": "shipping.about_halves",
    "about_int8": "shipping.about_int8",
    "refuse_eight_bits_of_seven": "shipping.about_int8",
    "about_one_bit": "shipping.weight_only",
    "quantize_weights": "shipping.weight_only",
    "cluster_layers": "shipping.clusters",
    "Course": "training.course",
    "tell_nobody": "training.course",
    "DivergedError": "training.fitted",
    "Epoch": "training.fitted",
    "Fitted": "training.fitted",
    "Parts": "training.held_out",
    "batches_per_epoch": "training.held_out",
    "steps_per_epoch": "training.held_out",
    "training_parts": "training.held_out",
    "Patience": "training.patience",
    "sparsity_at": "training.ramp",
    "MOMENTUM": "training.rates",
    "WEIGHT_DECAY": "training.rates",
    "learning_rate_at": "training.rates",
}
__all__ = [*_HOME]  # noqa: PLE0604 - names are strings of the table above


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
