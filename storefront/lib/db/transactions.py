"""Transactions: require an open transaction, or refuse slow work inside one."""

from collections.abc import Callable
from functools import wraps

from django.db import transaction

from storefront.lib.db.internals import is_of_test_case


class TransactionRequiredError(RuntimeError):
    """A function that must share its caller's transaction was called without one."""


class OpenTransactionError(RuntimeError):
    """A call to an external service was attempted inside a transaction, which holds locks."""


def in_transaction() -> bool:
    """Return whether a transaction is open.

    The wrapping transaction of a test case does not count: otherwise no test could make outbound
    calls or detect a missing transaction.
    """
    return not all(map(is_of_test_case, transaction.get_connection().atomic_blocks))


def requires_transaction[**P, R](part: Callable[P, R]) -> Callable[P, R]:
    """Return a function that raises TransactionRequiredError outside a transaction."""

    @wraps(part)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not in_transaction():
            raise TransactionRequiredError(f"{part.__qualname__} needs a transaction around it")
        return part(*args, **kwargs)

    return guarded
