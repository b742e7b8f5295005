"""Translation: turn a store order into a sale of ours, or say why that is not possible."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from django.conf import settings

from catalog.models import Channel, Variant
from orders import order_lines
from orders.addresses import validation
from orders.checkout.external_orders import ExternalSale
from orders.checkout.snapshot import SoldLine
from orders.pricing.proration import prorate
from orders.pricing.totals import LineCharge
from storefront.lib.address import Address
from storefront.lib.money import Money
from storefront.sales_channels.models import Connection, OrderProblem, RemoteListing
from storefront.sales_channels.platforms.base import RemoteLine, RemoteOrder

RATE_PRECISION = Decimal("0.00001")  # of ``OrderLine.tax_rate``


class NotImportedError(Exception):
    """The order cannot be imported now; ``detail`` is for staff."""

    def __init__(self, problem: OrderProblem, detail: str = "") -> None:
        super().__init__(f"{problem}: {detail}")
        self.problem = problem
        self.detail = detail[:500]


def to_sale(remote: RemoteOrder, connection: Connection) -> ExternalSale:
    """Return the sale with the amounts of the store, to the cent.

    Units that were removed in the store before are left out if its total excludes them.

    Raises: NotImportedError
    """
    channel = connection.channel
    if remote.currency != channel.currency:
        raise NotImportedError(
            OrderProblem.OTHER_CURRENCY, f"{remote.currency}, the channel has {channel.currency}"
        )
    sold = [line for line in remote.lines if line.quantity > 0]
    variants = _find_variants(connection, sold)
    delivery = _charge(
        remote,
        amount=remote.delivery,
        discount=Money.zero(remote.currency),
        tax=remote.delivery_tax,
    )
    lines = [_sold_line(remote, line, variants[line.external_id]) for line in sold]
    totals = [_total(lines, delivery, remote.currency)]
    if totals[0] != remote.total:
        lines = [
            part
            for line, one in zip(sold, lines, strict=True)
            if (part := _remaining(one, line.quantity - line.canceled)) is not None
        ]
        totals.append(_total(lines, delivery, remote.currency))
    if totals[-1] != remote.total or not lines:
        raise NotImportedError(
            OrderProblem.AMOUNTS_DIFFER,
            f"lines and delivery: {' or '.join(map(str, totals))}, total: {remote.total}",
        )
    return ExternalSale(
        reference=remote.external_id,
        channel=channel,
        email=remote.email,
        locale=locale_of(remote, channel),
        ship_to=usable_address(remote.ship_to),
        lines=lines,
        delivery=delivery,
        notifies_customer=connection.notifies_customers and bool(remote.email),
    )


def usable_address(address: Address) -> Address:
    """Return the address without a phone number that no carrier can call."""
    if "phone" in validation.find_errors(address=address):
        return replace(address, phone="")
    return address


def locale_of(remote: RemoteOrder, channel: Channel) -> str:
    """Return the language of the shopper; the channel's default if unknown or not ours."""
    language = remote.locale.replace("_", "-").lower().partition("-")[0]
    return language if language in dict(settings.LANGUAGES) else channel.default_language


def _find_variants(connection: Connection, lines: Sequence[RemoteLine]) -> Mapping[str, Variant]:
    """Return the variant of each line: by the store's variant id, else by SKU."""
    variants = Variant.objects.select_related("product")
    listings = RemoteListing.objects.filter(
        connection=connection, external_variant_id__in=[line.variant_id for line in lines]
    ).exclude(external_variant_id="")
    ids = dict(listings.values_list("external_variant_id", "variant"))
    by_id = variants.in_bulk(list(ids.values()))
    skus = [line.sku for line in lines if line.variant_id not in ids and line.sku]
    by_sku = {variant.sku: variant for variant in variants.filter(sku__in=skus)}
    found = {
        line.external_id: by_id.get(ids.get(line.variant_id, 0)) or by_sku.get(line.sku)
        for line in lines
    }
    if unknown := [line.sku or line.title for line in lines if not found[line.external_id]]:
        raise NotImportedError(OrderProblem.UNKNOWN_ITEM, ", ".join(unknown))
    return {line_id: variant for line_id, variant in found.items() if variant is not None}


def _sold_line(remote: RemoteOrder, line: RemoteLine, variant: Variant) -> SoldLine:
    amount = line.unit * line.quantity
    charge = _charge(remote, amount=amount, discount=line.discount, tax=line.tax)
    net = charge.charge - line.tax
    rate = line.tax_rate
    if rate is None:
        rate = line.tax.amount / net.amount if net else Decimal(0)
    return SoldLine(
        variant=variant,
        quantity=line.quantity,
        picture=order_lines.picture_of(variant),
        unit=line.unit.amount,
        charge=charge,
        tax_rate=rate.quantize(RATE_PRECISION),
        reference=line.external_id,
    )


def _charge(remote: RemoteOrder, *, amount: Money, discount: Money, tax: Money) -> LineCharge:
    """Return a charge as sold. Raises NotImportedError: it is no amount of money."""
    given = (amount, discount, tax)
    is_exact = all(one.is_representable and one == one.rounded() for one in given)
    if not is_exact or min(one.amount for one in given) < 0 or amount < discount:
        parts = ", ".join(f"{one.amount} {one.currency}" for one in given)
        raise NotImportedError(OrderProblem.AMOUNTS_DIFFER, f"amount, discount, tax: {parts}")
    added = Money.zero(remote.currency) if remote.prices_include_tax else tax
    return LineCharge(amount=amount, discount=discount, tax=tax, added=added)


def _remaining(line: SoldLine, units: int) -> SoldLine | None:
    """Return the first units of a line, with their part of its charge."""
    if units <= 0:
        return None
    charge = line.charge

    def part(amount: Money) -> Money:
        return prorate(amount, quantity=line.quantity, before=0, units=units)

    return replace(
        line,
        quantity=units,
        charge=LineCharge(
            amount=part(charge.amount),
            discount=part(charge.discount),
            tax=part(charge.tax),
            added=part(charge.added),
        ),
    )


def _total(lines: Sequence[SoldLine], delivery: LineCharge, currency: str) -> Money:
    return Money.total(
        (charge.charge for charge in (*(line.charge for line in lines), delivery)), currency
    )
