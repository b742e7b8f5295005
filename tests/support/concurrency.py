"""Concurrency: run actions at the same moment, or a rival in the middle of a test's own action."""

import threading
import time
from contextlib import contextmanager

from django.db import connection

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def all_at_once(acts, refusal):
    """Call all ``acts`` at the same moment, each on its own connection; count the refusals."""
    start = threading.Barrier(len(acts), timeout=60)
    lost = []
    errors = []

    def run(act):
        connection.ensure_connection()  # connect before the start signal
        start.wait()
        try:
            act()
        except refusal as error:
            lost.append(error)
        except Exception as error:  # noqa: BLE001 - a thread's error must reach the test
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    return len(lost)


@contextmanager
def held_elsewhere(lock):
    """Hold ``lock``, a context manager, in another session, as another worker does."""
    taken, over = threading.Event(), threading.Event()

    def hold():
        try:
            with lock:
                taken.set()
                over.wait(10)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert taken.wait(10)
    try:
        yield
    finally:
        over.set()
        thread.join()


class Rival:
    """Acts on a separate connection while the test is in the middle of its own action.

    ``begin`` returns when the rival has finished, or waits for a lock that the test holds.
    """

    def __init__(self, act):
        self._act = act
        self._thread = threading.Thread(target=self._run)
        self.answer = None
        self.failure = None

    def begin(self):
        self._thread.start()
        for _ in range(2000):  # clocks are frozen in some tests
            if not self._thread.is_alive() or self._is_waiting():
                return
            time.sleep(0.01)
        raise AssertionError("neither done nor waiting")

    def finish(self):
        self._thread.join(20)
        assert not self._thread.is_alive()
        return self.answer

    def begin_at(self, monkeypatch, place, name):
        """Start the rival when the test's action first calls ``place.name``."""
        act = getattr(place, name)

        def in_the_middle(*given, **named):
            self.begin_once()
            return act(*given, **named)

        monkeypatch.setattr(place, name, in_the_middle)

    def begin_once(self):
        if self._thread.ident is None:
            self.begin()

    def _run(self):
        try:
            self.answer = self._act()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.failure = error
        finally:
            connection.close()

    def _is_waiting(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(f"{WAITING} AND datname = current_database()")
            return cursor.fetchone()[0] > 0
