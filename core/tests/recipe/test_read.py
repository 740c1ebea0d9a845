"""Recipe files: what is accepted, and how everything wrong in one is said at once."""

from __future__ import annotations

import pytest
from boildown import Cluster, Prune, Quantize, Train
from boildown.errors import RecipeError
from boildown.recipe.read import MAX_BYTES, recipe_from_bytes, recipe_from_text

HEAD = "recipe: 1\nname: a\n"
STEP = "steps:\n  - quantize: {weights: int8}\n"


def faults(text: str) -> list[str]:
    with pytest.raises(RecipeError) as refused:
        recipe_from_text(text, "r.yaml")
    return str(refused.value).splitlines()


def step_fault(step: str) -> str:
    """Return the only fault of a recipe whose one step is `step`, without its place."""
    (fault,) = faults(f"{HEAD}steps:\n  - {step}\n")
    return fault.split(": ", 1)[1]


def test_a_recipe_with_everything_is_read() -> None:
    recipe = recipe_from_text(
        f"{HEAD}description: d\nmodel: zoo:x\n"
        "data: {train: a, calibrate: 16, test: b}\nbackends: [torch, tflite]\n"
        "input: {resize: 256, crop: [224, 224], mean: [0.1, 0.2, 0.3]}\n"
        "expect: {top1: 0.9}\nlimits: {deflated_bytes: 800000, top1_difference: -1e-2}\n"
        f"allow: [unsupported]\nseed: 3\n{STEP}    with: {{tflite: {{io: int8}}}}\n",
        "r.yaml",
    )
    assert recipe.limits == {"deflated_bytes": 800000, "top1_difference": -0.01}
    assert recipe.steps[0].with_ == {"tflite": {"io": "int8"}}
    assert recipe.backends == ("torch", "tflite")


def test_a_chain_keeps_its_order() -> None:
    text = HEAD + (
        "steps:\n- prune: {sparsity: 0.5, train: {}}\n- cluster: {bits: 4}\n- quantize:\n"
        "- quantize: {}\n"
    )
    assert recipe_from_text(text, "r.yaml").steps == (
        Prune(sparsity=0.5, train=Train()),
        Cluster(bits=4),
        Quantize(),
        Quantize(),
    )


def test_n_of_m_needs_no_quotes() -> None:
    (step,) = recipe_from_text(f"{HEAD}steps: [prune: {{structure: 2:4}}]\n", "r.yaml").steps
    assert isinstance(step, Prune)
    assert step.pattern == (2, 4)


def test_a_fault_names_file_line_column_setting_and_nearest() -> None:
    assert faults(f"{HEAD}steps:\n  - quantize: {{wieghts: int8}}\n") == [
        "r.yaml:4:16: step 1, quantize.wieghts: unknown key; did you mean 'weights'?"
    ]


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        "recipe: 2\nname: a b\nmodle: x\nmodel: 3\nsteps:\n  - quantize: {weights: int9}\n"
        "  - prune:\n  - cluster: {bits: 4, values: 16}\n  - prune: {sparsity: .inf}\nname: b\n"
    )
    told = [line.removeprefix("r.yaml:").split(": ")[0] for line in faults(text)]
    assert told == ["1:9", "2:7", "3:1", "4:8", "6:25", "7:5", "8:14", "9:23", "10:1"]


def test_one_wrong_value_is_told_once() -> None:
    assert step_fault("quantize: {weights: int9}") == (
        "step 1, quantize.weights: must be one of float16, bfloat16, int8, int7, int6, int5, int4,"
        " int3, int2, int1, or a value of one backend, as 'backend:value', not 'int9';"
        " did you mean 'int8'?"
    )


@pytest.mark.parametrize(
    "step",
    [
        *("quantize: {weights: x}", "quantize: {block_size: x}", "quantize: {layers: x}"),
        *("prune: {sparsity: x}", "prune: {structure: [x]}", "prune: {sparsity: 0.5, train: x}"),
        *("cluster: {bits: 99}", "distill: {width: 2}", "distill: {width: 0.5, hints: x}"),
        *("quantize: {train: {augment: x}}", "quantize: {with: {}}", "quantize: x", "x: {}"),
        *("[]", "with: {}", "op: quantize"),
    ],
)
def test_no_fault_is_told_in_the_validators_jargon(step: str) -> None:
    text = "\n".join(faults(f"{HEAD}steps:\n  - {step}\n"))
    jargon = ["Input should", "literal", "function-", "pydantic", "valid dictionary", "tuple"]
    assert not [word for word in (*jargon, "Value error", "Extra inputs", "None") if word in text]


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("prune: {sparsity: 0.5, structure: 2:4}", "prune: give exactly one of 'sparsity', 'thr"),
        (
            "prune: {structure: 4:2}",
            "prune: structure '4:2' keeps n of m weights: n must be below m",
        ),
        ("prune: {criterion: threshold, sparsity: 0.5}", "prune: criterion 'threshold' needs the"),
        ("prune: {threshold: 0.1}", "prune: the setting 'threshold' goes with criterion"),
        ("cluster:", "cluster: give exactly one of 'bits' and 'values'"),
        ("distill: {width: 0.5, train: null}", "distill: distill always trains: 'train' cannot"),
        ("distill: {width: 0.5, student: x}", "distill: give exactly one of 'student' and"),
        ("cluster: {bits: 4, with: {}}", "cluster.with: unknown key here; it stands beside"),
        ("quantize: {symmetric: off}", "quantize.symmetric: must be true or false, not 'off'; did"),
        (
            "quantize: {layers: {include: [a, 'size<x']}}",
            "quantize.layers.include, item 2: 'size<x",
        ),
        ("quantize: {layers: {include: [*.c]}}", "quantize.layers.include, item 1: aliases (*.c)"),
        ("quantize: {block_size: .nan}", "quantize.block_size: .nan is no number that a recipe"),
    ],
)
def test_a_fault_is_told_once_and_in_words(step: str, fault: str) -> None:
    assert step_fault(step).startswith(f"step 1, {fault}")


