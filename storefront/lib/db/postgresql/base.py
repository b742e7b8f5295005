"""Database backend: Django's own for PostgreSQL, without a query per request to check the connection.

A server that stops closes its connections, and the socket shows that at no cost. The socket does
not show that the network dropped a connection: a query checks that, at most every half minute.
"""

import select
import time

from django.db.backends.postgresql import base

CHECK_AFTER_S = 30.0


class DatabaseWrapper(base.DatabaseWrapper):
    health_check_done: bool
    _checked_at = -CHECK_AFTER_S

    def close_if_health_check_failed(self) -> None:
        if self.connection is None or self.health_check_done:
            return
        now = time.monotonic()
        if now - self._checked_at < CHECK_AFTER_S and not self._has_input():
            self.health_check_done = True
            return
        self._checked_at = now
        super().close_if_health_check_failed()

    def _has_input(self) -> bool:
        """Return whether there is unexpected input: usually the server closed the connection."""
        if self.connection.closed:
            return True
        polled = select.poll()  # unlike select(), has no limit of file descriptors
        polled.register(self.connection.fileno(), select.POLLIN)
        return bool(polled.poll(0))
