"""Models: export all tables of orders, from cart to accounting."""

from orders.models.accounting import MoneyDay, MoneyDifference, MoneySighting, SupplierBill
from orders.models.addresses import AddressWish
from orders.models.backorders import Setback, SetbackLine
from orders.models.cart import Cart, CartLine
from orders.models.claims import SupplierClaim, SupplierClaimLine
from orders.models.inventory import Allocation, Reservation
from orders.models.order import Order, OrderLine
from orders.models.payments import Payment, PaymentEvent
from orders.models.promotions import Coupon, Promotion, Redemption
from orders.models.purchasing import (
    PurchaseLine,
    PurchaseMessage,
    PurchaseOrder,
    StrayDecision,
    SupplierToAsk,
)
from orders.models.returns import ReturnAuthorization, ReturnLine, ReturnPicture, ReturnPolicy
from orders.models.routing import RoutingRules
from orders.models.supplier_returns import SupplierRMA, SupplierRMALine
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
