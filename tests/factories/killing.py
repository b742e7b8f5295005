"""Do something in a process that is killed on the way, as by a power cut."""

from __future__ import annotations

import os
import signal
import sys
import traceback

from django.db import connection

OTHER_SESSIONS = """
SELECT pg_terminate_backend(pid, 5000), pid, application_name, state, wait_event, query
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
  AND pid <> pg_backend_pid()
"""


def killed(act, *, module, at, is_done=False, after=0):
    """Fork, do it, and die when ``module.at`` is called: before it, or once it is done.

    Shape:  ``after`` so many calls that end well
    """
    connection.close()
    child = os.fork()
    if child == 0:
        real, calls = getattr(module, at), []

        def fatal(*args, **words):
            calls.append(at)
            if len(calls) <= after:
                return real(*args, **words)
            if is_done:
                real(*args, **words)
            return os.kill(os.getpid(), signal.SIGKILL)

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


def sessions_left():
    """End what the server still holds for the dead, and return what does not end in two minutes.

    On a busy machine it may notice late that nobody is there any more. The database is this
    process's own, and it has one session: all others are of the dead.
    """
    left = []
    for _ in range(24):
        with connection.cursor() as cursor:
            cursor.execute(OTHER_SESSIONS)
            left = cursor.fetchall()
        if not left:
            break
    return left
