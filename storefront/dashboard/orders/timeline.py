"""Order timeline: read what happened to an order and what waits, in one statement."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import connection
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications import labels, preferences
from notifications.models import Message
from notifications.routes import INTERNAL_TEMPLATES
from orders.models import (
    Backorder,
    CustomerInvoice,
    Order,
    OrderMessage,
    PaymentEvent,
    PurchaseMessage,
    ReturnAuthorization,
)
from shipping.models import Parcel
from storefront.dashboard.orders import reasons, sources
from storefront.lib.address import Address
from storefront.lib.db.prepared_queries import planned_cursor
from storefront.lib.money import Money
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff.columns import as_money, choice_label, field_label, json_document

MAX_ENTRIES = 200
KINDS: Mapping[str, Promise] = {
    "status": gettext_lazy("Status"),
    "purchase": gettext_lazy("Purchase orders"),
    "payment": gettext_lazy("Payments"),
    "refund": gettext_lazy("Refunds"),
    "mail": gettext_lazy("Notifications"),
    "message": gettext_lazy("Messages"),
    "note": gettext_lazy("Notes"),
    "tracking": gettext_lazy("Tracking"),
    "return": gettext_lazy("Returns"),
    "cancellation": gettext_lazy("Cancellations"),
    "address": gettext_lazy("Address changes"),
}

# Messages to and from suppliers by type.
CALLS: Mapping[str, Promise] = {
    "place": gettext_lazy("Purchase order"),
    "received": gettext_lazy("Received"),
    "accepted": gettext_lazy("Accepted"),
    "rejected": gettext_lazy("Rejected"),
    "later": gettext_lazy("Ships later"),
    "charge": gettext_lazy("Extra charge"),
    "shipped_canceled": gettext_lazy("Shipped although canceled"),
    "cancel": gettext_lazy("Cancellation request"),
    "cancellation_accepted": gettext_lazy("Cancellation accepted"),
    "cancellation_rejected": gettext_lazy("Cancellation rejected"),
    "lines_canceled": gettext_lazy("Items canceled"),
    "readdress": gettext_lazy("Address change request"),
    "readdress_accepted": gettext_lazy("Address changed"),
    "readdress_refused": gettext_lazy("Address change rejected"),
    "claim": gettext_lazy("Claim"),
}

# Records whose reasons of status changes name costs, margins and suppliers.
COST_SUBJECTS = frozenset({"orders.PurchaseOrder", "orders.Backorder"})

type Data = Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Entry:
    """One entry. ``text_url`` is where its text is read.

    ``links`` are the permission, URL and label of each link.
    """

    kind: str
    at: datetime
    actor: str
    title: str
    text: str = ""
    payload: str = ""
    url: str = ""
    links: tuple[tuple[str, str, str], ...] = ()
    text_url: str = ""

    @property
    def label(self) -> str | Promise:
        return KINDS.get(self.kind, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What waits, and what happened, newest first. ``filters`` are the kinds to choose from."""

    waiting: list[Entry]
    entries: list[Entry]
    filters: list[tuple[str, Promise]]
    kind: str
    is_cut: bool


