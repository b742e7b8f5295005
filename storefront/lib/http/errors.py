"""HTTP errors: tell temporary from permanent failures of external services."""

from __future__ import annotations

from datetime import datetime


class OutsideError(Exception):
    """An outside company did not do what we asked.

    ``may_have_happened`` tells whether the effect of the call is unknown: the
    request left us and no understandable answer came back.
    """

    def __init__(self, message: str, *, code: str = "", may_have_happened: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.may_have_happened = may_have_happened


class TemporaryError(OutsideError):
    """Nothing is known to be wrong: the same call may work later.

    ``retry_after_s`` is when, where they say so.
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
    """We held the call back: nothing was sent, and to ask again at once is of no use.

    ``until`` is when it may be of use, where that is known.
    """

    def __init__(self, message: str, *, code: str = "", until: datetime | None = None) -> None:
        super().__init__(message, code=code)
        self.until = until


class PermanentError(OutsideError):
    """They understood and refused; the same call will be refused again."""
