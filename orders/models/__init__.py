"""From cart to purchase order."""

from orders.models.address_wish import AddressWish
from orders.models.bill import SupplierBill
from orders.models.cart import Cart, CartLine
from orders.models.claim import SupplierClaim, SupplierClaimLine
from orders.models.crediting import SupplierRMA, SupplierRMALine
from orders.models.difference import MoneyDay, MoneyDifference, MoneySighting
from orders.models.forgetting import SupplierToAsk
from orders.models.order import Order, OrderLine
from orders.models.payment import Payment, PaymentEvent
from orders.models.picturing import ReturnPicture
from orders.models.promotion import Coupon, Promotion, Redemption
from orders.models.purchase import PurchaseLine, PurchaseMessage, PurchaseOrder
from orders.models.reservation import Allocation, Reservation
from orders.models.return_policy import ReturnPolicy
from orders.models.returning import ReturnAuthorization, ReturnLine
from orders.models.routing import RoutingRules
from orders.models.setback import Setback, SetbackLine
from orders.models.stray import StrayDecision
from orders.models.tax import TaxNumber, TaxRate

__all__ = [
    "AddressWish",
    "Allocation",
    "Cart",
    "CartLine",
    "Coupon",
    "MoneyDay",
    "MoneyDifference",
    "MoneySighting",
    "Order",
    "OrderLine",
    "Payment",
    "PaymentEvent",
    "Promotion",
    "PurchaseLine",
    "PurchaseMessage",
    "PurchaseOrder",
    "Redemption",
    "Reservation",
    "ReturnAuthorization",
    "ReturnLine",
    "ReturnPicture",
    "ReturnPolicy",
    "RoutingRules",
    "Setback",
    "SetbackLine",
    "StrayDecision",
    "SupplierBill",
    "SupplierClaim",
    "SupplierClaimLine",
    "SupplierRMA",
    "SupplierRMALine",
    "SupplierToAsk",
    "TaxNumber",
    "TaxRate",
]
