"""Do something in a process that is killed on the way, as by a power cut."""

from __future__ import annotations

import os
import signal
import sys
import traceback

from django.db import connection

from tests.suppliers.test_bulk_killed import sessions_left


def killed(act, *, module, at, is_done):
    """Fork, do it, and die when ``module.at`` is called: before it, or once it is done."""
    connection.close()
    child = os.fork()
    if child == 0:
        real = getattr(module, at)

        def fatal(*args, **words):
            if is_done:
                real(*args, **words)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(module, at, fatal)
        try:
            act()
        except BaseException:  # noqa: BLE001 - told, or nobody would ever know
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(7)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), status
    assert sessions_left() == []
