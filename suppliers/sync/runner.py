"""Sync runner: perform one run of one job of a supplier, close it in any case.

step     what happens                                    transaction    safe to repeat because
open     one ``SyncRun`` per supplier and job            one            unique while it is open
fetch    read the list, within rate limit and quota      none           reading changes nothing
stage    load the rows into a temporary table            none           the table ends with the session
check    judge the feed as a whole: apply or quarantine  none           nothing is written yet
apply    write what differs; the run is locked first     one, or one    equal rows are not written;
         (products and first loads: in batches)          per batch      only an open run may write
store    if quarantined, the changes as PendingChange    one            only an open run may write
publish  refresh listings of queued variants             one per batch  a sweep finds the rest
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import DatabaseError

from storefront.lib.http.errors import ExternalServiceError, TemporaryError
from suppliers.connections.factory import open_connector
from suppliers.connectors.capabilities import Connector
from suppliers.connectors.records import QuotaExceededError
from suppliers.inventory import publication
from suppliers.models import Supplier, SyncRun
from suppliers.resilience import quotas as resilience_quotas
from suppliers.runs import runs
from suppliers.runs.runs import AlreadyRunningError, LeaseLostError, QuarantinedError, RunContext
from suppliers.sync.prices import sync_prices
from suppliers.sync.products import sync_products
from suppliers.sync.stock import sync_stock

__all__ = ["AlreadyRunningError", "run_sync"]

log = logging.getLogger(__name__)

SYNC_JOBS: dict[str, Callable[[RunContext, Connector], None]] = {
    SyncRun.Kind.PRODUCTS: sync_products,
    SyncRun.Kind.PRICES: sync_prices,
    SyncRun.Kind.STOCK: sync_stock,
}


def run_sync(  # noqa: PLR0913 - the job, its limits and the queue of its batches
    *,
    supplier: Supplier,
    kind: str,
    now: datetime,
    time_limit: timedelta | None = None,
    guards_waived_by: str = "",
    list_since: datetime | None = None,
    dispatch_batch: Callable[[int], object] | None = None,
) -> SyncRun:
    """Perform one job of one supplier; return the run with its outcome.

    Safe to be killed anywhere: batches are atomic, the next run continues, and a sweep
    publishes pending changes.

    Shape: ``time_limit`` limits the duration; the rest is left to the next run. ``guards_waived_by`` is
        a person who waives the guards. A list that another job read after ``list_since`` is reused.
        ``dispatch_batch`` queues a batch for another worker (``page_batches.import_dispatched``).
    Raises: AlreadyRunningError  another worker runs this job
    """
    run = runs.open_run(supplier=supplier, kind=kind, now=now, guards_waived_by=guards_waived_by)
    run_context = RunContext(run, now=now, time_limit=time_limit, dispatch_batch=dispatch_batch)
    try:
        with open_connector(supplier, meter=run_context.meter, list_since=list_since) as adapter:
            SYNC_JOBS[kind](run_context, adapter)
        runs.finish_run(run_context)
        if not run.deferred_rows:
            quotas = adapter.QUOTAS
            resilience_quotas.spread_over_window(
                connection_id=supplier.connection.pk, quotas=quotas, now=run_context.clock()
            )
    except QuarantinedError as error:
        runs.quarantine(run_context, str(error))
    except ExternalServiceError as error:
        runs.fail(run_context, str(error))
        if isinstance(error, QuotaExceededError):
            resilience_quotas.pause_syncs(connection_id=supplier.connection.pk, until=error.until)
        elif isinstance(error, TemporaryError) and error.retry_after_s:
            until = run_context.clock() + timedelta(seconds=error.retry_after_s)
            resilience_quotas.pause_syncs(connection_id=supplier.connection.pk, until=until)
    except LeaseLostError:
        log.warning("run %s was closed while it was running", run.pk)
        run.refresh_from_db()
    except BaseException as error:
        runs.fail(run_context, _describe_error(error))
        raise
    publication.publish_pending(now=run_context.clock())
    return run


def _describe_error(error: BaseException) -> str:
    """Return the problem for staff; database errors are only logged."""
    if isinstance(error, DatabaseError):
        return "A database error stopped the run. The log has the details. Later runs try again."
    return f"{type(error).__name__}: {error}"
