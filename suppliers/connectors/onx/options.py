"""onX options: define the settings of a connection, translate order statuses. Pure."""

import re
from enum import StrEnum
from typing import Annotated

import msgspec

from suppliers.connectors.records import Acknowledgement

NOT_A_WORD = re.compile(r"[^a-z]+")
# The specification leaves statuses to each server: these are words with one meaning only.
STATUSES = {
    **dict.fromkeys(
        ("new", "open", "pending", "received", "created", "submitted", "on_hold", "backordered"),
        Acknowledgement.RECEIVED,
    ),
    **dict.fromkeys(
        (
            "accepted", "acknowledged", "approved", "confirmed", "processing", "in_progress",
            "allocated", "picking", "picked", "packing", "packed", "ready_to_ship",
        ),
        Acknowledgement.ACCEPTED,
    ),
    **dict.fromkeys(
        ("partially_shipped", "partially_fulfilled"), Acknowledgement.PARTIALLY_SHIPPED
    ),
    **dict.fromkeys(
        ("shipped", "fulfilled", "in_transit", "out_for_delivery"), Acknowledgement.SHIPPED
    ),
    "delivered": Acknowledgement.DELIVERED,
    **dict.fromkeys(("canceled", "cancelled"), Acknowledgement.CANCELED),
    **dict.fromkeys(("rejected", "declined"), Acknowledgement.REJECTED),
}  # fmt: skip

# The order waits at the supplier: staff should know why.
WAITING = frozenset({"on_hold", "backordered"})


class CostField(StrEnum):
    COST = "cost"
    PRICE = "price"


class Options(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Settings for staff.

    Shape:  ``api_key_header`` replaces the bearer token. ``warehouses`` maps the location ids that
            count to their countries; if it is empty, the server's total counts, in
            ``warehouse_country``. ``order_statuses`` maps status names of this server to their
            meaning, before ours. ``cost_field`` is the field of a variant that holds our cost
    """

    api_key_header: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9-]*$", max_length=60)] = ""
    cost_field: CostField = CostField.COST
    warehouse_country: Annotated[str, msgspec.Meta(pattern="^([A-Z]{2})?$")] = ""
    warehouses: dict[str, Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]] = {}
    order_statuses: dict[str, Acknowledgement] = {}

    def answer(self, status: str) -> Acknowledgement | None:
        """Return the meaning of a status; None if it is unknown."""
        own = {status_word(name): answer for name, answer in self.order_statuses.items()}
        return own.get(status_word(status)) or STATUSES.get(status_word(status))


def status_word(status: str) -> str:
    return NOT_A_WORD.sub("_", status.strip().casefold()).strip("_")
