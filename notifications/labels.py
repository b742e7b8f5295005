"""Message labels: name each e-mail template and its recipient for staff."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TEMPLATE_LABELS: Mapping[str, Promise] = {
    "account_confirm": _("Confirm the address"),
    "account_exists": _("Account already exists"),
    "account_password": _("Password reset"),
    "account_new_address": _("Confirm the new address"),
    "email_change_requested": _("E-mail change requested"),
    "email_changed": _("E-mail address changed"),
    "password_changed": _("Password changed"),
    "mfa_changed": _("Sign-in methods changed"),
    "rights_changed": _("Staff permissions changed"),
    "order_placed": _("Order placed"),
    "order_confirmed": _("Order confirmed"),
    "review_request": _("Review requested"),
    "order_unpaid": _("Order not paid yet"),
    "payment_link": _("Payment link"),
    "payment_failed": _("Payment failed"),
    "order_link": _("Order link"),
    "delivery_address_changed": _("Delivery address corrected"),
    "delivery_address_change_result": _("Address change answered"),
    "order_canceled": _("Order canceled"),
    "cancellation_answered": _("Cancellation request answered"),
    "lines_canceled": _("Items not available"),
    "message_answered": _("Message of the customer answered"),
    "backorder_choice": _("Backorder: the customer must choose"),
    "order_refunded": _("Refund sent"),
    "customer_invoice": _("Invoice or credit note"),
    "return_receipt": _("Return request received"),
    "return_update": _("Return updated"),
    "contact_message": _("Customer message"),
    "contact_acknowledged": _("Customer message received"),
    "staff_alert": _("Staff alert"),
    "staff_digest": _("Morning digest"),
    "compliance_document_expires": _("Document expires soon"),
    "offers_withheld": _("Offers taken off sale"),
    "parcel_problem": _("Parcel lost or returned"),
    "parcel_shipped": _("Parcel shipped"),
    "parcel_out_for_delivery": _("Parcel out for delivery"),
    "parcel_delivered": _("Parcel delivered"),
    "parcel_exception": _("Delivery exception"),
    "parcel_ready_for_pickup": _("Parcel ready for pickup"),
    "parcel_silent": _("No news of a parcel"),
    "parcel_silence_answered": _("Answer about a silent parcel"),
    "parcel_tracking_changed": _("Tracking number changed"),
    "product_alert_confirm": _("Confirm a product alert"),
    "back_in_stock": _("Back in stock"),
    "price_drop": _("Price drop"),
    "problem_report_received": _("Problem report received"),
    "problem_report_answered": _("Problem report answered"),
    "purchase_order": _("Purchase order sent"),
    "supplier_portal_link": _("Supplier portal link"),
    "supplier_cancellation_request": _("Cancellation request to the supplier"),
    "supplier_address_change_request": _("Address change request to the supplier"),
}


def label(name: str) -> str:
    """Return the text with its first word, a template name, replaced by the label."""
    template, arrow, suffix = name.partition(" ")
    return f"{TEMPLATE_LABELS.get(template, template)}{arrow}{suffix}"
