"""Failpoints: kill the process at a named place, so that tests can prove crash safety.

``FAILPOINT=name`` in the environment kills a process when it first reaches the place, ``name:3``
the third time; commas separate several. With ``FAILPOINT_NOTES``, a folder, each failpoint kills
one process, which first writes a file with the failpoint's name there; later processes pass. Until
the folder exists, no process is killed. Production ignores both variables.
"""

import os
import signal
from collections import Counter
from pathlib import Path

from django.conf import settings

_passed: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Kill this process with SIGKILL if the environment asks for it at this point."""
    spec = os.environ.get("FAILPOINT")
    if not spec or settings.IS_PRODUCTION or (pass_number := _kill_at_pass(name, spec)) is None:
        return
    folder = os.environ.get("FAILPOINT_NOTES")
    if folder and not Path(folder).is_dir():
        return
    _passed[name] += 1
    if _passed[name] >= pass_number and (not folder or _is_first_kill(Path(folder) / name)):
        os.kill(os.getpid(), signal.SIGKILL)


def _kill_at_pass(name: str, spec: str) -> int | None:
    """Return at which pass to kill the process; None for never."""
    for entry in spec.split(","):
        wanted, _, pass_number = entry.partition(":")
        if wanted == name:
            return int(pass_number or 1)
    return None


def _is_first_kill(file: Path) -> bool:
    """Create the file of a failpoint; return False if it exists."""
    try:
        with file.open("x") as note:
            note.write(str(os.getpid()))
            note.flush()
            os.fsync(note.fileno())
    except FileExistsError:
        return False
    return True
