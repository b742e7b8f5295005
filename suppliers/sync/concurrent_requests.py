"""Concurrent requests: send many queries to a supplier at once, within its rate limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.db import connections

from storefront.lib.http.errors import OutsideError
from suppliers.connectors.records import BudgetSpentError, GoneError

AT_ONCE = 8
# So many failures, more than there were answers: the supplier is down, not one row of his.
MOST_FAILURES = 10


def gather[T](
    ask: Callable[[str], T],
    refs: Iterable[str],
    *,
    spent: Callable[[BudgetSpentError], None],
    at_once: int = AT_ONCE,
) -> Iterator[tuple[str, T | OutsideError]]:
    """Yield each answer, or the failure in its place, as they come.

    When the supplier lets us ask no more, ``spent`` is told, and the rest is left unasked.

    Raises: OutsideError  most questions fail
    """
    answered = failed = 0
    waiting: dict[Future[T], str] = {}
    remaining = iter(refs)
    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="ask") as pool:
        try:
            while True:
                while len(waiting) < 2 * at_once and (ref := next(remaining, None)) is not None:
                    waiting[pool.submit(_asked, ask, ref)] = ref
                if not waiting:
                    return
                for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                    ref = waiting.pop(done)
                    error = done.exception()
                    if error is None or isinstance(error, GoneError):
                        answered += 1
                        yield ref, error or done.result()
                    elif isinstance(error, BudgetSpentError):
                        remaining = iter(())
                        spent(error)
                    elif isinstance(error, OutsideError):
                        failed += 1
                        if failed >= MOST_FAILURES and failed > answered:
                            raise error
                        yield ref, error
                    else:
                        raise error
        finally:
            for future in waiting:
                future.cancel()


def _asked[T](ask: Callable[[str], T], ref: str) -> T:
    try:
        return ask(ref)
    finally:
        # A renewed token pair is kept in the database, on a line of this thread's own.
        connections.close_all()
