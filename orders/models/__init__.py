"""Models: export all tables of orders, from cart to accounting."""

# ruff: noqa: F401 - other apps import them from here
from orders.models.accounting import (
    Discrepancy,
    DiscrepancyObservation,
    ReconciliationRun,
    SupplierInvoice,
    SupplierPayment,
)
from orders.models.cart import Cart, CartLine
from orders.models.claims import SupplierClaim, SupplierClaimLine
from orders.models.inventory import Allocation, Backorder, BackorderLine, Reservation
from orders.models.order import Order, OrderLine, OrderMessage
from orders.models.order_notes import CustomerNote, OrderNote, OrderTag
from orders.models.payments import (
    CustomerInvoice,
    InvoiceKind,
    InvoiceSeries,
    Payment,
    PaymentEvent,
    RefundLimit,
    RefundRequest,
)
from orders.models.promotions import Coupon, Promotion, Redemption
from orders.models.purchase_requests import (
    AddressChangeRequest,
    CanceledShipmentDecision,
    ErasureRequest,
    PurchaseDocument,
    PurchaseMessage,
)
from orders.models.purchasing import PurchaseLine, PurchaseOrder
from orders.models.returns import ReturnAuthorization, ReturnLabel, ReturnLine, ReturnPhoto
from orders.models.routing import RoutingRules
from orders.models.supplier_returns import ReturnPolicy, SupplierReturn, SupplierReturnLine
from orders.models.tax import BookingAccounts, TaxNumber, TaxRate
