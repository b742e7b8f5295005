"""HTTP errors: distinguish temporary from permanent failures of external services."""

from datetime import datetime


class ExternalServiceError(Exception):
    """An external service did not do what was requested.

    ``is_outcome_unknown``: the outcome is unknown, because the request was sent and no valid answer
    came.
    """

    def __init__(self, message: str, *, code: str = "", is_outcome_unknown: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.is_outcome_unknown = is_outcome_unknown


class TemporaryError(ExternalServiceError):
    """The same call may succeed later.

    ``retry_after_s`` is the wait that the service asked for, in seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        is_outcome_unknown: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, code=code, is_outcome_unknown=is_outcome_unknown)
        self.retry_after_s = retry_after_s


class CallDeferredError(TemporaryError):
    """The call was deferred by the shop: nothing was sent, and an immediate retry is useless.

    ``until`` is when a retry may succeed, if known.
    """

    def __init__(self, message: str, *, code: str = "", until: datetime | None = None) -> None:
        super().__init__(message, code=code)
        self.until = until


class PermanentError(ExternalServiceError):
    """The service refused the request; the same call would be refused again."""
