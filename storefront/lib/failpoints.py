"""Named places where a test kills this process, to show that nothing is lost there.

``FAILPOINT=name`` in the environment kills at the first passing. Production ignores it.
"""

from __future__ import annotations

import os
import signal

from django.conf import settings


def failpoint(name: str) -> None:
    """Die here, as by a power cut, if a test asked for it."""
    if not settings.IS_PRODUCTION and os.environ.get("FAILPOINT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
