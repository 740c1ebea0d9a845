"""`comparison.json`: all results of a run with their baselines; stable and versioned.

Paths are relative to the file. Accuracies are fractions; ratios are before/after, so above 1 is
better; null always comes with a reason beside it.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ..data.preprocessing import Preprocessing
from ..frozen import Frozen
from ..job.protocol import Cost
from ..plugins.values import Warned
from ..recipe.recipe import Status
from .audited import Audit

SCHEMA = 1
Interval = tuple[float, float]


class Machine(Frozen):
    """Where the measurements were taken."""

    cpu: str
    instruction_sets: tuple[str, ...]
    cores: int
    threads: int
    os: str
    python: str


class Size(Frozen):
    """Bytes of a file or folder, and bits per weight of the *original* network."""

    bytes: int
    #: None where measuring was not asked for.
    deflated_bytes: int | None
    bits_per_weight: float | None
    entropy_bits_per_weight: float | None
    reason: str = ""


class Metric(Frozen):
    """One figure of quality over n samples with its 95 % interval; `difference` is paired."""

    name: str
    value: float | None
    n: int
    interval: Interval | None = None
    difference: float | None = None
    difference_interval: Interval | None = None
    higher_is_better: bool = True
    reason: str = ""


class Quality(Frozen):
    """How good the outputs are. Agreement and SQNR are taken against the float source."""

    task: str
    measured_on: str
    metrics: tuple[Metric, ...]
    agreement: float | None = None
    sqnr_db: float | None = None
    #: Which output's SQNR it is: the lowest of several. Empty: there is one, or none is lowest.
    sqnr_output: str = ""
    #: Every output equals the float source's, number for number: the SQNR is infinite, so null.
    identical: bool | None = None
    #: Samples whose outputs are not all finite numbers.
    non_finite: int | None = None
    reason: str = ""


class Ratio(Frozen):
    """Median of paired ratios (baseline / this) with its quartiles and the number of pairs."""

    median: float
    q1: float
    q3: float
    n: int
    #: 95 % interval of the median from the order statistics of the pairs.
    interval: Interval


class Latency(Frozen):
    """Wall milliseconds per inference."""

    p50: float
    p90: float


class Timing(Frozen):
    """Wall-clock beside CPU time, with its paired ratios."""

    latency_ms: Latency
    versus_same_runtime_float: Ratio | None = None
    versus_onnxruntime_float: Ratio | None = None


class Speed(Frozen):
    """Speed in one runtime. Ratios are of interleaved paired CPU time on `threads` threads."""

    runtime: str
    device_verified: bool
    batch: int
    threads: int
    instruction_sets: tuple[str, ...]
    latency_ms: Latency | None
    load_ms: float | None
    first_ms: float | None
    cpu_seconds: float | None
    versus_same_runtime_float: Ratio | None
    versus_onnxruntime_float: Ratio | None
    wall: Timing | None = None
    #: The ONNX form in ONNX Runtime, where that is another file than the deployable.
    onnx: Timing | None = None
    #: Cores that other processes kept busy while this was timed, on average; None: not known.
    others_busy: float | None = None
    reason: str = ""


class Memory(Frozen):
    """Peak resident memory of inference in a fresh process."""

    peak_rss_bytes: int | None
    #: The same minus what the process held before it loaded the model.
    model_rss_bytes: int | None = None
    reason: str = ""


class Energy(Frozen):
    """Joules per inference from a hardware counter; never an estimate."""

    joules: float | None = None
    reason: str = ""


class Parity(Frozen):
    """Native runtime against ONNX form on the same inputs."""

    max_abs_difference: float | None
    top1_agreement: float | None
    n: int = 0
    reason: str = ""


class Deployable(Frozen):
    """The file that a user ships, with its size; `path` is relative to comparison.json."""

    path: str
    format: str
    sha256: str
    bytes: int
    deflated_bytes: int | None
    bits_per_weight: float | None
    entropy_bits_per_weight: float | None
    parameters: int | None
    macs: int | None
    reason: str = ""


class StepDone(Frozen):
    """One step as it was carried out."""

    op: str
    settings: dict[str, Any]
    approximations: tuple[str, ...] = ()


class LimitCheck(Frozen):
    """One limit of the recipe and whether the row keeps it."""

    name: str
    limit: float
    value: float | None
    ok: bool
    reason: str = ""


class Provenance(Frozen):
    """How to get the same row again."""

    versions: dict[str, str]
    seed: int
    #: SHA-256 of everything that decides the result; the cache's key.
    key: str
    log: str | None = None


class FloatTwin(Frozen):
    """The untouched model deployed by the same backend."""

    deployable: Deployable
    quality: Quality | None
    speed: Speed | None
    reason: str = ""


class Control(Frozen):
    """The float model after the same training, without compression."""

    quality: Quality


class Row(Frozen):
    """One job and everything measured on it."""

    model: str
    recipe: str
    backend: str
    status: Status
    reason: str = ""
    warnings: tuple[Warned, ...] = ()
    steps: tuple[StepDone, ...] = ()
    deployable: Deployable | None = None
    quality: Quality | None = None
    control: Control | None = None
    float_twin: FloatTwin | None = None
    speed: Speed | None = None
    memory: Memory | None = None
    energy: Energy | None = None
    parity: Parity | None = None
    audit: Audit | None = None
    cost: Cost | None = None
    limits: tuple[LimitCheck, ...] = ()
    provenance: Provenance | None = None
    #: Which of the machines measured it: 0 is `machine`, others stand in `other_machines`.
    machine: int = 0
    #: The digest of the test samples that it was judged on; its ModelRecord has the same.
    test_sha256: str = ""
    #: The digest of all data that its job was given; its DataRecord has the same.
    data_sha256: str = ""


class Baseline(Frozen):
    """The float32 ONNX input in ONNX Runtime: what every ratio to the input means."""

    size: Size
    quality: Quality | None
    speed: Speed | None
    memory: Memory | None
    reason: str = ""


class ModelRecord(Frozen):
    """A model of the comparison, before any compression."""

    uri: str
    sha256: str
    #: None where measuring was not asked for.
    parameters: int | None
    macs: int | None
    preprocessing: Preprocessing | None
    baseline: Baseline
    reason: str = ""
    machine: int = 0
    #: The normalised ONNX file, which `boildown measure` runs beside what was made of it.
    path: str = ""
    #: The digest of the test samples that its baseline was judged on; empty: it was not.
    test_sha256: str = ""


class DataRecord(Frozen):
    """A dataset and how many samples each split gave."""

    uri: str
    sha256: str
    splits: dict[Literal["train", "calibration", "test"], int]
    #: The digest of the test samples alone; empty where nothing was tested.
    test_sha256: str = ""


class Comparison(Frozen):
    """Everything that one run found."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    machine: Machine
    #: Of comparisons that are merged from runs on several machines.
    other_machines: tuple[Machine, ...] = ()
    #: Folders of the runs that this one was put together from; empty: it is a run of its own.
    runs: tuple[str, ...] = ()
    data: tuple[DataRecord, ...] = ()
    models: tuple[ModelRecord, ...] = ()
    recipes: tuple[dict[str, Any], ...] = ()
    results: tuple[Row, ...] = ()

    @property
    def machines(self) -> tuple[Machine, ...]:
        """All machines, in the order by which rows and models name them."""
        return (self.machine, *self.other_machines)
