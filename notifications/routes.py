"""Routes: map each event name to the messages that it sends. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Route:
    """One message that an event sends.

    ``recipient`` names the payload field with the address or list of addresses. ``reply_to`` names
    the field with the reply address; if empty, replies go to the sender. ``kind`` is the
    ``preferences.Kind`` that the recipient can refuse; if empty, the message is always sent.
    ``is_internal``: it goes to suppliers or staff and names suppliers or costs.
    """

    template: str
    sender: str = "email"
    recipient: str = "email"
    reply_to: str = ""
    kind: str = ""
    is_internal: bool = False


def _text_message(template: str, kind: str) -> Route:
    return Route(template, sender="sms", recipient="sms_number", kind=kind)


def _to_staff(template: str) -> tuple[Route, ...]:
    """Return the routes of an event that names a staff member or a chat channel."""
    return (
        Route(template, is_internal=True),
        Route(template, sender="chat", recipient="chat", is_internal=True),
    )


ROUTES: Mapping[str, tuple[Route, ...]] = MappingProxyType(
    {
        "account.unproven": (Route("account_confirm"),),
        "account.known": (Route("account_exists"),),
        "account.password_forgotten": (Route("account_password"),),
        "account.new_address": (Route("account_new_address"),),
        "account.email_change_requested": (Route("email_change_requested"),),
        "account.email_changed": (Route("email_changed"),),
        "account.password_changed": (Route("password_changed"),),
        "account.mfa_changed": (Route("mfa_changed"),),
        "account.rights_changed": (Route("rights_changed"),),
        "order.placed": (Route("order_placed"),),
        "order.confirmed": (Route("order_confirmed", kind="confirmed"),),
        "order.review_asked": (Route("review_request", kind="review_request"),),
        "order.unpaid": (Route("order_unpaid"),),
        "order.payment_link": (Route("payment_link"),),
        "order.payment_failed": (Route("payment_failed"),),
        "order.link_asked": (Route("order_link"),),
        "order.delivery_address_changed": (Route("delivery_address_changed"),),
        "order.delivery_address_change_result": (Route("delivery_address_change_result"),),
        "order.canceled": (Route("order_canceled"),),
        "order.cancellation_answered": (Route("cancellation_answered"),),
        "order.lines_canceled": (Route("lines_canceled"),),
        "order.message_answered": (Route("message_answered"),),
        "order.backorder_choice": (
            Route("backorder_choice"),
            _text_message("backorder_choice", "problem"),
        ),
        "order.refunded": (Route("order_refunded"),),
        "order.invoiced": (Route("customer_invoice"),),
        "order.credited": (Route("customer_invoice"),),
        "return.declared": (Route("return_receipt"),),
        **dict.fromkeys(
            (
                "return.approved",
                "return.rejected",
                "return.asked",
                "return.labeled",
                "return.label_voided",
                "return.refused",
                "return.expired",
                "return.canceled",
                "return.unanswered",
                "return.exchanged",
            ),
            (Route("return_update"),),
        ),
        "contact.received": (
            Route("contact_message", recipient="shop_email", reply_to="email"),
            Route("contact_acknowledged"),
        ),
        "staff.alert": _to_staff("staff_alert"),
        "staff.digest": _to_staff("staff_digest"),
        "compliance_document.expires": (Route("compliance_document_expires", is_internal=True),),
        "offers.withheld": (Route("offers_withheld", is_internal=True),),
        "parcel.lost": (Route("parcel_problem"), _text_message("parcel_problem", "problem")),
        "parcel.returned": (Route("parcel_problem"), _text_message("parcel_problem", "problem")),
        "parcel.shipped": (Route("parcel_shipped"), _text_message("parcel_shipped", "shipped")),
        "parcel.out_for_delivery": (
            Route("parcel_out_for_delivery", kind="out_for_delivery"),
            _text_message("parcel_out_for_delivery", "out_for_delivery"),
        ),
        "parcel.delivered": (
            Route("parcel_delivered", kind="delivered"),
            _text_message("parcel_delivered", "delivered"),
        ),
        # Always sent: a parcel that is not collected goes back.
        "parcel.ready_for_pickup": (
            Route("parcel_ready_for_pickup"),
            _text_message("parcel_ready_for_pickup", "out_for_delivery"),
        ),
        "parcel.silent": (Route("parcel_silent"), _text_message("parcel_silent", "problem")),
        "parcel.silence_answered": (Route("parcel_silence_answered"),),
        "parcel.exception": (
            Route("parcel_exception"),
            _text_message("parcel_exception", "problem"),
        ),
        "parcel.tracking_changed": (Route("parcel_tracking_changed"),),
        "product_alert.asked": (Route("product_alert_confirm"),),
        "product_alert.back_in_stock": (Route("back_in_stock", kind="product_alert"),),
        "product_alert.price_drop": (Route("price_drop", kind="product_alert"),),
        "problem.received": (Route("problem_report_received"),),
        "problem.answered": (Route("problem_report_answered"),),
        "purchase_order.mailed": (Route("purchase_order", is_internal=True),),
        "supplier.portal_link_created": (Route("supplier_portal_link", is_internal=True),),
        "purchase_order.supplier_cancellation_request": (
            Route("supplier_cancellation_request", is_internal=True),
        ),
        "purchase_order.supplier_address_change_request": (
            Route("supplier_address_change_request", is_internal=True),
        ),
    }
)

INTERNAL_TEMPLATES = frozenset(
    route.template for routes in ROUTES.values() for route in routes if route.is_internal
)


def kind_of(*, event_name: str, template: str, sender: str) -> str:
    """Return the kind of a message that its recipient can refuse; empty if there is none."""
    routes = ROUTES.get(event_name, ())
    wanted = (template, sender)
    return next((route.kind for route in routes if (route.template, route.sender) == wanted), "")
