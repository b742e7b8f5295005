"""Hold facts: gather what the hold rules need, return the reasons not waived yet."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Max

from catalog.models import Variant
from orders import ledger
from orders.addresses import validation, verification
from orders.models import Order, Payment, PaymentEvent, PurchaseLine, PurchaseOrder
from orders.pricing.margins import Margin
from orders.purchasing import purchase_margin
from orders.purchasing.holds.rules import (
    HoldFacts,
    HoldReason,
    LineFacts,
    evaluate_rules,
    is_waived,
)
from orders.purchasing.supplier_request import build_request
from storefront.lib.address import Address
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.models import StatusChange
from storefront.lib.money import Money
from suppliers.connectors.capabilities import Connector, Freight, OrderValidation
from suppliers.connectors.records import (
    FreightOption,
    NoShippingServiceError,
    PurchaseOrderRequestLine,
)
from suppliers.models import Connection, Requirement

Kind = PaymentEvent.Kind
Dispute = Payment.Dispute

BALANCE_TTL = timedelta(hours=1)  # the balance is polled every 15 minutes


def evaluate_purchase_order(
    *, purchase_order: PurchaseOrder, connector: Connector, now: datetime
) -> list[HoldReason]:
    """Return the hold reasons that staff have not waived. Calls the supplier (freight, cost)."""
    options = _query_routes(purchase_order, connector)
    facts = _facts(purchase_order, options, _query_items_cost(purchase_order, connector), now)
    waived = purchase_order.waived_reasons
    return [reason for reason in evaluate_rules(facts) if not is_waived(reason, waived)]


def _query_routes(
    purchase_order: PurchaseOrder, connector: Connector
) -> tuple[FreightOption, ...] | None:
    if not isinstance(connector, Freight):
        return None  # no freight API: the submission will show whether a service ships
    request = build_request(purchase_order)
    lines: tuple[PurchaseOrderRequestLine, ...] = request.lines
    try:
        return connector.freight(
            country_from=request.country_from, ship_to=request.ship_to, lines=lines
        )
    except NoShippingServiceError:
        return ()  # no shipping method for this parcel
    except ExternalServiceError:
        return None  # no answer now; submission will show


def _query_items_cost(purchase_order: PurchaseOrder, connector: Connector) -> Money | None:
    """Return what the supplier would charge for the items now; None if unknown."""
    if not isinstance(connector, OrderValidation):
        return None
    try:
        return connector.validate(build_request(purchase_order))
    except ExternalServiceError:
        return None  # refused or no answer: submission will show which


def _facts(
    purchase_order: PurchaseOrder,
    options: tuple[FreightOption, ...] | None,
    items_cost: Money | None,
    now: datetime,
) -> HoldFacts:
    order = purchase_order.order
    ship_to = Address(**purchase_order.goes_to)
    lines = list(
        purchase_order.lines.filter(is_active=True).select_related(
            "order_line__variant__product__category",
            "order_line__variant__product__brand",
            "offer__variant__product__category",
            "offer__variant__product__brand",
            "level",
        )
    )
    freight = next(
        (option.price for option in options or () if option.name == purchase_order.carrier_service),
        None,
    )
    purchase_margins = purchase_margin.calculate(
        purchase_order=purchase_order,
        lines=lines,
        freight=freight,
        items_cost=items_cost,
        now=now,
    )
    return HoldFacts(
        address_problems=sorted(
            {
                *validation.find_errors(address=ship_to),
                *verification.unconfirmed_warnings(ship_to, order.address_verification),
            }
        ),
        supplier_is_active=purchase_order.supplier.status == "active",
        lines=[
            _line_facts(line, purchase_margins.lines.get(line.pk), order.currency, ship_to.country)
            for line in lines
        ],
        carrier_service=purchase_order.carrier_service,
        routes=None if options is None else frozenset(option.name for option in options),
        battery_is_allowed=_battery_is_allowed(purchase_order, lines),
        margin=purchase_margins.parcel,
        missing_rates=purchase_margins.missing_rates,
        missing_selling_costs=purchase_margins.missing_selling_costs,
        available_payment=_available_payment(purchase_order),
        charge=purchase_order.charge,
        promotions=_promotions(order),
        balance=_balance(purchase_order, now),
        payment_risks=payment_risks(order),
        price=_supplier_price(purchase_order, lines, freight),
    )


def _balance(purchase_order: PurchaseOrder, now: datetime) -> Money | None:
    """Return our prepaid balance at the supplier if polled within ``BALANCE_TTL``."""
    connection = Connection.objects.filter(supplier=purchase_order.supplier_id).first()
    if (
        connection is None
        or connection.balance_amount is None
        or connection.balance_reported_at is None
    ):
        return None
    if connection.balance_reported_at < now - BALANCE_TTL:
        return None
    return Money(connection.balance_amount, purchase_order.supplier.currency)


def _supplier_price(
    purchase_order: PurchaseOrder, lines: Sequence[PurchaseLine], freight: Money | None
) -> Money | None:
    """Sum agreed costs and freight in the supplier's currency; None if currencies differ."""
    currency = purchase_order.supplier.currency
    parts = [Money(line.agreed_cost_amount * line.quantity, line.cost_currency) for line in lines]
    parts += [freight] if freight is not None else []
    if any(part.currency != currency for part in parts):
        return None
    return Money.total(parts, currency)


