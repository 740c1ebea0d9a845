from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from boildown.measuring import machine as module
from boildown.measuring.machine import machine

X86 = (
    "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu avx2 fma avx512f avx512_vnni amx_int8\n"
)
ARM = "processor\t: 0\nFeatures\t: fp asimd asimdhp asimddp i8mm bf16\nCPU part\t: 0xd40\n"
SYSCTL = "machdep.cpu.brand_string: Apple M2\nhw.optional.arm.FEAT_I8MM: 1\nhw.optional.neon: 1\n"


def test_this_machine_is_described() -> None:
    found = machine(threads=2)
    assert found.cpu
    assert found.threads == 2
    assert 1 <= found.cores <= (os.cpu_count() or 1)
    assert found.python == ".".join(map(str, sys.version_info[:3]))


@pytest.mark.skipif(sys.platform != "linux", reason="cpuinfo is Linux's")
@pytest.mark.parametrize(
    ("text", "cpu", "sets"),
    [
        (X86, "Some CPU", ("avx2", "fma", "avx512f", "avx512_vnni", "amx_int8")),
        (ARM, None, ("neon", "fp16", "dotprod", "i8mm", "bf16")),
    ],
)
def test_instruction_sets_are_read_from_cpuinfo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, cpu: str | None, sets: Any
) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(module, "CPUINFO", tmp_path / "cpuinfo")
    found = machine(1)
    assert found.instruction_sets == sets
    assert found.cpu == (cpu or found.cpu)


def test_a_missing_cpuinfo_leaves_a_name_of_the_architecture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CPUINFO", tmp_path / "none")
    monkeypatch.setattr(sys, "platform", "linux")
    found = machine(1)
    assert found.cpu
    assert found.instruction_sets == ()


def test_macos_is_asked_through_sysctl(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, stdout=SYSCTL)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(sys, "platform", "darwin")
    found = machine(1)
    assert (found.cpu, found.instruction_sets) == ("Apple M2", ("neon", "i8mm"))


def test_an_intel_mac_names_its_features_in_capitals() -> None:
    text = "machdep.cpu.features: FPU FMA\nmachdep.cpu.leaf7_features: AVX2 AVX512F\n"
    assert module._from_sysctl(text)[1] == ("avx2", "fma", "avx512f")
