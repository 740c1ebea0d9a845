"""What computer the figures come from, read where the system tells it without a long search."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

from ..comparison.schema import Machine

CPUINFO = Path("/proc/cpuinfo")
#: Flag as Linux or macOS calls it -> name in reports. Only what decides the speed of inference.
_KNOWN = {
    "avx2": "avx2",
    "fma": "fma",
    "avx512f": "avx512f",
    "avx512_vnni": "avx512_vnni",
    "avx_vnni": "avx_vnni",
    "avx512_bf16": "avx512_bf16",
    "avx512_fp16": "avx512_fp16",
    "amx_int8": "amx_int8",
    "amx_bf16": "amx_bf16",
    "asimd": "neon",
    "asimdhp": "fp16",
    "asimddp": "dotprod",
    "i8mm": "i8mm",
    "bf16": "bf16",
    "sve": "sve",
    "hw.optional.neon": "neon",
    "hw.optional.AdvSIMD": "neon",
    "hw.optional.arm.FEAT_FP16": "fp16",
    "hw.optional.arm.FEAT_DotProd": "dotprod",
    "hw.optional.arm.FEAT_I8MM": "i8mm",
    "hw.optional.arm.FEAT_BF16": "bf16",
}


def machine(threads: int) -> Machine:
    """Describe this computer; `threads` is how many each job may use."""
    cpu, sets = _linux(CPUINFO) if sys.platform == "linux" else _macos()
    return Machine(
        cpu=cpu or platform.processor() or platform.machine(),
        instruction_sets=sets,
        cores=cores(),
        threads=threads,
        os=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
    )


def cores() -> int:
    """Return the number of cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _linux(cpuinfo: Path) -> tuple[str, tuple[str, ...]]:
    facts: dict[str, str] = {}
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "", ()
    for line in lines:
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), value.strip())
    flags = facts.get("flags") or facts.get("Features") or ""
    return facts.get("model name") or facts.get("Model") or "", _sets(flags.split())


def _macos() -> tuple[str, tuple[str, ...]]:
    """Ask sysctl (man 3 sysctl, `hw.optional`), which prints `name: value`."""
    asked = subprocess.run(
        ["/usr/sbin/sysctl", "machdep.cpu.brand_string", "machdep.cpu.features",
         "machdep.cpu.leaf7_features", "hw.optional"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return _from_sysctl(asked.stdout)


def _from_sysctl(text: str) -> tuple[str, tuple[str, ...]]:
    facts = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    intel = " ".join(
        facts.get(f"machdep.cpu.{name}", "") for name in ("features", "leaf7_features")
    )
    optional = [name for name, value in facts.items() if value == "1"]
    return facts.get("machdep.cpu.brand_string", ""), _sets(intel.lower().split() + optional)


def _sets(flags: list[str]) -> tuple[str, ...]:
    present = set(flags)
    return tuple(dict.fromkeys(name for flag, name in _KNOWN.items() if flag in present))
