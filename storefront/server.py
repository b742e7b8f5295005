"""Web server: load the application and its pages once, then run Granian, whose forked workers share that memory.

The arguments are those of Granian, the application last. A worker that replaces a dead one has
nothing to load either. To load new code, restart the process: a SIGHUP does not.
"""

import multiprocessing
import os
import sys
import tempfile
from importlib import import_module

from granian.cli import entrypoint

if __name__ == "__main__":
    # Before the application loads: all workers count their requests in files of this folder.
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="fara-metrics-"))
    # Where workers do not fork (macOS, Python 3.14), each loads the application, and pages when asked.
    if multiprocessing.get_start_method() == "fork" and ":" in sys.argv[-1]:
        module = import_module(sys.argv[-1].partition(":")[0])
        getattr(module, "before_fork", lambda: None)()
    entrypoint()  # type: ignore[no-untyped-call]
