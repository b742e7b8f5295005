"""Console: print steps, errors and a child's output on the terminal."""

import sys
from contextlib import suppress


def say(text: str) -> None:
    """Print one step; a closed pipe (`make demo | head`) does not break the clean-up."""
    with suppress(OSError):
        print(f"• {text}", flush=True)


def complain(text: str) -> None:
    with suppress(OSError):
        print(f"\n{text}", file=sys.stderr, flush=True)


def pass_on(output: bytes) -> None:
    """Show the output of a step as it prints it, including progress bars."""
    with suppress(OSError):
        sys.stdout.buffer.write(output)
        sys.stdout.flush()
