"""Sync runner: perform one run of one job of a supplier, close it in any case."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import DatabaseError

from storefront.lib.http.errors import OutsideError, TemporaryError
from suppliers.connections.factory import adapter_for
from suppliers.connectors.capabilities import Connector
from suppliers.connectors.records import BudgetSpentError
from suppliers.inventory import publication
from suppliers.models import FeedRun, Supplier
from suppliers.resilience import quotas as resilience_quotas
from suppliers.runs import runs
from suppliers.runs.runs import AlreadyRunningError, LeaseLostError, QuarantinedError, Work
from suppliers.sync.prices import take_costs
from suppliers.sync.products import take_products
from suppliers.sync.stock import take_stock

__all__ = ["AlreadyRunningError", "take_in"]

log = logging.getLogger(__name__)

JOBS: dict[str, Callable[[Work, Connector], None]] = {
    FeedRun.Kind.PRODUCTS: take_products,
    FeedRun.Kind.PRICES: take_costs,
    FeedRun.Kind.STOCK: take_stock,
}


def take_in(  # noqa: PLR0913 - the job, its limits and its callbacks
    *,
    supplier: Supplier,
    kind: str,
    now: datetime,
    budget: timedelta | None = None,
    believed_by: str = "",
    list_since: datetime | None = None,
    say: Callable[[str], None] = log.info,
    call_help: Callable[[int], None] | None = None,
) -> FeedRun:
    """Perform one job of one supplier; return the run with its outcome.

    Safe to be killed anywhere: batches are atomic, the next run continues, and a sweep
    publishes pending changes.

    Shape: ``budget`` limits the duration; the rest is left to the next run. ``believed_by`` is
        a person who waives the guards. A list that another job read after ``list_since`` is
        reused. ``call_help`` queues a batch for another worker (``page_batches.help_with``).
    Raises: AlreadyRunningError  another worker runs this job
    """
    run = runs.begin(supplier=supplier, kind=kind, now=now, believed_by=believed_by)
    work = Work(run, now=now, budget=budget, say=say, call_help=call_help)
    try:
        with adapter_for(supplier, meter=work.meter, list_since=list_since) as adapter:
            JOBS[kind](work, adapter)
        runs.finish(work)
        if not run.remaining:
            quotas = adapter.QUOTAS
            resilience_quotas.spread(
                connection_id=supplier.connection.pk, quotas=quotas, now=work.moment()
            )
    except QuarantinedError as error:
        runs.quarantine(work, str(error))
    except OutsideError as error:
        runs.fail(work, str(error))
        if isinstance(error, BudgetSpentError):
            resilience_quotas.rest(connection_id=supplier.connection.pk, until=error.until)
        elif isinstance(error, TemporaryError) and error.retry_after_s:
            until = work.moment() + timedelta(seconds=error.retry_after_s)
            resilience_quotas.rest(connection_id=supplier.connection.pk, until=until)
    except LeaseLostError:
        log.warning("run %s was closed while it was running", run.pk)
        run.refresh_from_db()
    except BaseException as error:
        runs.fail(work, _problem_of(error))
        raise
    publication.publish_waiting(now=work.moment())
    return run


def _problem_of(error: BaseException) -> str:
    """Return the problem for staff; database errors are only logged."""
    if isinstance(error, DatabaseError):
        return "A database error stopped the run. The log has the details. Later runs try again."
    return f"{type(error).__name__}: {error}"
