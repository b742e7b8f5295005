"""HTTP errors: distinguish temporary from permanent failures of external services."""

from datetime import datetime


class ExternalServiceError(Exception):
    """A call failed; ``is_outcome_unknown``: it was sent, and no valid answer came."""

    def __init__(self, message: str, *, code: str = "", is_outcome_unknown: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.is_outcome_unknown = is_outcome_unknown


class TemporaryError(ExternalServiceError):
    """The same call may succeed later; after ``retry_after_s`` seconds if the service said so."""

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
    """The shop deferred the call, nothing was sent; ``until`` is when a retry may succeed."""

    def __init__(self, message: str, *, code: str = "", until: datetime | None = None) -> None:
        super().__init__(message, code=code)
        self.until = until


class PermanentError(ExternalServiceError):
    """The service refused the request; the same call would be refused again."""
