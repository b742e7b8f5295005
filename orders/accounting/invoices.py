"""Supplier invoices: fetch from the supplier's API, store, match with purchase orders, withdraw.

An API lists all invoices, or returns the charge of one purchase order. Staff enter the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from orders.models import PurchaseOrder, SupplierBill
from suppliers.connections.factory import adapter_for
from suppliers.connectors import ADAPTERS, connector_class
from suppliers.connectors.capabilities import (
    Ability,
    Charging,
    Connector,
    OrderReading,
    Tracking,
    abilities_of,
)
from suppliers.connectors.records import Answer, Charge, OrderName, PurchaseState
from suppliers.models import Supplier

# The API lists by order date, and an order may be paid later.
PAID_WITHIN = timedelta(days=14)
CHARGES_NOTHING = frozenset({Answer.REJECTED, Answer.CANCELED})


class BillRefusedError(Exception):
    """An invoice cannot be entered or withdrawn; the message gives the reason."""


def lists_all(supplier: Supplier) -> bool:
    """Return whether the supplier lists all charges, so that a missing one was not charged."""
    return _can(supplier, Ability.CHARGING)


def can_tell(supplier: Supplier) -> bool:
    return lists_all(supplier) or _can(supplier, Ability.ORDER_READING)


def ask(
    *, supplier: Supplier, purchase_orders: Sequence[PurchaseOrder], since: datetime, now: datetime
) -> None:
    """Fetch charges from the supplier and store them.

    Without a list, each of the purchase orders is read.

    Raises: OutsideError  the supplier does not answer
    """
    with adapter_for(supplier) as connector:
        if isinstance(connector, Charging):
            charges = list(connector.charges(since=since - PAID_WITHIN))
            gone = SupplierBill.objects.filter(billed_at__gte=since)
        else:
            states = _states(connector, purchase_orders)
            charges = [charge for state in states if (charge := _charge(state)) is not None]
            told = [state.number for state in states]
            gone = SupplierBill.objects.filter(purchase_order__number__in=told)
    may_be_gone = set(
        gone.filter(supplier=supplier, told_by="", withdrawn_at__isnull=True).values_list(
            "pk", flat=True
        )
    )
    _keep(supplier, charges, may_be_gone, now)


def _states(connector: Connector, purchase_orders: Sequence[PurchaseOrder]) -> list[PurchaseState]:
    names = [
        OrderName(number=one.number, supplier_reference=one.supplier_reference)
        for one in purchase_orders
    ]
    if isinstance(connector, Tracking):
        return list(connector.track(names)) if names else []
    if isinstance(connector, OrderReading):
        found = (connector.find(number=name.number) for name in names)
        return [state for state in found if state is not None]
    return []


def _charge(state: PurchaseState) -> Charge | None:
    if state.cost is None or state.answer in CHARGES_NOTHING:
        return None
    return Charge(
        number=state.number,
        supplier_reference=state.supplier_reference or state.number,
        goods=state.cost,
        freight=state.freight,
    )


@transaction.atomic(durable=True)
def _keep(
    supplier: Supplier, charges: Iterable[Charge], may_be_gone: Collection[int], now: datetime
) -> None:
    """Store new and changed charges; withdraw those that no longer exist."""
    told = {charge.supplier_reference: charge for charge in charges if _is_keepable(charge)}
    standing = SupplierBill.objects.filter(supplier=supplier, withdrawn_at__isnull=True)
    rows = standing.filter(reference__in=told) | standing.filter(pk__in=may_be_gone)
    known = {row.reference: row for row in rows.select_for_update(of=["self"]).order_by("pk")}
    for reference, row in known.items():
        charge = told.get(reference)
        if row.told_by or (charge is not None and _says(row) == _values(charge)):
            told.pop(reference, None)  # an invoice entered by staff is only withdrawn by staff
        else:
            row.withdrawn_at = now
            row.save(update_fields=["withdrawn_at"])
    owners = _owners(supplier, told.values())
    SupplierBill.objects.bulk_create(
        SupplierBill(
            supplier=supplier,
            purchase_order=owners.get(charge.number) or owners.get(reference),
            number=charge.number[:60],
            reference=reference[:60],
            billed_at=charge.at,
            told_at=now,
            **_values(charge),
        )
        for reference, charge in told.items()
    )


def _is_keepable(charge: Charge) -> bool:
    amounts = [charge.goods, *filter(None, [charge.freight])]
    return all(money.is_keepable and money.amount >= 0 for money in amounts)


def _values(charge: Charge) -> dict[str, object]:
    freight = charge.freight
    same = freight is not None and freight.currency == charge.goods.currency
    return {
        "currency": charge.goods.currency,
        "goods_amount": charge.goods.rounded().amount,
        "freight_amount": freight.rounded().amount if freight is not None and same else None,
    }


def _says(bill: SupplierBill) -> dict[str, object]:
    return {
        "currency": bill.currency,
        "goods_amount": bill.goods_amount,
        "freight_amount": bill.freight_amount,
    }


def _owners(supplier: Supplier, charges: Iterable[Charge]) -> dict[str, PurchaseOrder]:
    """Return purchase orders by our number and by the supplier's reference."""
    charges = list(charges)
    mine = PurchaseOrder.objects.filter(supplier=supplier)
    by_number = mine.filter(number__in=[charge.number for charge in charges])
    by_reference = mine.filter(supplier_reference__in=[one.supplier_reference for one in charges])
    return {row.supplier_reference: row for row in by_reference} | {
        row.number: row for row in by_number
    }


def stands(*, supplier: Supplier, reference: str) -> bool:
    rows = SupplierBill.objects.filter(supplier=supplier, reference=reference)
    return rows.filter(withdrawn_at__isnull=True).exists()


@transaction.atomic
def enter(*, bill: SupplierBill, actor: str, now: datetime) -> SupplierBill:
    """Store an invoice received on paper or by e-mail, and find its purchase order.

    Raises: BillRefusedError  it exists
    """
    if stands(supplier=bill.supplier, reference=bill.reference):
        raise BillRefusedError(gettext("This supplier already has a bill with this number."))
    mine = PurchaseOrder.objects.filter(supplier=bill.supplier)
    bill.purchase_order = mine.filter(number=bill.number).first()
    bill.told_by, bill.told_at = actor[:100], now
    try:
        with transaction.atomic():
            bill.save()
    except IntegrityError as error:  # entered concurrently
        raise BillRefusedError(
            gettext("This supplier already has a bill with this number.")
        ) from error
    return bill


@transaction.atomic(durable=True)
def withdraw(*, bill: SupplierBill, now: datetime) -> None:
    """Withdraw an invoice that staff entered: a mistake, or a correction.

    Raises: BillRefusedError  it comes from the API, or it is withdrawn
    """
    rows = SupplierBill.objects.filter(pk=bill.pk, withdrawn_at__isnull=True).exclude(told_by="")
    if not rows.update(withdrawn_at=now):
        raise BillRefusedError(gettext("Only an active bill that staff entered can be withdrawn."))


def _can(supplier: Supplier, ability: Ability) -> bool:
    is_known = supplier.adapter in ADAPTERS
    return is_known and ability in abilities_of(connector_class(supplier.adapter))
