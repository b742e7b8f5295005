"""Order serializers: members of an order, its lines, payments and timeline, with their scopes."""

from typing import Any, ClassVar

from rest_framework import serializers

from orders.models import Order, Payment, PurchaseOrder
from shipping.models import Parcel
from storefront.api.core.fields import AddressFields, RowMoneyField
from storefront.api.core.selection import ResourceSerializer
from storefront.api.merchant.orders.parcels import MerchantParcelSerializer
from storefront.api.merchant.orders.purchase_orders import PurchaseOrderSerializer
from storefront.api.merchant.orders.returns import MerchantReturnSerializer
from storefront.api.models import Scope
from storefront.lib.models import StatusChange

SUPPLIER = "supplier"  # begins the actor of what a supplier did
PAYMENT_STATUSES = (
    "not_paid",
    "authorized",
    "partially_paid",
    "paid",
    "partially_refunded",
    "refunded",
    "charged_back",
)


class MerchantOrderLineSerializer(ResourceSerializer):
    """A line as sold. Costs are those of the sale; null: unknown then."""

    restricted: ClassVar = {
        "unit_cost": Scope.COSTS_READ,
        "landed_cost": Scope.COSTS_READ,
        "fees": Scope.COSTS_READ,
    }

    id = serializers.IntegerField(source="pk")
    sku = serializers.CharField()
    title = serializers.CharField()
    variant_id = serializers.IntegerField()
    quantity = serializers.IntegerField()
    canceled = serializers.IntegerField(source="canceled_quantity")
    shipped = serializers.IntegerField(source="shipped_quantity")
    delivered = serializers.IntegerField(source="delivered_quantity")
    in_returns = serializers.IntegerField(source="returning_quantity")
    returned = serializers.IntegerField(source="returned_quantity")
    unit_price = RowMoneyField("unit_amount", currency="order.currency")
    amount = RowMoneyField("line_amount", currency="order.currency")
    discount = RowMoneyField("discount_amount", currency="order.currency")
    tax_rate = serializers.DecimalField(max_digits=6, decimal_places=5)
    tax = RowMoneyField("tax_amount", currency="order.currency")
    charge = RowMoneyField(
        "customer_charge_amount",
        currency="order.currency",
        help_text="What the customer pays for the line, with tax.",
    )
    unit_cost = RowMoneyField("cost_amount", currency="cost_currency")
    landed_cost = RowMoneyField("landed_amount", currency="order.currency", allow_null=True)
    fees = RowMoneyField("fees_amount", currency="order.currency", allow_null=True)


class OrderPaymentSerializer(ResourceSerializer):
    key: ClassVar = "reference"

    reference = serializers.CharField(source="key")
    gateway = serializers.CharField()
    status = serializers.ChoiceField(Payment.Status.choices)
    dispute_status = serializers.ChoiceField(Payment.Dispute.choices)
    amount = RowMoneyField("amount")
    authorized = RowMoneyField("authorized_amount")
    captured = RowMoneyField("captured_amount")
    released = RowMoneyField("voided_amount")
    refunded = RowMoneyField("refunded_amount")
    created_at = serializers.DateTimeField()


class ParcelsOfOrder(serializers.ListSerializer[Any]):
    """The parcels of all purchase orders of an order, as ``orders.order_rows`` reads them."""

    def get_attribute(self, instance: Order) -> list[Parcel]:
        return [
            parcel
            for purchase_order in instance.purchase_orders.all()
            if hasattr(purchase_order, "shipment")
            for parcel in purchase_order.shipment.parcels.all()
        ]


class OrderParcelSerializer(MerchantParcelSerializer):
    class Meta:
        list_serializer_class = ParcelsOfOrder


class MerchantOrderSerializer(ResourceSerializer):
    """An order. ``updated_at`` is the last change of a status of it, or of a part of it."""

    key: ClassVar = "number"
    expandable: ClassVar = ("lines", "payments", "purchase_orders", "parcels", "returns")
    restricted: ClassVar = {"email": Scope.CUSTOMERS_READ, "ship_to": Scope.CUSTOMERS_READ}

    number = serializers.CharField()
    status = serializers.ChoiceField(Order.Status.choices)
    payment_status = serializers.ChoiceField(PAYMENT_STATUSES)
    fulfillment_status = serializers.CharField()
    hold_reason = serializers.CharField(allow_blank=True)
    channel = serializers.CharField(source="channel.code")
    external_reference = serializers.CharField(
        allow_blank=True,
        help_text="Number in the store or program that sent it; empty: placed at our checkout.",
    )
    language = serializers.CharField(source="locale")
    placed_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    payment_due_at = serializers.DateTimeField()
    arrives_from = serializers.DateField(allow_null=True, help_text="As promised at the sale.")
    arrives_to = serializers.DateField(allow_null=True)
    email = serializers.CharField()
    ship_to = AddressFields()
    country = serializers.CharField(source="ship_to.country", default="")
    subtotal = RowMoneyField("subtotal_amount")
    delivery = RowMoneyField("delivery_amount")
    discount = RowMoneyField("discount_amount")
    added_tax = RowMoneyField("additional_tax_amount", help_text="Tax not included in the prices.")
    tax = RowMoneyField("tax_amount", help_text="All tax included in the total.")
    total = RowMoneyField("total_amount")
    captured = RowMoneyField("captured")
    refunded = RowMoneyField("refunded")
    lines = MerchantOrderLineSerializer(many=True)
    payments = OrderPaymentSerializer(many=True)
    purchase_orders = PurchaseOrderSerializer(many=True)
    parcels = OrderParcelSerializer(many=True)
    returns = MerchantReturnSerializer(many=True)


class StatusChangeSerializer(ResourceSerializer):
    """One change of a status of the order, a purchase order, parcel, payment or return."""

    id = serializers.IntegerField(source="pk")
    subject = serializers.CharField(help_text="Type of the object that changed.")
    subject_id = serializers.IntegerField()
    status_field = serializers.CharField()
    from_status = serializers.CharField()
    to_status = serializers.CharField()
    at = serializers.DateTimeField()
    actor = serializers.CharField(allow_blank=True, help_text="Empty: the shop itself.")
    reason = serializers.CharField(
        allow_blank=True, help_text="Of a purchase order, it needs the scope costs:read."
    )

    def to_representation(self, instance: StatusChange) -> dict[str, Any]:
        """Hide who a supplier is, and why a purchase order is on hold: its cost and margin."""
        shown: dict[str, Any] = super().to_representation(instance)
        if Scope.COSTS_READ in self.context["selection"].scopes:
            return shown
        if instance.subject == PurchaseOrder._meta.label:  # noqa: SLF001
            shown.pop("reason", None)
        if shown.get("actor", "").startswith(SUPPLIER):
            shown["actor"] = SUPPLIER
        return shown
