"""Named places where a test kills this process, to show that nothing is lost there.

``FAILPOINT=name`` in the environment kills at the first passing, ``name:3`` at the third of this
process; several are parted by commas. With ``FAILPOINT_NOTES`` each kills once: who dies leaves a
note of that name in this folder, and whoever finds it passes by; before there is such a folder,
everybody does. Production ignores all of it.
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
