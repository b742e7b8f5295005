"""Stopping: end all servers of this process on SIGTERM or SIGINT."""

import signal
import threading
from collections.abc import Callable

_stops: list[Callable[[], None]] = []
_is_stopping = threading.Event()


def on_stop(stop: Callable[[], None]) -> None:
    """Call ``stop`` when the process is to end; a server registers before it serves."""
    _stops.append(stop)
    if _is_stopping.is_set():
        stop()
    if threading.current_thread() is threading.main_thread():
        listen()


def listen() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop_all())


def stop_all() -> None:
    _is_stopping.set()
    for stop in _stops:
        stop()
