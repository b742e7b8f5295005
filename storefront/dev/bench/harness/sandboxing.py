"""Run a sandbox supplier as a process of its own, for as long as it is measured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def sandbox(module: str, *, data: Path, words: Sequence[str]) -> Iterator[str]:
    """Start it on a free port; yield its address."""
    data.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", module, "--port", "0", "--data", str(data), *words]
    with (data / "sandbox.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        assert process.stdout is not None  # noqa: S101 - we asked for a pipe
        with process.stdout:
            yield process.stdout.readline().split()[-1]
    finally:
        process.kill()  # its threads may hang for long
        process.wait(timeout=15)
