"""Page probe: request one page at a steady rate while another service hangs.

Each request has its own thread, so that a slow answer delays no later request.
"""

import threading
import time
from dataclasses import dataclass, field

from storefront.dev.chaos.instance.control import call
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.runtime.ports import HOST

INTERVAL_S = 0.25


@dataclass(slots=True, kw_only=True)
class PageProbe:
    """Measures the time of each answer in seconds; without an answer, the whole timeout."""

    place: Instance
    took_s: list[float] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def begin(self, path: str, *, seconds: float) -> None:
        for turn in range(int(seconds / INTERVAL_S)):
            thread = threading.Timer(turn * INTERVAL_S, self._ask, args=(path,))
            thread.daemon = True
            self._threads.append(thread)
            thread.start()

    def finish(self) -> tuple[threading.Thread, ...]:
        return tuple(self._threads)

    def _ask(self, path: str) -> None:
        began = time.monotonic()
        call(f"http://{HOST}:{self.place.ports.web}{path}", None, {}, method="GET")
        self.took_s.append(time.monotonic() - began)
