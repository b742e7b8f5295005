"""Delivery details: store recipient, address and delivery method of a cart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import connection

from orders.models import Cart
from storefront.lib.address import Address
from storefront.lib.db.prepared_queries import planned_cursor

UNPLACED = "NOT EXISTS (SELECT 1 FROM orders_order WHERE cart_id = orders_cart.id)"


def set_address(
    *,
    cart: Cart,
    email: str,
    ship_to: Address,
    now: datetime,
    check: Mapping[str, Any] | None = None,
) -> None:
    """Store recipient and address of a cart, unless it was ordered.

    Shape:  ``check`` as returned by ``verification.record``
    """
    told = {
        "email": email,
        "ship_to": asdict(ship_to),
        "country": ship_to.country,
        "address_verification": dict(check or {}),
    }
    if _update(cart, {**told, "updated_at": now}):
        for name, value in told.items():
            setattr(cart, name, value)
    else:
        cart.refresh_from_db(fields=list(told))


def set_delivery_method(*, cart: Cart, way: str, now: datetime) -> None:
    """Store the chosen delivery method, a ``ShippingQuote.code``."""
    _update(cart, {"service": way, "updated_at": now})
    cart.service = way


def _update(cart: Cart, told: Mapping[str, Any]) -> bool:
    """Update columns of a cart unless it was ordered; return whether they were written.

    Raw SQL: building the statement in Django takes longer than executing it.
    """
    meta: Any = Cart._meta  # noqa: SLF001 - Django's documented model API
    fields = [meta.get_field(name) for name in told]
    columns = ", ".join(f'"{field.column}" = %s' for field in fields)
    statement = f"UPDATE orders_cart SET {columns} WHERE id = %s AND {UNPLACED}"  # noqa: S608
    values = [
        field.get_db_prep_save(value, connection)
        for field, value in zip(fields, told.values(), strict=True)
    ]
    with planned_cursor(connection) as cursor:
        cursor.execute(statement, [*values, cart.pk])
        return bool(cursor.rowcount)
