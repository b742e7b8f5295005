"""Console: print steps, errors and a child's output for the person at the terminal."""

from __future__ import annotations

import sys
from contextlib import suppress


def say(text: str) -> None:
    """Print one step; a reader who went away (`make demo | head`) must not break the clean-up."""
    with suppress(OSError):
        print(f"• {text}", flush=True)


def complain(text: str) -> None:
    with suppress(OSError):
        print(f"\n{text}", file=sys.stderr, flush=True)


def pass_on(output: bytes) -> None:
    """Show what a step prints as it prints it, progress bars included."""
    with suppress(OSError):
        sys.stdout.buffer.write(output)
        sys.stdout.flush()