def load(
    order_id: int, *, user: Any, kind: str = "", purchase_order_id: int | None = None
) -> Timeline:
    """Return the timeline as far as the user may see it; ``kind`` limits it to one kind.

    With ``purchase_order_id`` it is that of one purchase order.
    """
    visible = [
        source
        for source in (*sources.WAITING, *sources.SOURCES)
        if user.has_perm(source.right) and (source.of_purchase_order or not purchase_order_id)
    ]
    kinds = [name for name in KINDS if any(source.kind == name for source in visible)]
    kind = kind if kind in kinds else ""
    read = [source for source in visible if not kind or source.kind in ("waiting", kind)]
    wanted = {
        "order": order_id,
        "purchase_order": purchase_order_id,
        "limit": MAX_ENTRIES + 1,
    }
    rows = []
    if read:
        with planned_cursor(connection) as cursor:
            cursor.execute(sources.statement(read), wanted)
            rows = cursor.fetchall()
    has_costs = user.has_perm(VIEW_COSTS)
    waiting: list[Entry] = []
    entries: list[Entry] = []
    for place, at, actor, page, row, data in rows:
        source, values = read[place], json.loads(data, parse_float=Decimal)
        if source.code == "mail" and not has_costs and values["template"] in INTERNAL_TEMPLATES:
            continue  # to a supplier
        is_waiting = source.kind == "waiting"
        write = WAITING_TEXTS[source.code] if is_waiting else TEXTS[source.code]
        entry = Entry(kind=source.kind, at=at, actor=actor, title="")
        if page and user.has_perm(page.replace("_", ".view_")):
            entry.url = reverse(f"admin:{page}_change", args=[row])
        write(entry, {**values, "row": row})
        entry.links = tuple(link for link in entry.links if user.has_perm(link[0]))
        if not has_costs:
            entry.payload = ""
            entry.text = "" if values.get("subject") in COST_SUBJECTS else entry.text
            # The names of suppliers are hidden with the costs.
            entry.actor = _("Supplier") if actor.startswith("supplier ") else entry.actor
        (waiting if is_waiting else entries).append(entry)
    return Timeline(
        waiting=waiting,
        entries=entries[:MAX_ENTRIES],
        filters=[(name, KINDS[name]) for name in kinds],
        kind=kind,
        is_cut=sum(read[row[0]].kind != "waiting" for row in rows) > MAX_ENTRIES,
    )


# Texts of what happened


def _placed(entry: Entry, _data: Data) -> None:
    entry.title = _("Order placed by staff") if entry.actor else _("Order placed")


def _status(entry: Entry, data: Data) -> None:
    model = apps.get_model(data["subject"])
    title = _("%(field)s: %(old)s → %(new)s") % {
        "field": field_label(model, data["field"]),
        "old": choice_label(model, data["field"], data["from"]),
        "new": choice_label(model, data["field"], data["to"]),
    }
    name = "" if model is Order else capfirst(model._meta.verbose_name)  # noqa: SLF001 - Django's model API
    entry.title = " · ".join(filter(None, (f"{name} {data['name']}".strip(), title)))
    entry.text = reasons.shown(data["text"])
    if model is Order:
        entry.url = ""  # this page


def _call(entry: Entry, data: Data) -> None:
    entry.title = " · ".join(
        (
            data["name"],
            choice_label(PurchaseMessage, "direction", data["direction"]),
            str(CALLS.get(data["kind"]) or capfirst(data["kind"].replace("_", " "))),
        )
    )
    entry.payload = json_document(data["body"]) if data["body"] else ""


def _mail(entry: Entry, data: Data) -> None:
    channel = _("E-mail") if data["sender"] == preferences.EMAIL else _("Text message")
    status = choice_label(Message, "status", data["status"])
    delivery = data["delivery"] and choice_label(Message, "delivery", data["delivery"])
    entry.title = f"{channel}: {labels.TEMPLATE_LABELS.get(data['template'], data['template'])}"
    entry.actor = f"{_('To')} {data['to']}"
    entry.text = " · ".join(filter(None, (status, delivery, data["text"])))
    entry.text_url = reverse("supply:message_text", args=[data["row"]])
    page = "admin:notifications_message"
    preview = reverse(f"{page}_preview", args=[data["row"]])
    resend = reverse(f"{page}_resend", args=[data["row"]])
    entry.links = (
        ("notifications.view_message", preview, _("Preview")),
        ("notifications.change_message", resend, _("Resend")),
    )


def _message(entry: Entry, data: Data) -> None:
    is_customer = data["author"] == OrderMessage.Author.CUSTOMER
    entry.title = _("Message from the customer") if is_customer else _("Message to the customer")
    entry.actor = "" if is_customer else entry.actor
    entry.text = data["text"]


def _payment(entry: Entry, data: Data) -> None:
    kind = choice_label(PaymentEvent, "kind", data["kind"])
    entry.title = f"{kind}: {_money(data)}" if Decimal(data["amount"]) else kind
    entry.text = data["text"]


