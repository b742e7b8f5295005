"""What the parts of an account are called, and where they are from."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from orders.accounting.profit import Source, What

WHATS = {
    What.GOODS: _("Goods"),
    What.DISCOUNT: _("Discount"),
    What.DELIVERY: _("Delivery"),
    What.TAX: _("Tax"),
    What.REFUND: _("Refunded"),
    What.CHARGED_BACK: _("Lost in a dispute"),
    What.COST: _("Cost of the goods"),
    What.FREIGHT: _("Freight"),
    What.SUPPLIER_FEE: _("Fees of the supplier"),
    What.DUTY: _("Duty"),
    What.HANDLING: _("Handling"),
    What.PAYMENT_FEE: _("Fees of the payment"),
    What.CHANNEL_FEE: _("Fees of the channel"),
    What.SELLING: _("Freight, duty and fees together"),
    What.CREDIT: _("Credited by the supplier"),
}
SOURCES = {
    Source.ORDER: _("as the shopper agreed"),
    Source.BOOK: _("book of payments"),
    Source.BILLED: _("billed"),
    Source.CLAIM: _("claim on the supplier"),
    Source.GIVEN_BACK: _("goods that went back to the supplier"),
    Source.TOLD: _("estimated: as he said when he accepted"),
    Source.AGREED: _("estimated: as agreed, not billed yet"),
    Source.TERMS: _("estimated: costs of selling"),
}
