"""Exchange options: find variants to send instead, compute the difference to refund."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext

from catalog.models import Channel, Listing, Variant
from orders.models import OrderLine, PurchaseLine, ReturnAuthorization, ReturnLine
from orders.returns import refund_amounts
from orders.returns.eligibility import CannotReturnError
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOption:
    """A variant that can be sent instead, at its current price."""

    variant: Variant
    price: Money
    is_dearer: bool  # than the unit price paid, before discounts

    @property
    def title(self) -> str:
        return self.variant.full_title


def find_options(
    bought: Iterable[PurchaseLine], *, channel: Channel
) -> dict[int, list[ExchangeOption]]:
    """Return, by order line, other variants of the product and its successor, if for sale."""
    rows = {row.order_line_id: row for row in bought}
    lines = [row.order_line for row in rows.values()]
    asked = Listing.objects.on(channel).published().select_related("variant__product")
    listings = asked.filter(
        Q(variant__product__in={line.variant.product_id for line in lines})
        | Q(variant__in={line.variant.replaced_by_id for line in lines})
    ).order_by("variant__position", "variant")
    found: dict[int, list[ExchangeOption]] = defaultdict(list)
    for listing in listings:
        for key, row in rows.items():
            if _fits(listing.variant, row):
                found[key].append(_option(listing, row.order_line, channel))
    return found


def _fits(variant: Variant, row: PurchaseLine) -> bool:
    sold = row.order_line.variant
    is_same = variant.pk == received_variant(row).pk
    return not is_same and (
        variant.product_id == sold.product_id or variant.pk == sold.replaced_by_id
    )


def _option(listing: Listing, sold: OrderLine, channel: Channel) -> ExchangeOption:
    amount = listing.price_amount or Decimal(0)
    return ExchangeOption(
        variant=listing.variant,
        price=Money(amount, channel.currency),
        is_dearer=amount > sold.unit_amount,
    )


def received_variant(bought: PurchaseLine) -> Variant:
    """Return the variant the customer received: the ordered one or its substitute."""
    return bought.offer.variant or bought.order_line.variant


def choose_variants(
    authorization: ReturnAuthorization,
    lines: Sequence[ReturnLine],
    bought: Mapping[int, PurchaseLine],
    choice: Mapping[int, int | None] | None,
) -> dict[int, Variant | ExchangeOption]:
    """Return, by order line, what is sent for each accepted line.

    After a withdrawal only the variant the customer requested is possible.

    Shape:  ``choice`` by order line; None uses the requested variants
    Raises: CannotReturnError
    """
    options = find_options(bought.values(), channel=authorization.order.channel)
    return {
        line.order_line_id: _choose_variant(
            authorization,
            line,
            bought[line.order_line_id],
            options.get(line.order_line_id, []),
            choice,
        )
        for line in lines
        if line.accepted_quantity and line.order_line_id in bought
    }


def _choose_variant(
    authorization: ReturnAuthorization,
    line: ReturnLine,
    bought: PurchaseLine,
    options: Sequence[ExchangeOption],
    choice: Mapping[int, int | None] | None,
) -> Variant | ExchangeOption:
    same = received_variant(bought)
    variant_id = (choice or {}).get(line.order_line_id, line.wanted_id) or same.pk
    if authorization.is_withdrawal and (line.wanted_id is None or variant_id != line.wanted_id):
        raise CannotReturnError(
            gettext(
                "A withdrawal ends with the exchange that the customer chose, or with "
                "a refund. Choose one of the two."
            )
        )
    if variant_id == same.pk:
        return same
    for other in options:
        if other.variant.pk == variant_id:
            return other
    raise CannotReturnError(unavailable_message(line))


def require_all_or_none(asked: Iterable[bool]) -> None:
    """Require an exchange for all lines of a withdrawal or for none: it ends as a whole.

    Shape:  one flag per line
    Raises: CannotReturnError
    """
    if len(set(asked)) > 1:
        words = gettext("Request a refund and an exchange separately, one after the other.")
        raise CannotReturnError(words)


def unavailable_message(line: ReturnLine) -> str:
    words = gettext("The replacement for %(title)s is not available now. Choose another product.")
    return words % {"title": line.order_line.title}


def find_purchase_lines(authorization: ReturnAuthorization) -> dict[int, PurchaseLine]:
    """Return its purchase lines by order line; rerouted lines have another source."""
    rows = PurchaseLine.objects.filter(
        order_line__return_lines__authorization=authorization, is_active=True
    ).select_related(
        "purchase_order__order", "order_line__variant__product", "offer__variant__product"
    )
    return {row.order_line_id: row for row in rows}


def to_variant(one: Variant | ExchangeOption) -> Variant:
    return one.variant if isinstance(one, ExchangeOption) else one


def refund_difference(
    line: ReturnLine, instead: Variant | ExchangeOption, *, currency: str, is_free: bool
) -> Money:
    """Return the refund if the exchanged variant costs less than was paid.

    The discount rate of the sale applies to the new price. Together with what is kept this sums to
    the paid amount, to the cent.

    Raises: CannotReturnError  it costs more and is not ``is_free``
    """
    nothing = Money.zero(currency)
    if not isinstance(instead, ExchangeOption):
        return nothing
    sold = line.order_line
    share = refund_amounts.paid_for(line, currency=currency)
    left = share - Money(line.deduction_amount, currency)
    if not sold.unit_amount:  # a free replacement
        worth = instead.price
    else:
        part = share.amount * instead.price.amount / sold.unit_amount
        worth = Money(part, currency).rounded()
    if worth > left and not is_free:
        words = gettext(
            "%(title)s costs more than the returned item. Refund the customer so that "
            "they can order it, or choose to send it at no extra cost."
        )
        raise CannotReturnError(words % {"title": instead.title})
    return max(left - worth, nothing)
