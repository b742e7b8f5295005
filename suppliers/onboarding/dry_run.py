"""Product dry run: read a supplier's first products and report what a sync would import.

Nothing is written but the report, which the state of the connection keeps.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from catalog.models import Variant
from catalog.records import ImportIssue, ProductRecord
from storefront.lib.clock import running_clock
from storefront.lib.http.errors import ExternalServiceError, PermanentError
from suppliers.catalog_files.findings import number_names, to_finding
from suppliers.catalog_files.imports import active_mapping
from suppliers.connections.factory import open_connector
from suppliers.connections.state import DatabaseStateStore
from suppliers.connectors.capabilities import BulkCatalog, Connector, PagedCatalog, require
from suppliers.connectors.feed.connector import FeedReading
from suppliers.connectors.feed.mapping.spec import Mapping
from suppliers.connectors.records import ProductDetail
from suppliers.models import Connection, Supplier
from suppliers.sync import product_intake

STATE_KEY = "dry_run"
FIELDS = (
    *("requested_at", "ended_at", "problem", "products", "importable"),
    *("created", "updated", "unchanged", "finding_counts", "findings", "examples"),
)
MAX_PRODUCTS = 200  # of a file
MAX_PAGES = 10  # of an API, one call each
MAX_ISSUES = 500
TIME_LIMIT_S = 60
ANSWER_TIMEOUT = timedelta(minutes=10)  # syncs may occupy the supplier's bulkhead slots
EXAMPLES = 5


def request(*, supplier: Supplier, now: datetime) -> None:
    """Record that a dry run is requested. Raises PermanentError: the supplier has no connection."""
    connection = Connection.objects.filter(supplier=supplier).first()
    if connection is None:
        raise PermanentError(_("This supplier has no connection yet."), code="not_connected")
    _save(connection, {"requested_at": now.isoformat()})


def last_report(connection: Connection | None) -> dict[str, Any]:
    """Return the last report, by ``FIELDS``; empty if none was requested."""
    return dict(connection.connector_state.get(STATE_KEY, {})) if connection else {}


def is_running(report: dict[str, Any], *, now: datetime) -> bool:
    """Return whether a worker is still expected to end the dry run."""
    if not report or report["ended_at"]:
        return False
    return now - datetime.fromisoformat(report["requested_at"]) < ANSWER_TIMEOUT


def run(*, supplier: Supplier, now: datetime) -> dict[str, Any]:
    """Read the first products and report them. Store the report."""
    clock = running_clock(now)
    connection = Connection.objects.get(supplier=supplier)
    requested_at = last_report(connection).get("requested_at", now.isoformat())
    try:
        with open_connector(supplier) as connector:
            found = _report(supplier, connector, now)
    except ExternalServiceError as error:
        found = {"problem": str(error)[:300]}
    report = {"requested_at": requested_at, **found, "ended_at": clock().isoformat()}
    _save(connection, report)
    return report


def _report(supplier: Supplier, connector: Connector, now: datetime) -> dict[str, Any]:
    records: list[ProductRecord] = []
    issues: list[ImportIssue] = []
    deadline = time.monotonic() + TIME_LIMIT_S
    for page in _read(connector):
        if isinstance(page, ImportIssue):
            issues.append(page)
        else:
            issues += page.problems
            records += [page.record] if page.record else []
        if len(records) >= MAX_PRODUCTS or len(issues) >= MAX_ISSUES or time.monotonic() > deadline:
            break
    with transaction.atomic():
        imported = product_intake.preview_import(supplier=supplier, records=records, now=now)
        titles = dict(
            Variant.objects.filter(pk__in=imported.variants.values()).values_list(
                "pk", "product__title"
            )
        )
        transaction.set_rollback(True)
    issues += imported.issues
    counts = Counter(issue.code for issue in issues)
    importable = [
        record for record in records if any(v.sku in imported.variants for v in record.variants)
    ]
    return {
        "products": len(records),
        "importable": len(importable),
        "created": imported.created,
        "updated": imported.updated,
        "unchanged": imported.unchanged,
        "finding_counts": dict(counts.most_common()),
        "findings": _findings(issues[:MAX_ISSUES], records, supplier, connector),
        "examples": [
            _example(record, imported.variants, titles) for record in importable[:EXAMPLES]
        ],
    }


def _findings(
    issues: Sequence[ImportIssue],
    records: Sequence[ProductRecord],
    supplier: Supplier,
    connector: Connector,
) -> list[dict[str, Any]]:
    """Return the issues with the columns and row numbers of a file; an API has neither."""
    version = active_mapping(supplier)
    mapping = Mapping.read(version.spec) if version else None
    products = {
        variant.sku: record.external_id for record in records for variant in record.variants
    }
    of_skus = connector.row_numbers({*products}) if isinstance(connector, FeedReading) else {}
    numbers = number_names({(products[sku], sku): number for sku, number in of_skus.items()})
    return [to_finding(one, mapping=mapping, number=numbers.get(one.row)) for one in issues]


def _example(
    record: ProductRecord, variants: dict[str, int], titles: dict[int, str]
) -> dict[str, Any]:
    costs = [variant.cost for variant in record.variants if variant.cost is not None]
    own = [variants[variant.sku] for variant in record.variants if variant.sku in variants]
    return {
        "title": titles.get(own[0], record.title),
        "external_id": record.external_id,
        "variants": len(own),
        "cost": f"{min(cost.amount for cost in costs)} {costs[0].currency}" if costs else "",
    }


def _read(connector: Connector) -> Iterator[ProductDetail | ImportIssue]:
    if isinstance(connector, BulkCatalog):
        yield from connector.pages()
        return
    catalog = require(connector, PagedCatalog)
    for row in islice(catalog.product_rows(), MAX_PAGES):
        if isinstance(row, ImportIssue):
            yield row
            continue
        try:
            yield catalog.product(external_id=row.external_id)
        except PermanentError as error:  # such as a product that is discontinued
            yield ImportIssue(row=row.external_id, code="answer-missing", message=str(error))


def _save(connection: Connection, report: dict[str, Any]) -> None:
    # The store merges by name: name all, so that nothing of the former report is left.
    DatabaseStateStore(connection.pk).save({STATE_KEY: {**dict.fromkeys(FIELDS), **report}})
