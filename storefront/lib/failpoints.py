"""Failpoints: kill the process at a named place, so that a test can show that nothing is lost.

``FAILPOINT=name`` in the environment kills at the first pass of a process, ``name:3`` at the third;
commas separate several. With ``FAILPOINT_NOTES``, a folder, each failpoint kills once: the dying
process leaves a file with its name there, and later processes pass. Until the folder exists,
every process dies. Production ignores both variables.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

from django.conf import settings

_passed: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Die here, as by a power cut, if a test asked for it."""
    asked = os.environ.get("FAILPOINT")
    if not asked or settings.IS_PRODUCTION or (turn := _turn(name, asked)) is None:
        return
    folder = os.environ.get("FAILPOINT_NOTES")
    if folder and not Path(folder).is_dir():
        return
    _passed[name] += 1
    if _passed[name] >= turn and (not folder or _is_noted(Path(folder) / name)):
        os.kill(os.getpid(), signal.SIGKILL)


def _turn(name: str, asked: str) -> int | None:
    """Return at which passing somebody is to die here; None for never."""
    for wish in asked.split(","):
        wanted, _, turn = wish.partition(":")
        if wanted == name:
            return int(turn or 1)
    return None


def _is_noted(file: Path) -> bool:
    """Write down who dies where; tell whether nobody did before."""
    try:
        with file.open("x") as note:
            note.write(str(os.getpid()))
            note.flush()
            os.fsync(note.fileno())
    except FileExistsError:
        return False
    return True
