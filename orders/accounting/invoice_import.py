"""Enter a list of supplier bills: each is matched first, and none is entered twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from django.utils.translation import gettext

from orders.accounting import bill_lists, invoices
from orders.accounting.bill_lists import BadCellError, BillRow
from orders.models import PurchaseOrder, SupplierBill
from suppliers.models import Supplier


@dataclass(slots=True, kw_only=True)
class ListedBill:
    """A row, the purchase order that it is for, and why it cannot be entered, if it cannot."""

    row: BillRow
    purchase_order: PurchaseOrder | None = None
    bill: SupplierBill | None = None  # not saved yet
    is_known: bool = False  # it stands already, with the same amounts
    problem: str = ""

    @property
    def is_good(self) -> bool:
        return not self.problem and not self.is_known


def judge(rows: Sequence[BillRow], *, supplier: Supplier | None = None) -> list[ListedBill]:
    """Match each row with a purchase order, or say why it cannot be; nothing is written.

    Shape:  ``supplier`` None: whose purchase order it is
    """
    numbers = {row.number.upper() for row in rows}
    found = PurchaseOrder.objects.filter(number__in=numbers).select_related("supplier")
    orders = {order.number: order for order in found.prefetch_related("lines__order_line")}
    standing = _standing(rows, orders.values())
    first: dict[tuple[int, str], int] = {}
    listed = []
    for row in rows:
        one = ListedBill(row=row, purchase_order=orders.get(row.number.upper()))
        try:
            one.bill = _bill(row, one.purchase_order, supplier)
            key = (one.bill.supplier_id, row.reference)
            one.is_known = _is_the_same(standing.get(key), one.bill)
            _refuse_repeated(first.setdefault(key, row.place), row)
        except BadCellError as error:
            one.problem = str(error)
        listed.append(one)
    return listed


def enter(listed: Sequence[ListedBill], *, actor: str, now: datetime) -> list[ListedBill]:
    """Enter the good ones; return those that somebody else entered meanwhile."""
    failed = []
    for one in listed:
        if not one.is_good or one.bill is None:
            continue
        try:
            invoices.enter(bill=one.bill, actor=actor, now=now)
        except invoices.BillRefusedError as error:
            one.problem = str(error)
            failed.append(one)
    return failed


def _bill(
    row: BillRow, purchase_order: PurchaseOrder | None, supplier: Supplier | None
) -> SupplierBill:
    """Make the bill that a row speaks of.

    Raises: BadCellError
    """
    if not 0 < len(row.reference) <= bill_lists.LONGEST_REFERENCE:
        raise BadCellError(gettext("A bill has a number of up to 60 characters."))
    if purchase_order is None:
        raise BadCellError(gettext("No purchase order has this number."))
    if supplier is not None and purchase_order.supplier_id != supplier.pk:
        words = gettext("This purchase order is one of %s.")
        raise BadCellError(words % purchase_order.supplier.name)
    currency = bill_lists.currency(row.currency)
    expected = _currency_of(purchase_order)
    if currency != expected:
        words = gettext("It is in %(found)s, and the purchase order in %(expected)s.")
        raise BadCellError(words % {"found": currency, "expected": expected})
    day = bill_lists.day(row.billed)
    return SupplierBill(
        supplier=purchase_order.supplier,
        number=purchase_order.number,
        reference=row.reference,
        currency=currency,
        goods_amount=bill_lists.amount(row.goods),
        freight_amount=bill_lists.amount(row.freight) if row.freight else None,
        billed_at=datetime.combine(day, time(), UTC) if day else None,
    )


def _currency_of(purchase_order: PurchaseOrder) -> str:
    lines = purchase_order.lines.all()
    currencies = [line.cost_currency for line in lines]
    return currencies[0] if currencies else purchase_order.supplier.currency


def _standing(
    rows: Sequence[BillRow], orders: Iterable[PurchaseOrder]
) -> dict[tuple[int, str], SupplierBill]:
    found = SupplierBill.objects.filter(
        supplier__in={order.supplier_id for order in orders},
        reference__in={row.reference for row in rows},
        withdrawn_at__isnull=True,
    )
    return {(bill.supplier_id, bill.reference): bill for bill in found}


def _refuse_repeated(first: int, row: BillRow) -> None:
    if first != row.place:
        raise BadCellError(gettext("The same bill number stands in row %s.") % first)


def _is_the_same(known: SupplierBill | None, bill: SupplierBill) -> bool:
    """Whether it stands already.

    Raises: BadCellError  what stands under its number says something else
    """
    if known is None:
        return False
    if known.number == bill.number and known.total == bill.total:
        return True
    words = gettext("Bill %(number)s is here already: %(total)s for %(order)s.")
    said = {"number": known, "total": known.total, "order": known.number or "?"}
    raise BadCellError(words % said)