def _promotions(order: Order) -> list[str]:
    """Return a description of each promotion of the order, as of checkout."""
    return [
        f"{redemption.name}{f' ({redemption.code})' if redemption.code else ''}:"
        f" {Money(redemption.amount, order.currency)} off"
        for redemption in order.redemptions.filter(reverted_at__isnull=True).order_by("pk")
    ]


def _battery_is_allowed(purchase_order: PurchaseOrder, lines: list[PurchaseLine]) -> bool:
    route = purchase_order.entry
    accepts = {Variant.Lithium.NONE.value, *route["accepts"]}
    max_wh = Decimal(route["max_cell_wh"])
    variants = [line.offer.variant for line in lines]
    return all(
        variant is not None
        and variant.lithium in accepts
        and (variant.cell_wh or Decimal(0)) <= max_wh
        for variant in variants
    )


def _line_facts(
    line: PurchaseLine, margin: Margin | None, currency: str, country: str
) -> LineFacts:
    offer = line.offer
    product = line.bought.product
    return LineFacts(
        sku=line.sku,
        title=line.title,
        quantity=line.quantity,
        cost_at_sale=Money(line.agreed_cost_amount, line.cost_currency),
        current_cost=Money(offer.cost_amount, offer.currency)
        if offer.cost_amount and offer.status == "active"
        else None,
        reported_quantity=line.level.reported_quantity,
        missing_certificates={
            criterion: str(Requirement(criterion).label) for criterion in offer.missing_requirements
        },
        margin=margin,
        discount=Money(line.order_line.discount_amount, currency),
        restricted_in=country
        if country
        in {
            *product.restricted_countries,
            *product.category.restricted_countries,
            *product.brand.restricted_countries,
        }
        else "",
    )


def _available_payment(purchase_order: PurchaseOrder) -> Money:
    """Sum what is authorized or captured for the order and not used by other purchase orders."""
    payments = list(Payment.objects.filter(order_id=purchase_order.order_id))
    authorized = sum(
        (payment.open_amount.amount + payment.captured_amount for payment in payments), Decimal(0)
    )
    purchase_orders = PurchaseOrder.objects.filter(order_id=purchase_order.order_id)
    used = sum(
        (
            other.customer_charge_amount
            for other in purchase_orders.exclude(pk=purchase_order.pk)
            if other.accepted_at or _is_capture_pending(other, payments)
        ),
        Decimal(0),
    )
    return Money(authorized - used, purchase_order.currency)


def _is_capture_pending(purchase_order: PurchaseOrder, payments: Iterable[Payment]) -> bool:
    return any(
        ledger.is_capture_requested(payment, purpose=purchase_order.number) for payment in payments
    )


def payment_risks(order: Order) -> list[HoldReason]:
    """Return disputes and fraud warnings of the payments since staff last released the order.

    One that arrives before the order is placed does not put it on hold. The hold rules do that
    later, with this list.
    """
    events = PaymentEvent.objects.filter(
        payment__order=order, kind__in=[Kind.DISPUTED, Kind.FRAUD_WARNING]
    ).exclude(kind=Kind.DISPUTED, payment__dispute_status=Dispute.WON)
    if (released_at := _released_at(order)) is not None:
        events = events.exclude(received_at__lte=released_at)
    return [
        HoldReason(
            event.kind,
            bank_message(event.kind, event.reason),
            subject=event.payment.key,
            amount=Money(event.amount, order.currency),
        )
        for event in events.select_related("payment").order_by("pk")
    ]


def _released_at(order: Order) -> datetime | None:
    releases = StatusChange.objects.filter(
        subject="orders.Order",
        subject_id=order.pk,
        status_field="status",
        from_status=Order.Status.ON_HOLD,
    ).exclude(
        actor__in=order.payments.values("gateway")
    )  # a gateway's own release is no review by staff
    released_at: datetime | None = releases.aggregate(at=Max("at"))["at"]
    return released_at


def bank_message(kind: str, reason: str) -> str:
    action = "disputes the payment" if kind == Kind.DISPUTED else "reports suspected fraud"
    return f"The customer's bank {action}: {reason or 'no reason given'}."
