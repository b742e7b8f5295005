"""Crashes: run code in a process that is killed at a given call, as by a power cut."""

import os
import signal
import sys
import traceback

from django.db import OperationalError, connection
from psycopg.errors import AdminShutdown

FAILED, LOST_ITS_SESSION = 7, 8
_parents = []
OTHER_SESSIONS = """
SELECT pg_terminate_backend(pid, 5000), pid, application_name, state, wait_event, query
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
  AND pid <> pg_backend_pid()
"""


def killed(act, *, module, at, is_done=False, after=0):
    """Fork, run ``act``, and kill the child just before it calls ``module.at``.

    With ``is_done`` the child is killed just after the call. The first ``after`` calls return
    normally.
    """
    for _ in range(3):
        child = os.fork()
        if child == 0:
            _die(act, module=module, at=at, is_done=is_done, after=after)
        _, status = os.waitpid(child, 0)
        assert sessions_left() == []
        # Under load, the server sometimes ends the session of a new child (AdminShutdown) before
        # the child's first call, for an unknown reason: try again.
        if not (os.WIFEXITED(status) and os.WEXITSTATUS(status) == LOST_ITS_SESSION):
            break
    assert os.WIFSIGNALED(status), status


def _die(act, *, module, at, is_done, after):
    # The session of the parent stays open: open another one, and never close the parent's.
    _parents.append(connection.connection)
    connection.connection = None
    calls = []
    end = FAILED
    try:
        real = getattr(module, at)

        def fatal(*args, **words):
            calls.append(at)
            if len(calls) <= after:
                return real(*args, **words)
            if is_done:
                real(*args, **words)
            return os.kill(os.getpid(), signal.SIGKILL)

        setattr(module, at, fatal)
        act()
    except OperationalError as error:
        traceback.print_exc()
        is_lost = isinstance(error.__cause__, AdminShutdown)
        end = LOST_ITS_SESSION if is_lost and not calls else FAILED
    except BaseException:  # noqa: BLE001 - report it to the parent
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(end)


def sessions_left():
    """End the sessions of killed processes; return those that do not end in two minutes.

    On a busy machine the server may notice late that the client is gone. The database belongs to
    this process, which has one session: all others are of killed processes.
    """
    left = []
    for _ in range(24):
        with connection.cursor() as cursor:
            cursor.execute(OTHER_SESSIONS)
            left = cursor.fetchall()
        if not left:
            break
    return left
