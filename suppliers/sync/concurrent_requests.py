"""Concurrent requests: send many queries to a supplier at once, within its rate limit."""

import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.db import DatabaseError, connections

from catalog.records import describe_unexpected
from storefront.lib.http.errors import ExternalServiceError, PermanentError
from storefront.lib.tasks import TASK_ENDING
from suppliers.connectors.records import DiscontinuedError, QuotaExceededError
from suppliers.runs.runs import LeaseLostError, RunContext

log = logging.getLogger(__name__)

MAX_CONCURRENT = 8
# With at least this many failures, and more failures than answers, the supplier is down.
MAX_FAILURES = 10


def fetch_concurrently[T](
    run_context: RunContext,
    fetch: Callable[[str], T],
    external_ids: Iterable[str],
    *,
    max_concurrent: int = MAX_CONCURRENT,
) -> Iterator[tuple[str, T | ExternalServiceError]]:
    """Yield each answer, or the error in its place, in order of arrival.

    When the time or the quota of the run is used up, the rest is left to the next run.

    Raises: ExternalServiceError  most requests fail
        LeaseLostError  the run was closed
    """
    answered = failed = 0
    waiting: dict[Future[T], str] = {}
    remaining = iter(external_ids)
    with ThreadPoolExecutor(max_workers=max_concurrent, thread_name_prefix="fetch") as pool:
        try:
            while True:
                while (
                    len(waiting) < 2 * max_concurrent
                    and not run_context.should_stop
                    and (external_id := next(remaining, None)) is not None
                ):
                    waiting[pool.submit(_fetch, fetch, external_id)] = external_id
                if not waiting:
                    return
                for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                    run_context.heartbeat()
                    external_id = waiting.pop(done)
                    error = done.exception()
                    if error is None or isinstance(error, DiscontinuedError):
                        answered += 1
                        yield external_id, error or done.result()
                    elif isinstance(error, QuotaExceededError):
                        run_context.stop_at_quota(error)
                    elif isinstance(error, ExternalServiceError):
                        failed += 1
                        if failed >= MAX_FAILURES and failed > answered:
                            raise error
                        yield external_id, error
                    else:
                        raise error
        finally:
            for future in waiting:
                future.cancel()


def _fetch[T](fetch: Callable[[str], T], external_id: str) -> T:
    """Return the answer. An unexpected error concerns this product, the others are read."""
    try:
        return fetch(external_id)
    except (ExternalServiceError, DatabaseError, LeaseLostError, *TASK_ENDING):
        raise
    except Exception as error:
        log.exception("the answer about product %s cannot be read", external_id)
        raise PermanentError(describe_unexpected(error)) from error
    finally:
        # A token renewal may have opened a database connection of this thread.
        connections.close_all()
