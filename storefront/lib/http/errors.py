"""HTTP errors: distinguish temporary from permanent failures of external services."""

from __future__ import annotations

from datetime import datetime


class OutsideError(Exception):
    """An external service did not do what was requested.

    ``may_have_happened``: the outcome is unknown, because the request was sent and no valid answer
    came.
    """

    def __init__(self, message: str, *, code: str = "", may_have_happened: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.may_have_happened = may_have_happened


class TemporaryError(OutsideError):
    """The same call may succeed later.

    ``retry_after_s`` is the wait that the service asked for, in seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        may_have_happened: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, code=code, may_have_happened=may_have_happened)
        self.retry_after_s = retry_after_s


class NotNowError(TemporaryError):
    """The call was deferred by the shop: nothing was sent, and an immediate retry is useless.

    ``until`` is when a retry may succeed, if known.
    """

    def __init__(self, message: str, *, code: str = "", until: datetime | None = None) -> None:
        super().__init__(message, code=code)
        self.until = until


class PermanentError(OutsideError):
    """The service refused the request; the same call would be refused again."""
