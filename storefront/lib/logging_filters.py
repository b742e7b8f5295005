"""Logging filters: remove tracebacks from refused requests."""

from __future__ import annotations

import logging


class WithoutTraceback(logging.Filter):
    """Log a refusal in one line: a stranger's bad request is no fault of the code."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        return True
