"""`torchvision:NAME` gives networks of torchvision as ONNX, safely and without loading PyTorch."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from boildown import ModelError, UriError, parse_uri
from boildown.plugins.models import find_model
from boildown.testing.graphs import GRAPHS
from boildown_torch.importer import import_onnx
from boildown_torch.sources.torchvision_models import torchvision_model
from boildown_torch.sources.vision import torchvision_models
from boildown_torch.sources.weights import load_weights
from safetensors.torch import save_file

from .jobs import normalised, session

NAME = "mobilenet_v3_small"
SMALL = f"torchvision:{NAME}?num_classes=4&size=32"


def network(classes: int = 4) -> torch.nn.Module:
    torch.manual_seed(1)
    module: torch.nn.Module = torchvision_models().mobilenet_v3_small(num_classes=classes)
    return module.eval()


def from_file(path: Path, folder: Path) -> Path:
    return torchvision_model(parse_uri(f"{SMALL}&weights={path}"), folder).path


def test_random_weights_are_allowed_and_said(tmp_path: Path) -> None:
    entry = find_model(SMALL, tmp_path)
    assert "weights are random" in entry.description
    assert [w.code for w in entry.warnings] == ["NOTE"]
    first = onnx.load(entry.path)
    assert first == onnx.load(torchvision_model(parse_uri(SMALL), tmp_path).path)
    norms = sum(isinstance(m, torch.nn.BatchNorm2d) for m in network().modules())
    assert sum(node.op_type == "BatchNormalization" for node in first.graph.node) == norms
    assert first.opset_import[0].version >= 17


def test_images_are_prepared_as_torchvision_does(tmp_path: Path) -> None:
    entry = torchvision_model(parse_uri(f"torchvision:{NAME}"), tmp_path)
    assert entry.preprocessing is not None
    assert (entry.preprocessing.resize, entry.preprocessing.crop) == (256, (224, 224))
    assert entry.preprocessing.mean == (0.485, 0.456, 0.406)
    assert (len(entry.labels), entry.labels[0]) == (1000, "tench")
    assert torchvision_model(parse_uri(SMALL), tmp_path).labels == ()


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_weights_from_a_file_are_the_network_s(suffix: str, tmp_path: Path) -> None:
    module, path = network(), tmp_path / f"w.{suffix}"
    (save_file if suffix == "safetensors" else torch.save)(module.state_dict(), path)
    made = from_file(path, tmp_path)
    images = np.random.default_rng(0).normal(size=(3, 3, 32, 32)).astype(np.float32)
    found = session(made).run(None, {"input": images})[0]
    with torch.no_grad():
        wanted = module(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-4 * np.abs(wanted).max())
    random = session(torchvision_model(parse_uri(SMALL), tmp_path).path)
    gap = np.abs(random.run(None, {"input": images})[0] - wanted).max()
    assert gap > 0.1 * np.abs(wanted).max()


def test_weights_of_another_shape_are_refused_by_name(tmp_path: Path) -> None:
    save_file(network(classes=5).state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match=r"'classifier\.3\..*\[5.*wants \[4.*num_classes"):
        from_file(tmp_path / "w.safetensors", tmp_path)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_file({"features.0.0.weigth": torch.zeros(1)}, tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match=r"lacks 'classifier.*has 'features\.0\.0\.weigth'"):
        from_file(tmp_path / "w.safetensors", tmp_path)


class Evil:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


def test_a_pickle_that_runs_code_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "it ran"
    torch.save({"features.0.0.weight": Evil(mark)}, tmp_path / "evil.pth")
    with pytest.raises(ModelError, match="could run any code"):
        from_file(tmp_path / "evil.pth", tmp_path)
    assert not mark.exists()
    pickle.loads(pickle.dumps(Evil(mark)))  # noqa: S301 - negative control: this pickle does run
    assert mark.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [({"epoch": 3}, "no state dict"), (network, "more than tensors"), (b"junk", "weights|pickle")],
)
def test_what_is_no_state_dict_is_refused(content: object, said: str, tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(ModelError, match=said):
        from_file(path, tmp_path)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("torchvision:mobilenet_v3_smal", "did you mean 'mobilenet_v3_small'"),
        ("torchvision:resnet18?size=big", "size=big must be a whole number"),
    ],
)
def test_a_slip_is_named_with_what_was_meant(uri: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UriError, match=said):
        torchvision_model(parse_uri(uri), tmp_path)


def test_an_unknown_key_is_named_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(UriError, match=r"unknown 'num_clases'.*did you mean 'num_classes'"):
        find_model(f"torchvision:{NAME}?num_clases=3", tmp_path)


def test_an_error_crosses_from_the_process_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no weights file"):
        find_model(f"{SMALL}&weights=gone.pth", tmp_path)


def test_asking_and_listing_leave_the_toolkit_out(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from boildown.plugins.models import find_model\n"
        "from boildown.plugins.sources import model_listings\n"
        "assert {'torch', 'torchvision'} <= {m.uri.partition(':')[0] for m in model_listings()}\n"
        f"find_model({SMALL!r}, Path({str(tmp_path)!r}))\n"
        "assert not {'torch', 'torchvision', 'onnxruntime'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_random_networks_learn_statistics_when_they_are_trained(tmp_path: Path) -> None:
    made = torchvision_model(parse_uri(SMALL), tmp_path).path
    norms = [m for m in network().modules() if isinstance(m, torch.nn.BatchNorm2d)]
    written = [
        attribute.f
        for node in onnx.load(made).graph.node
        for attribute in node.attribute
        if node.op_type == "BatchNormalization" and attribute.name == "momentum"
    ]
    wanted = sorted(1 - (norm.momentum or 0) for norm in norms)
    np.testing.assert_allclose(sorted(written), wanted, atol=1e-6)


def test_statistics_that_a_file_would_keep_for_ever_are_trained(tmp_path: Path) -> None:
    model = GRAPHS["batch_norm"]()
    for node in model.graph.node:
        if node.op_type == "BatchNormalization":
            node.attribute.append(onnx.helper.make_attribute("momentum", 1.0))
    module = import_onnx(normalised(model, tmp_path))
    norms = [m for m in module.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert norms
    assert [norm.momentum for norm in norms] == [pytest.approx(0.1)] * len(norms)


def test_published_weights_of_googlenet_get_the_images_that_they_want(tmp_path: Path) -> None:
    plain = (
        torchvision_models()
        .googlenet(weights=None, num_classes=4, init_weights=False, transform_input=True)
        .eval()
    )
    save_file(plain.state_dict(), tmp_path / "w.safetensors")
    uri = f"torchvision:googlenet?num_classes=4&size=64&weights={tmp_path / 'w.safetensors'}"
    made = torchvision_model(parse_uri(uri), tmp_path).path
    images = np.random.default_rng(0).normal(size=(2, 3, 64, 64)).astype(np.float32)
    found = session(made).run(None, {"input": images})[0]
    with torch.no_grad():
        wanted = plain(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-3 * np.abs(wanted).max())


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_weights_of_a_network_that_looks_for_their_version_load(
    suffix: str, tmp_path: Path
) -> None:
    module, path = torchvision_models().mnasnet0_5(num_classes=4), tmp_path / f"w.{suffix}"
    (save_file if suffix == "safetensors" else torch.save)(module.state_dict(), path)
    other = torchvision_models().mnasnet0_5(num_classes=4)
    load_weights(other, path)
    for name, tensor in module.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor)


@pytest.mark.parametrize(
    ("make", "today", "once"),
    [
        ("densenet121", r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2."),
        ("vit_b_32", r"\.mlp\.0\.", ".mlp.linear_1."),
    ],
)
def test_names_of_older_files_are_those_of_today(
    make: str, today: str, once: str, tmp_path: Path
) -> None:
    module = torchvision_models().get_model(make, weights=None, num_classes=4)
    old = {re.sub(today, once, name): tensor for name, tensor in module.state_dict().items()}
    assert old.keys() != module.state_dict().keys()
    torch.save(old, tmp_path / "w.pth")
    other = torchvision_models().get_model(make, weights=None, num_classes=4)
    load_weights(other, tmp_path / "w.pth")
    for name, tensor in module.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor)
