"""The backend as the host sees it: found by its entry point, light, and whole as a job."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from boildown import Artifact, source_layers
from boildown.job.chain import run_chain
from boildown.job.protocol import Job
from boildown.plugins.registry import Registry
from boildown.testing.graphs import GRAPHS
from programs import run
from sources import difference, normalised, samples


def test_declaring_the_backend_imports_no_toolkit() -> None:
    code = (
        "import sys; from boildown_coreml import hooks; hooks.backend_info();"
        "print([n for n in ('coremltools', 'onnx2coreml', 'torch') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_coremltools_says_nothing_and_leaves_frameworks_alone() -> None:
    code = (
        "import sys; import boildown_coreml.convert;"
        "print([n for n in ('torch', 'tensorflow') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.parametrize("form", ["mlpackage", "mlmodel"])
def test_a_job_without_steps_ships_the_float_twin(form: str, tmp_path: Path) -> None:
    assert "coreml" in Registry().names()
    source = normalised(GRAPHS["residual"](), tmp_path)
    job = Job(
        backend="coreml",
        model=Artifact(path=source),
        workdir=tmp_path / "job",
        deploy={"format": form},
    )
    result = run_chain(job, Registry().get("coreml"), lambda _: None)
    assert not result.layers_reason, result.reason
    assert result.deployable is not None
    assert result.onnx is not None
    assert [state.layer for state in result.layers] == [x.name for x in source_layers(source)]
    arrays = samples(source)
    found, wanted = (run(onnx.load(p), *arrays)[0] for p in (result.onnx.path, source))
    assert difference(found, wanted) < 1e-5
