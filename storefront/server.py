"""Web server: load the application once, then run Granian, whose forked workers share that memory.

The arguments are those of Granian, the application last. A worker that replaces a dead one has
nothing to load either.
"""

import multiprocessing
import sys
from importlib import import_module

from granian.cli import entrypoint

if __name__ == "__main__":
    # Not from Python 3.14 on: there each worker loads the application.
    if multiprocessing.get_start_method() == "fork":
        import_module(sys.argv[-1].partition(":")[0])
    entrypoint()  # type: ignore[no-untyped-call]