def _invoice(entry: Entry, data: Data) -> None:
    kind = choice_label(CustomerInvoice, "kind", data["kind"])
    entry.title = f"{kind} {data['name']}: {_money(data)}"
    if data["is_ready"]:
        download = reverse("admin:orders_customerinvoice_download", args=[data["row"]])
        entry.links = (("orders.view_customerinvoice", download, _("Download PDF")),)


def _tracking(entry: Entry, data: Data) -> None:
    status = choice_label(Parcel, "carrier_status", data["status"])
    entry.title = f"{data['carrier']} {data['name']}: {status}"
    entry.text = " · ".join(filter(None, (data["text"], data["place"])))


def _opened(entry: Entry, data: Data) -> None:
    entry.title = _("Return %(number)s opened") % {"number": data["name"]}


def _note(entry: Entry, data: Data) -> None:
    entry.title, entry.text = _("Note"), data["text"]


def _address(entry: Entry, data: Data) -> None:
    is_corrected = data["decision"] == "corrected"
    entry.title = _("Address corrected") if is_corrected else _("Address confirmed")
    before = data["was"] and _("Before: %(address)s") % {"address": _address_line(data["was"])}
    entry.text = " · ".join(filter(None, (data["text"], before)))


def _address_line(ship_to: Data) -> str:
    parts = (str(ship_to.get(field.name) or "") for field in fields(Address))
    return ", ".join(filter(None, parts))


def _refund_request(entry: Entry, data: Data) -> None:
    entry.title = _("Refund entered: %(amount)s") % {"amount": _money(data)}
    entry.text = " · ".join(filter(None, (data["items"], data["text"])))


def _money(data: Data) -> str:
    return as_money(Money(Decimal(data["amount"]), data["currency"]))


TEXTS: Mapping[str, Callable[[Entry, Data], None]] = {
    "placed": _placed,
    "status": _status,
    "call": _call,
    "mail": _mail,
    "message": _message,
    "payment": _payment,
    "invoice": _invoice,
    "tracking": _tracking,
    "opened": _opened,
    "note": _note,
    "address": _address,
    "refund_request": _refund_request,
}

# Texts of what waits


def _hold(entry: Entry, data: Data) -> None:
    entry.title, entry.text = _("Order is on hold"), data["text"]


def _held_purchase(entry: Entry, data: Data) -> None:
    entry.title = _("Purchase order %(number)s is on hold") % {"number": data["name"]}
    # The sentences name costs, margins and suppliers.
    entry.payload = " ".join(reason["sentence"] for reason in data["reasons"])


def _cancellation_requested(entry: Entry, data: Data) -> None:
    entry.title = _("Cancellation of %(number)s waits for the supplier") % {"number": data["name"]}
    entry.text = data["text"]


def _address_requested(entry: Entry, data: Data) -> None:
    entry.title = _("Address change of %(number)s waits for the supplier") % {
        "number": data["name"]
    }
    entry.text = " · ".join(filter(None, (_address_line(data["address"]), data["text"])))


def _waiting_message(entry: Entry, data: Data) -> None:
    entry.title, entry.actor, entry.text = _("Customer waits for an answer"), "", data["text"]


def _backorder(entry: Entry, data: Data) -> None:
    status = choice_label(Backorder, "status", data["status"])
    entry.title, entry.text = f"{data['name']}: {status}", data["text"]


def _return_open(entry: Entry, data: Data) -> None:
    status = choice_label(ReturnAuthorization, "status", data["status"])
    entry.title = _("Return %(number)s: %(status)s") % {"number": data["name"], "status": status}


def _refund_waiting(entry: Entry, data: Data) -> None:
    _refund_request(entry, data)
    entry.title = _("Refund of %(amount)s waits for approval") % {"amount": _money(data)}


WAITING_TEXTS: Mapping[str, Callable[[Entry, Data], None]] = {
    "hold": _hold,
    "held_purchase": _held_purchase,
    "cancellation": _cancellation_requested,
    "address": _address_requested,
    "message": _waiting_message,
    "backorder": _backorder,
    "return": _return_open,
    "refund_request": _refund_waiting,
}
