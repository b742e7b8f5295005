"""Concurrent requests: send many queries to a supplier at once, within its rate limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.db import connections

from storefront.lib.http.errors import OutsideError
from suppliers.connectors.records import BudgetSpentError, GoneError

AT_ONCE = 8
# With so many failures, and more failures than answers, the supplier is down.
MOST_FAILURES = 10


def gather[T](
    ask: Callable[[str], T],
    refs: Iterable[str],
    *,
    spent: Callable[[BudgetSpentError], None],
    at_once: int = AT_ONCE,
) -> Iterator[tuple[str, T | OutsideError]]:
    """Yield each answer, or the error in its place, in order of arrival.

    When the quota is used up, ``spent`` is called and the remaining refs are skipped.

    Raises: OutsideError  most requests fail
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
        # A token renewal opened a database connection of this thread.
        connections.close_all()
