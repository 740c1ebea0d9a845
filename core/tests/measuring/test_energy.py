from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from boildown.errors import UnsupportedError
from boildown.measuring import energy as module
from boildown.measuring.bench import Bench
from boildown.measuring.energy import joules_between, packages, run_energy, unreadable
from boildown.measuring.inputs import model_io, write_sample
from boildown.measuring.measure import measure_energy
from boildown.measuring.requests import EnergyRequest, Sample

Make = Callable[..., Any]


def counter(root: Path, name: str, text: str = "100") -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "name").write_text("package-0" if name.count(":") == 1 else "core")
    (folder / "energy_uj").write_text(text)
    (folder / "max_energy_range_uj").write_text("1000")
    return folder


@pytest.fixture
def sample(make_tower: Make, tmp_path: Path) -> Sample:
    return write_sample(tmp_path / "s.npz", model_io(make_tower()), None)


def test_whole_packages_are_counted_and_parts_of_them_are_not(tmp_path: Path) -> None:
    for name in ("intel-rapl:1", "intel-rapl:0", "intel-rapl:0:0", "dtpm"):
        counter(tmp_path, name)
    assert [path.name for path in packages(tmp_path)] == ["intel-rapl:0", "intel-rapl:1"]
    assert unreadable(tmp_path) == ""
    (tmp_path / "intel-rapl:1/name").write_text("psys\n")
    assert [path.name for path in packages(tmp_path)] == ["intel-rapl:0"]


def test_a_counter_may_start_again_from_zero() -> None:
    before, after = [(990, 1000), (10, 1000)], [(9, 1000), (30, 1000)]
    assert joules_between(before, after) == pytest.approx((20 + 20) / 1e6)


def test_a_counter_that_holds_no_number_is_a_reason(tmp_path: Path) -> None:
    counter(tmp_path, "intel-rapl:0", "none")
    assert "cannot be read" in unreadable(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_counter_for_root_only_is_a_reason(tmp_path: Path) -> None:
    (counter(tmp_path, "intel-rapl:0") / "energy_uj").chmod(0)
    assert "only root may" in unreadable(tmp_path)


def test_a_counter_that_may_not_be_read_is_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied", "energy_uj")

    counter(tmp_path, "intel-rapl:0")
    monkeypatch.setattr(module, "read", refuse)
    assert "energy_uj: only root may" in unreadable(tmp_path)


def test_joules_are_divided_by_inferences(
    make_tower: Make, onnx_target: Make, sample: Sample, tmp_path: Path, monkeypatch: Any
) -> None:
    counter(tmp_path, "intel-rapl:0")
    readings = iter([[(0, 10**9)], [(0, 10**9)], [(6_000_000, 10**9)]])
    monkeypatch.setattr(module, "read", lambda _counters: next(readings))
    request = EnergyRequest(
        target=onnx_target(make_tower()), sample=sample, root=tmp_path, seconds=0.02
    )
    used = run_energy(request)
    assert used.inferences > 1
    assert used.joules == pytest.approx(6 / used.inferences)


def test_without_a_counter_there_is_no_figure(
    make_tower: Make, onnx_target: Make, sample: Sample, tmp_path: Path
) -> None:
    request = EnergyRequest(
        target=onnx_target(make_tower()), sample=sample, root=tmp_path, seconds=1
    )
    with pytest.raises(UnsupportedError, match="no energy counter"):
        run_energy(request)


def test_the_host_reads_a_counter_through_a_process(  # noqa: PLR0917 - fixtures
    make_tower: Make, onnx_target: Make, mimic: Make, sample: Sample, tmp_path: Path, bench: Bench
) -> None:
    counter(tmp_path / "cap", "intel-rapl:0")
    how: dict[str, Any] = {"sample": sample, "bench": bench, "root": tmp_path / "cap"}
    path = make_tower()
    assert measure_energy(onnx_target(path), seconds=0.02, **how).joules == 0
    failed = measure_energy(mimic(path, open="crash"), seconds=0.02, **how)
    assert (failed.joules, "SIGSEGV" in failed.reason) == (None, True)
