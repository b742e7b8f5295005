"""Benchmark results: store the figures and verdicts of each goal with machine, load and time."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from storefront.dev.bench.goals.pages import Verdict


def keep(
    path: Path,
    *,
    figures: Mapping[str, Any],
    verdicts: Sequence[Verdict],
    machine: str,
) -> None:
    """Store figures and verdicts; goals that were not measured keep their previous verdicts."""
    kept = _read(path)
    measured = {each.id for each in verdicts}
    records = [each for each in kept.get("goals", []) if each["id"] not in measured]
    records += [_record(each, machine) for each in verdicts]
    records.sort(key=lambda each: (each["id"][0], int(each["id"][1:])))  # P2 before P13
    together = {**kept, **figures, "goals": records}
    path.write_text(json.dumps(together, indent=2) + "\n")


def _read(path: Path) -> dict[str, Any]:
    kept = json.loads(path.read_text()) if path.exists() else {}
    # An older format has no goal ids.
    return kept if isinstance(kept, dict) and "goals" in kept else {}


def _record(verdict: Verdict, machine: str) -> dict[str, Any]:
    record = asdict(verdict)
    made_at = record.pop("made_at")
    return record | {
        "ratio": verdict.ratio,
        "is_reliable": verdict.is_reliable,
        "machine": machine,
        "date": made_at.isoformat(timespec="seconds"),
    }


def this_machine() -> str:
    """Describe the machine, since absolute figures depend on it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.machine()
    return f"{os.cpu_count()} x {model}, Python {platform.python_version()}"