def test_two_operations_in_one_step_are_named() -> None:
    assert step_fault("{prune: {sparsity: 0.5}, cluster: {bits: 4}}") == (
        "step 1: must have exactly one of quantize, prune, cluster, distill,"
        " not prune and cluster together"
    )


def test_a_rule_of_one_step_is_told_beside_a_wrong_value_of_another() -> None:
    steps = "  - prune: {}\n  - quantize: {weights: int9}\n  - cluster: {}\n"
    assert [line.split(":")[1] for line in faults(f"{HEAD}steps:\n{steps}")] == ["4", "5", "6"]


def test_settings_that_are_not_indented_are_told_where_they_belong() -> None:
    text = f"{HEAD}steps:\n  - quantize:\n    weights: int8\n"
    (fault,) = faults(text)
    assert fault.startswith("r.yaml:5:5: step 1, weights: unknown key here; it belongs inside 'qua")


def test_a_step_in_the_shape_of_the_model_is_refused() -> None:
    told = faults(f"{HEAD}steps:\n  - op: quantize\n    weights: int8\n")
    assert any("op: unknown key" in line for line in told)
    assert any("must have exactly one of quantize" in line for line in told)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (STEP + "name: a\n", "r.yaml:1:1: the key 'recipe' is missing (1)"),
        (HEAD, "r.yaml:1:1: the key 'steps' is missing (a list of at least 1 item"),
        (f"{HEAD}steps: []\n", "r.yaml:3:8: steps: must be a list of at least 1 item"),
        (f"{HEAD}steps: {{quantize: {{}}}}\n", "r.yaml:3:8: steps: must be a list"),
        (f"{HEAD}steps: [null]\n", "r.yaml:3:9: step 1: must be a mapping with keys of quantize"),
        (f"{HEAD}limits: {{bytse: 1}}\n{STEP}", "r.yaml:3:10: limits.bytse: unknown key; did you"),
        (f"{HEAD}limits: {{top1: 1e999}}\n{STEP}", "r.yaml:3:16: limits.top1: the number 1e999 is"),
        (f"{HEAD}data: {{tset: x}}\n{STEP}", "r.yaml:3:8: data.tset: unknown key; did you mean"),
        (f"{HEAD}allow: [unsuported]\n{STEP}", "r.yaml:3:9: allow, item 1: must be one of ok,"),
        (f"{HEAD}input: {{mean: [1, 2]}}\n{STEP}", "r.yaml:3:8: input: 'mean' has 2 numbers"),
        ("[]", "r.yaml:1:1: must be a mapping with keys of recipe, name"),
        ("just text", "r.yaml:1:1: must be a mapping with keys of recipe, name"),
        ('recipe: 1\nname: "a\\n"\n' + STEP, "r.yaml:2:7: name: 'a\\n' is not allowed here"),
    ],
)
def test_the_frame_of_a_recipe_is_checked(text: str, fault: str) -> None:
    (told,) = faults(text)
    assert told.startswith(fault)


def test_a_file_that_is_wrong_throughout_is_not_told_endlessly() -> None:
    told = faults(f"{HEAD}steps:\n" + "  - quantize: {weights: 1}\n" * 500)
    assert len(told) == 101
    assert told[-1] == "r.yaml: and more; mend these first"


def test_a_broken_file_is_told_where_it_breaks() -> None:
    assert faults("a: 1\n\tb: 2\n") == ["r.yaml:2:1: a tab cannot indent YAML; use spaces"]


def test_a_mark_of_byte_order_is_ignored() -> None:
    assert recipe_from_bytes(b"\xef\xbb\xbf" + (HEAD + STEP).encode(), "r.yaml").name == "a"


@pytest.mark.parametrize("content", [b"recipe: 1\nname: \xff\n", "recipe: 1\nn".encode("utf-16")])
def test_bytes_that_are_not_utf_8_are_refused(content: bytes) -> None:
    with pytest.raises(RecipeError, match=r"r\.yaml:[12]: byte 0xff is not UTF-8"):
        recipe_from_bytes(content, "r.yaml")


def test_the_size_of_a_file_is_bounded() -> None:
    content = (HEAD + STEP + "#").encode()
    recipe_from_bytes(content.ljust(MAX_BYTES, b"x"), "r.yaml")
    with pytest.raises(RecipeError, match="larger than 256 KiB"):
        recipe_from_bytes(content.ljust(MAX_BYTES + 1, b"x"), "r.yaml")
