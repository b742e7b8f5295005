import datetime
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("catalog", "0001_initial"), ("suppliers", "0001_initial"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Cart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=43, unique=True)),
                ("country", models.CharField(max_length=2)),
                ("locale", models.CharField(default="en", max_length=5)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("ship_to", models.JSONField(blank=True, default=dict)),
                ("address_verification", models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict)),
                ("codes", models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list)),
                ("service", models.CharField(blank=True, max_length=40)),
                ("is_current", models.BooleanField(default=False)),
                ("browser_key", models.CharField(blank=True, db_default="", default="", max_length=43)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("channel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="carts", to="catalog.channel")),
                ("owner", models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="carts", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("owner__isnull", False)), fields=["owner"], name="cart_by_owner"),
                    models.Index(condition=models.Q(("browser_key", ""), _negated=True), fields=["browser_key"], name="cart_by_browser"),
                ],
                "constraints": [models.UniqueConstraint(condition=models.Q(("is_current", True)), fields=("owner",), name="cart_one_current_per_owner")],
            },
        ),
        migrations.CreateModel(
            name="CartLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.PositiveSmallIntegerField()),
                ("quoted_amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("quoted_at", models.DateTimeField()),
                ("promised_from", models.DateField(blank=True, null=True)),
                ("promised_to", models.DateField(blank=True, null=True)),
                ("promised_origin", models.CharField(blank=True, db_default="", default="", max_length=2)),
                ("promised_country", models.CharField(blank=True, db_default="", default="", max_length=2)),
                ("cart", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="orders.cart")),
                ("listing", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="cart_lines", to="catalog.listing")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("cart", "listing"), name="cart_line_once_per_listing"),
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 1), ("quantity__lte", 99)), name="cart_line_quantity_in_range"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("promised_country", ""), ("promised_from", None), ("promised_origin", ""), ("promised_to", None)),
                            models.Q(
                                ("promised_from__isnull", False),
                                ("promised_to__gte", models.F("promised_from")),
                                ("promised_to__isnull", False),
                                models.Q(("promised_origin", ""), _negated=True),
                                models.Q(("promised_country", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="cart_line_promise_complete",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20, unique=True)),
                ("access_key", models.CharField(max_length=43)),
                ("email", models.EmailField(max_length=254)),
                ("locale", models.CharField(max_length=5)),
                ("ship_to", models.JSONField()),
                ("address_verification", models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict)),
                ("currency", models.CharField(max_length=3)),
                ("subtotal_amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("delivery_amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("discount_amount", models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ("tax_amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("additional_tax_amount", models.DecimalField(db_default=0, decimal_places=2, max_digits=12)),
                ("total_amount", models.DecimalField(decimal_places=2, max_digits=12)),
                (
                    "status",
                    models.CharField(
                        choices=[("pending_payment", "Payment pending"), ("placed", "Placed"), ("on_hold", "On hold"), ("processing", "In progress"), ("completed", "Completed"), ("expired", "Expired"), ("canceled", "Canceled")],
                        default="pending_payment",
                        max_length=16,
                    ),
                ),
                ("status_since", models.DateTimeField()),
                ("hold_reason", models.CharField(blank=True, max_length=200)),
                ("placed_at", models.DateTimeField()),
                ("payment_due_at", models.DateTimeField()),
                ("first_reserved_at", models.DateTimeField(blank=True, null=True)),
                ("network", models.CharField(blank=True, db_default="", max_length=32)),
                ("delivery_plan", models.JSONField(default=list)),
                ("routing_decision", models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict)),
                ("arrives_from", models.DateField(blank=True, null=True)),
                ("arrives_to", models.DateField(blank=True, null=True)),
                ("cart", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="order", to="orders.cart")),
                ("channel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="catalog.channel")),
            ],
            options={
                "permissions": [
                    ("cancel_order", "Can cancel order"),
                    ("refund_order", "Can refund order"),
                    ("redirect_order", "Can change the delivery address of order"),
                    ("return_order", "Can open a return of order"),
                    ("release_order", "Can release order from hold"),
                    ("view_costs", "Can view costs, fees and margins of order"),
                ],
                "indexes": [
                    models.Index(fields=["status", "status_since"], name="order_by_status"),
                    models.Index(django.db.models.functions.text.Lower("email"), name="order_by_email"),
                    models.Index(condition=models.Q(("network", ""), _negated=True), fields=["network"], name="order_by_network"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total_amount",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F("subtotal_amount"), "+", models.F("delivery_amount")), "-", models.F("discount_amount")),
                                    "+",
                                    models.F("additional_tax_amount"),
                                ),
                            )
                        ),
                        name="order_total_adds_up",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("additional_tax_amount__gte", 0), ("delivery_amount__gte", 0), ("discount_amount__gte", 0), ("subtotal_amount__gte", 0), ("tax_amount__gte", models.F("additional_tax_amount")), ("total_amount__gte", 0)
                        ),
                        name="order_amounts_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("first_reserved_at", None), ("payment_due_at__lte", django.db.models.expressions.CombinedExpression(models.F("first_reserved_at"), "+", models.Value(datetime.timedelta(seconds=3600)))), _connector="OR"
                        ),
                        name="order_reservation_time_limited",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PurchaseOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True)),
                ("access_key", models.CharField(blank=True, max_length=43)),
                ("supplier_reference", models.CharField(blank=True, max_length=60)),
                ("service_code", models.CharField(max_length=40)),
                ("carrier_service", models.CharField(max_length=50)),
                ("currency", models.CharField(max_length=3)),
                ("customer_charge_amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("ioss_number", models.CharField(blank=True, db_default="", max_length=30)),
                ("freight_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("freight_currency", models.CharField(blank=True, max_length=3)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("ready", "Ready"),
                            ("on_hold", "On hold"),
                            ("in_progress", "In progress"),
                            ("partially_shipped", "Partially shipped"),
                            ("shipped", "Shipped"),
                            ("closed", "Closed"),
                            ("canceled", "Canceled"),
                        ],
                        default="draft",
                        max_length=20,
                    ),
                ),
                ("status_since", models.DateTimeField()),
                (
                    "submission_status",
                    models.CharField(
                        choices=[
                            ("unsubmitted", "Not submitted"),
                            ("submitting", "Submitting"),
                            ("submitted", "Submitted"),
                            ("submit_failed", "Submission failed"),
                            ("submit_unknown", "Submission unconfirmed"),
                            ("accepted", "Accepted"),
                            ("partially_accepted", "Partially accepted"),
                            ("backordered", "Backordered"),
                            ("rejected", "Rejected"),
                            ("cancellation_requested", "Cancellation requested"),
                            ("cancellation_accepted", "Cancellation accepted"),
                            ("cancellation_rejected", "Cancellation rejected"),
                        ],
                        default="unsubmitted",
                        max_length=25,
                    ),
                ),
                ("submission_status_since", models.DateTimeField()),
                ("hold_reasons", models.JSONField(blank=True, default=list)),
                ("waived_reasons", models.JSONField(blank=True, default=list)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("cancel_requested_at", models.DateTimeField(blank=True, null=True)),
                ("cancel_reason", models.CharField(blank=True, max_length=200)),
                ("cancellation_channel", models.CharField(blank=True, choices=[("email", "By e-mail"), ("staff", "By staff")], db_default="", default="", max_length=10)),
                ("is_being_reassigned", models.BooleanField(db_default=False, default=False)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("failures", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("retry_at", models.DateTimeField(blank=True, null=True)),
                ("submit_at", models.DateTimeField(blank=True, null=True)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("polled_at", models.DateTimeField(blank=True, null=True)),
                ("round", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("ship_to", models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict)),
                ("way", models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict)),
                ("location", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="purchase_orders", to="suppliers.stocklocation")),
                ("order", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="purchase_orders", to="orders.order")),
                ("supplier", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="purchase_orders", to="suppliers.supplier")),
            ],
            options={
                "indexes": [models.Index(fields=["submission_status", "retry_at"], name="purchase_order_to_send")],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("status", "canceled"), _negated=True), fields=("order", "supplier", "location", "round"), name="purchase_order_once_per_supplier_location"),
                    models.UniqueConstraint(condition=models.Q(("supplier_reference", ""), _negated=True), fields=("supplier", "supplier_reference"), name="purchase_order_once_per_reference"),
                    models.CheckConstraint(
                        condition=models.Q(("freight_amount__isnull", True), models.Q(("freight_amount__gte", 0), models.Q(("freight_currency", ""), _negated=True)), _connector="OR"), name="purchase_order_freight_has_currency"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Backorder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("refused", "Rejected"), ("later", "Backordered")], max_length=10)),
                ("status", models.CharField(choices=[("open", "Rerouting"), ("asked", "Awaiting customer"), ("rerouted", "Rerouted"), ("awaited", "Customer waits"), ("given_up", "Canceled and refunded")], default="open", max_length=10)),
                ("status_since", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("currency", models.CharField(max_length=3)),
                ("delivery_amount", models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ("plan", models.JSONField(blank=True, default=list)),
                ("decision", models.JSONField(blank=True, default=dict)),
                ("promised_by", models.DateField(blank=True, null=True)),
                ("ships_by", models.DateField(blank=True, null=True)),
                ("arrives_by", models.DateField(blank=True, null=True)),
                ("choices", models.JSONField(blank=True, default=list)),
                ("chosen", models.CharField(blank=True, choices=[("wait", "Wait"), ("substitute", "Accept replacement"), ("refund", "Refund")], max_length=10)),
                ("chosen_by", models.CharField(blank=True, max_length=100)),
                ("default_choice", models.CharField(choices=[("wait", "Wait"), ("substitute", "Accept replacement"), ("refund", "Refund")], default="refund", max_length=10)),
                ("respond_by", models.DateTimeField(blank=True, null=True)),
                ("retry_at", models.DateTimeField(blank=True, null=True)),
                ("opened_at", models.DateTimeField()),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("order", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="backorders", to="orders.order")),
                ("purchase_order", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="backorders", to="orders.purchaseorder")),
            ],
            options={
                "indexes": [models.Index(condition=models.Q(("status__in", ["open", "asked"])), fields=["status", "respond_by"], name="backorder_pending")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("delivery_amount__gte", 0)), name="backorder_delivery_not_negative"),
                    models.CheckConstraint(condition=models.Q(models.Q(("kind", "later"), _negated=True), ("ships_by__isnull", False), _connector="OR"), name="backorder_delayed_has_date"),
                    models.CheckConstraint(condition=models.Q(models.Q(("status", "asked"), _negated=True), ("respond_by__isnull", False), _connector="OR"), name="backorder_choice_has_deadline"),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sku", models.CharField(max_length=40)),
                ("title", models.CharField(max_length=200)),
                ("picture", models.CharField(blank=True, max_length=80)),
                ("quantity", models.PositiveSmallIntegerField()),
                ("unit_amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("line_amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("discount_amount", models.DecimalField(db_default=0, decimal_places=2, max_digits=12)),
                ("tax_rate", models.DecimalField(decimal_places=5, max_digits=6)),
                ("tax_amount", models.DecimalField(db_default=0, decimal_places=2, max_digits=12)),
                ("additional_tax_amount", models.DecimalField(db_default=0, decimal_places=2, max_digits=12)),
                ("cost_amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("cost_currency", models.CharField(max_length=3)),
                ("cost_rate", models.DecimalField(blank=True, decimal_places=10, max_digits=20, null=True)),
                ("landed_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("fees_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("warranty_months", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("canceled_quantity", models.PositiveSmallIntegerField(default=0)),
                ("shipped_quantity", models.PositiveSmallIntegerField(default=0)),
                ("delivered_quantity", models.PositiveSmallIntegerField(default=0)),
                ("returning_quantity", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("returned_quantity", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("level", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="order_lines", to="suppliers.stocklevel")),
                ("offer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="order_lines", to="suppliers.supplieroffer")),
                ("order", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="orders.order")),
                ("split_from", models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="orders.orderline")),
                ("variant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="order_lines", to="catalog.variant")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("line_amount", django.db.models.expressions.CombinedExpression(models.F("unit_amount"), "*", models.F("quantity")))), name="order_line_amount_adds_up"),
                    models.CheckConstraint(condition=models.Q(("discount_amount__gte", 0), ("discount_amount__lte", models.F("line_amount"))), name="order_line_discount_within_line"),
                    models.CheckConstraint(condition=models.Q(("additional_tax_amount__gte", 0), ("tax_amount__gte", models.F("additional_tax_amount"))), name="order_line_taxes_not_negative"),
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 1)), name="order_line_has_units"),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", django.db.models.expressions.CombinedExpression(models.F("canceled_quantity"), "+", models.F("shipped_quantity")))), name="order_line_not_shipped_and_canceled"
                    ),
                    models.CheckConstraint(condition=models.Q(("shipped_quantity__gte", models.F("delivered_quantity"))), name="order_line_delivered_was_shipped"),
                    models.CheckConstraint(condition=models.Q(("shipped_quantity__gte", models.F("returning_quantity")), ("returning_quantity__gte", models.F("returned_quantity"))), name="order_line_returned_was_shipped"),
                ]
            },
        ),
        migrations.CreateModel(
            name="BackorderLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(blank=True, max_length=25)),
                ("is_open", models.BooleanField(default=True)),
                ("backorder", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="orders.backorder")),
                ("level", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.stocklevel")),
                ("substitute", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.variant")),
                ("order_line", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="backorder_lines", to="orders.orderline")),
            ],
            options={"constraints": [models.UniqueConstraint(condition=models.Q(("is_open", True)), fields=("order_line",), name="line_in_one_open_backorder")]},
        ),
        migrations.CreateModel(
            name="Allocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.PositiveSmallIntegerField()),
                ("status", models.CharField(choices=[("unseen", "Not in supplier stock yet"), ("seen", "Included in supplier stock"), ("shipped", "Shipped"), ("released", "Released")], default="unseen", max_length=10)),
                ("status_since", models.DateTimeField()),
                ("shipped_at", models.DateTimeField(blank=True, null=True)),
                (
                    "doubt",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("no_yes", "The supplier has not accepted the order"),
                            ("not_shipped", "Not shipped, and the supplier reduces its stock on shipment"),
                            ("too_soon", "The supplier's stock is older than the event plus its update delay"),
                            ("silent", "The last sync did not contain this item"),
                            ("no_drop", "The supplier's stock has not dropped by the quantity"),
                            ("no_count", "The supplier does not deduct our orders, and has not counted its stock since"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "absorbed_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("order", "The supplier had accepted the order, and its stock dropped by the quantity after the update delay"),
                            ("shipment", "The supplier had shipped, and its stock dropped by the quantity after the update delay"),
                            ("lag", "The measured update delay is over, and a restock hides the drop"),
                            ("count", "The supplier counted its stock after the shipment"),
                            ("staff", "Confirmed by staff"),
                            ("earlier", "Included before reasons were recorded"),
                        ],
                        max_length=10,
                    ),
                ),
                ("absorbed_as_of", models.DateTimeField(blank=True, null=True)),
                ("absorbed_in", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.stockmovement")),
                ("level", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="allocations", to="suppliers.stocklevel")),
                ("line", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="allocations", to="orders.orderline")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 1)), name="allocation_has_units"),
                    models.UniqueConstraint(condition=models.Q(("status", "released"), _negated=True), fields=("line",), name="line_allocated_once"),
                    models.CheckConstraint(condition=models.Q(("absorbed_by", ""), ("status__in", ["seen", "shipped"]), _negated=True), name="allocation_absorbed_has_evidence"),
                ]
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("gateway", models.CharField(max_length=20)),
                ("key", models.CharField(max_length=60, unique=True)),
                ("reference", models.CharField(blank=True, max_length=80)),
                ("pay_url", models.CharField(blank=True, max_length=500)),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("authorized_amount", models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ("captured_amount", models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ("voided_amount", models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ("refunded_amount", models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("created", "Created"),
                            ("requires_action", "Requires customer action"),
                            ("authorized", "Authorized"),
                            ("captured", "Captured"),
                            ("refunded", "Refunded"),
                            ("declined", "Declined"),
                            ("failed", "Failed"),
                            ("voided", "Voided"),
                            ("expired", "Expired"),
                        ],
                        default="created",
                        max_length=16,
                    ),
                ),
                ("status_since", models.DateTimeField()),
                ("capture_before", models.DateTimeField(blank=True, null=True)),
                ("capture_mode", models.CharField(choices=[("multiple", "Multiple captures"), ("single", "Single capture")], default="multiple", max_length=10)),
                ("dispute_status", models.CharField(choices=[("none", "No dispute"), ("charged_back", "Charged back"), ("won", "Dispute won"), ("lost", "Dispute lost")], default="none", max_length=16)),
                ("dispute_status_since", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField()),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
                ("polled_at", models.DateTimeField(blank=True, null=True)),
                ("order", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="orders.order")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("reference", ""), _negated=True), fields=("gateway", "reference"), name="payment_once_per_reference"),
                    models.UniqueConstraint(condition=models.Q(("status__in", ["created", "requires_action", "authorized", "captured"])), fields=("order",), name="payment_one_open_per_order"),
                    models.CheckConstraint(
                        condition=models.Q(("authorized_amount__gte", django.db.models.expressions.CombinedExpression(models.F("captured_amount"), "+", models.F("voided_amount")))), name="payment_not_captured_over_authorized"
                    ),
                    models.CheckConstraint(condition=models.Q(("captured_amount__gte", models.F("refunded_amount"))), name="payment_not_refunded_over_captured"),
                ]
            },
        ),
        migrations.CreateModel(
            name="PaymentEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("gateway", models.CharField(max_length=20)),
                ("external_id", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "Opened"),
                            ("authorized", "Authorized"),
                            ("declined", "Declined"),
                            ("failed", "Failed"),
                            ("expired", "Expired"),
                            ("capture_requested", "Capture requested"),
                            ("captured", "Captured"),
                            ("void_requested", "Release requested"),
                            ("voided", "Released"),
                            ("refund_requested", "Refund requested"),
                            ("refunded", "Refunded"),
                            ("refund_failed", "Refund failed"),
                            ("disputed", "Disputed"),
                            ("dispute_won", "Dispute won"),
                            ("dispute_lost", "Dispute lost"),
                            ("fraud_warning", "Fraud warning"),
                            ("under_review", "In review at the gateway"),
                            ("review_approved", "Review approved"),
                            ("review_rejected", "Review rejected"),
                            ("refused", "Rejected"),
                        ],
                        max_length=20,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("occurred_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("answers", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="outcome", to="orders.paymentevent")),
                ("payment", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="events", to="orders.payment")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("gateway", "external_id"), name="payment_event_once"), models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="payment_event_amount_not_negative")]},
        ),
        migrations.CreateModel(
            name="Promotion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("kind", models.CharField(choices=[("percent", "Percentage discount"), ("amount", "Fixed amount discount"), ("free_delivery", "Free delivery"), ("buy_x_get_y", "Buy X, get Y")], max_length=15)),
                ("percent", models.DecimalField(decimal_places=4, default=0, max_digits=5)),
                ("amount", models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ("buy_quantity", models.PositiveSmallIntegerField(default=0)),
                ("get_quantity", models.PositiveSmallIntegerField(default=0)),
                ("get_percent", models.DecimalField(decimal_places=4, default=1, max_digits=5)),
                ("minimum_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("needs_code", models.BooleanField(default=True)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("usage_limit", models.PositiveIntegerField(blank=True, null=True)),
                ("usage_limit_per_customer", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("priority", models.PositiveSmallIntegerField(default=0)),
                ("combines", models.BooleanField(default=False)),
                ("may_go_below_floor", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=False)),
                ("used", models.PositiveIntegerField(default=0, editable=False)),
                ("brands", models.ManyToManyField(blank=True, related_name="+", to="catalog.brand")),
                ("categories", models.ManyToManyField(blank=True, related_name="+", to="catalog.category")),
                ("channel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="promotions", to="catalog.channel")),
                ("products", models.ManyToManyField(blank=True, related_name="+", to="catalog.product")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("usage_limit__isnull", True), ("used__lte", models.F("usage_limit")), _connector="OR"), name="promotion_within_usage_limit"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "percent"), ("percent__gt", 0), ("percent__lte", 1)),
                            models.Q(("amount__gt", 0), ("kind", "amount")),
                            ("kind", "free_delivery"),
                            models.Q(("buy_quantity__gte", 1), ("get_percent__gt", 0), ("get_percent__lte", 1), ("get_quantity__gte", 1), ("kind", "buy_x_get_y")),
                            _connector="OR",
                        ),
                        name="promotion_has_value",
                    ),
                    models.CheckConstraint(condition=models.Q(("ends_at__isnull", True), ("ends_at__gt", models.F("starts_at")), _connector="OR"), name="promotion_ends_after_it_begins"),
                ]
            },
        ),
        migrations.CreateModel(
            name="Coupon",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=30, unique=True, validators=[django.core.validators.RegexValidator("^[A-Z0-9-]{3,30}$", "Use 3 to 30 capital letters, digits or hyphens.")])),
                ("limit", models.PositiveIntegerField(blank=True, null=True)),
                ("used", models.PositiveIntegerField(default=0, editable=False)),
                ("promotion", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="coupons", to="orders.promotion")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("limit__isnull", True), ("used__lte", models.F("limit")), _connector="OR"), name="coupon_within_usage_limit"),
                    models.CheckConstraint(condition=models.Q(("code__regex", "^[A-Z0-9-]{3,30}$")), name="coupon_code_format"),
                ]
            },
        ),
        migrations.CreateModel(
            name="PurchaseMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("direction", models.CharField(choices=[("out", "Outgoing"), ("in", "Incoming")], max_length=3)),
                ("kind", models.CharField(max_length=30)),
                ("body", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("purchase_order", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="messages", to="orders.purchaseorder")),
            ],
        ),
        migrations.CreateModel(
            name="PurchaseLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.PositiveSmallIntegerField()),
                ("agreed_cost_amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("cost_currency", models.CharField(max_length=3)),
                ("acknowledgment", models.CharField(blank=True, max_length=25)),
                ("is_active", models.BooleanField(default=True)),
                ("level", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="purchase_lines", to="suppliers.stocklevel")),
                ("offer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="purchase_lines", to="suppliers.supplieroffer")),
                ("order_line", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="purchase_lines", to="orders.orderline")),
                ("purchase_order", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="orders.purchaseorder")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("is_active", True)), fields=("order_line",), name="order_line_in_one_active_purchase_order"),
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 1)), name="purchase_line_has_units"),
                ]
            },
        ),
        migrations.CreateModel(
            name="ErasureRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
                ("asked_by", models.CharField(blank=True, max_length=100)),
                ("purchase_order", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="erasure_request", to="orders.purchaseorder")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("asked_at", None), ("asked_by", "")), models.Q(("asked_at__isnull", False), models.Q(("asked_by", ""), _negated=True)), _connector="OR"), name="erasure_request_has_author"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="SupplierInvoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(blank=True, max_length=60)),
                ("reference", models.CharField(max_length=60)),
                ("currency", models.CharField(max_length=3)),
                ("subtotal_amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("freight_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("invoiced_at", models.DateTimeField(blank=True, null=True)),
                ("entered_by", models.CharField(blank=True, max_length=100)),
                ("received_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "match",
                    models.CharField(
                        choices=[
                            ("new", "Not matched yet"),
                            ("waits", "Awaiting shipment"),
                            ("matched", "Matches order and shipment"),
                            ("differs", "Mismatch"),
                            ("settled", "Mismatch, closed by staff"),
                            ("unknown", "No matching purchase order"),
                        ],
                        db_default="new",
                        default="new",
                        max_length=8,
                    ),
                ),
                ("purchase_order", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="bills", to="orders.purchaseorder")),
                ("supplier", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="bills", to="suppliers.supplier")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("withdrawn_at__isnull", True)), fields=("supplier", "reference"), name="invoice_reference_once"),
                    models.CheckConstraint(condition=models.Q(("subtotal_amount__gte", 0), models.Q(("freight_amount__isnull", True), ("freight_amount__gte", 0), _connector="OR")), name="invoice_amounts_not_negative"),
                ]
            },
        ),
        migrations.CreateModel(
            name="Discrepancy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=200, unique=True)),
                ("part", models.CharField(max_length=60)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("not_with_us", "At the gateway, not in our records"),
                            ("not_at_gateway", "In our records, not at the gateway"),
                            ("refund_unbooked", "Refund missing from our records"),
                            ("amount", "Amounts differ"),
                            ("currency", "Currencies differ"),
                            ("twice", "Duplicate charge or refund"),
                            ("over_captured", "Captured more than the order total"),
                            ("not_captured", "Shipped, not captured"),
                            ("nothing_ordered", "Captured, not ordered from a supplier"),
                            ("bill_more", "Supplier overcharged"),
                            ("bill_less", "Supplier undercharged"),
                            ("bill_missing", "Supplier did not charge"),
                            ("bill_twice", "Supplier charged twice"),
                            ("bill_currency", "Supplier charged in a different currency"),
                            ("bill_unshipped", "Billed, not shipped"),
                            ("shipped_unbilled", "Shipped, not billed"),
                            ("bill_unknown", "Bill for an unknown purchase order"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "what",
                    models.CharField(
                        blank=True,
                        choices=[("", ""), ("authorized", "Authorized"), ("captured", "Captured"), ("held", "Authorized, not captured"), ("refunded", "Refunded"), ("disputed", "Disputed"), ("goods", "Items"), ("freight", "Freight")],
                        default="",
                        max_length=12,
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=120)),
                ("expected_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("found_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("currency", models.CharField(max_length=3)),
                ("found_currency", models.CharField(max_length=3)),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                ("first_seen_at", models.DateTimeField()),
                ("status", models.CharField(choices=[("open", "Open"), ("gone", "Resolved automatically"), ("settled", "Closed by staff")], default="open", max_length=8)),
                ("status_since", models.DateTimeField()),
                ("closed_by", models.CharField(blank=True, max_length=100)),
                ("close_reason", models.CharField(blank=True, max_length=200)),
                ("supplier", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="differences", to="suppliers.supplier")),
                ("order", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="differences", to="orders.order")),
                ("payment", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="differences", to="orders.payment")),
                ("purchase_order", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="differences", to="orders.purchaseorder")),
                ("bill", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="differences", to="orders.supplierinvoice")),
            ],
            options={
                "indexes": [models.Index(fields=["status", "first_day"], name="discrepancy_by_status")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("status", "settled"), _negated=True), models.Q(models.Q(("closed_by", ""), _negated=True), models.Q(("close_reason", ""), _negated=True)), _connector="OR"),
                        name="discrepancy_accepted_has_author_and_reason",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CanceledShipmentDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("not_shipped", "Supplier will not ship"),
                            ("returned", "Returned by the customer"),
                            ("kept_paid", "Kept and paid by the customer"),
                            ("claimed", "Claimed from the supplier"),
                            ("not_charged", "Not charged by the supplier"),
                            ("written_off", "Written off"),
                        ],
                        max_length=20,
                    ),
                ),
                ("reason", models.CharField(max_length=200)),
                ("was_shipped", models.BooleanField()),
                ("decided_by", models.CharField(max_length=100)),
                ("decided_at", models.DateTimeField()),
                ("purchase_order", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="orders.purchaseorder")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("outcome", "not_shipped"), ("was_shipped", False)), models.Q(("was_shipped", True), models.Q(("outcome", "not_shipped"), _negated=True)), _connector="OR"),
                        name="canceled_shipment_outcome_matches",
                    ),
                    models.CheckConstraint(condition=models.Q(models.Q(("reason", ""), _negated=True), models.Q(("decided_by", ""), _negated=True)), name="canceled_shipment_has_author_and_reason"),
                ]
            },
        ),
        migrations.CreateModel(
            name="AddressChangeRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ship_to", models.JSONField()),
                ("place", models.PositiveSmallIntegerField()),
                ("status", models.CharField(choices=[("requested", "Awaiting supplier"), ("accepted", "Accepted"), ("refused", "Rejected")], default="requested", max_length=10)),
                ("status_since", models.DateTimeField()),
                ("notified_via", models.CharField(blank=True, choices=[("email", "By e-mail"), ("staff", "By staff")], db_default="", default="", max_length=10)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("asked_by", models.CharField(max_length=100)),
                ("answered_by", models.CharField(blank=True, max_length=100)),
                ("purchase_order", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="address_change_requests", to="orders.purchaseorder")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("status", "requested")), fields=("purchase_order",), name="address_change_one_pending"),
                    models.CheckConstraint(condition=models.Q(("status__in", ["requested", "accepted", "refused"])), name="address_change_status_is_known"),
                ]
            },
        ),
        migrations.CreateModel(
            name="ReconciliationRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(unique=True)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("status", models.CharField(choices=[("open", "Not reconciled"), ("running", "Reconciling"), ("reconciled", "Reconciled"), ("given_up", "Closed without reconciliation")], default="open", max_length=12)),
                ("status_since", models.DateTimeField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("counts", models.JSONField(blank=True, default=dict)),
                ("reconciled_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(models.Q(("status", "reconciled"), _negated=True), models.Q(("problem", ""), ("reconciled_at__isnull", False)), _connector="OR"), name="reconciliation_run_has_reconciled_at"),
                    models.CheckConstraint(condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="reconciliation_run_ends_after_start"),
                ]
            },
        ),
        migrations.CreateModel(
            name="DiscrepancyObservation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("expected_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("found_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("currency", models.CharField(max_length=3)),
                ("found_currency", models.CharField(max_length=3)),
                ("seen_at", models.DateTimeField()),
                ("difference", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="observations", to="orders.discrepancy")),
                ("day", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="observations", to="orders.reconciliationrun")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("difference", "day", "expected_amount", "found_amount", "currency", "found_currency"), name="observation_once_per_run", nulls_distinct=False)]},
        ),
        migrations.CreateModel(
            name="Redemption",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("code", models.CharField(blank=True, max_length=30)),
                ("email", models.EmailField(max_length=254)),
                ("place", models.PositiveSmallIntegerField(null=True)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("at", models.DateTimeField()),
                ("reverted_at", models.DateTimeField(null=True)),
                ("coupon", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="redemptions", to="orders.coupon")),
                ("order", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="redemptions", to="orders.order")),
                ("promotion", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="redemptions", to="orders.promotion")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("order", "promotion"), name="redemption_once_per_order"),
                    models.UniqueConstraint(condition=models.Q(("reverted_at__isnull", True)), fields=("promotion", "email", "place"), name="redemption_within_customers_limit"),
                    models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="redemption_not_negative"),
                ]
            },
        ),
        migrations.CreateModel(
            name="Reservation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.PositiveSmallIntegerField()),
                ("expires_at", models.DateTimeField()),
                ("status", models.CharField(choices=[("active", "Active"), ("converted", "Converted to an order"), ("released", "Released"), ("expired", "Expired")], default="active", max_length=10)),
                ("status_since", models.DateTimeField()),
                ("level", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="reservations", to="suppliers.stocklevel")),
                ("line", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="reservation", to="orders.orderline")),
            ],
            options={"constraints": [models.CheckConstraint(condition=models.Q(("quantity__gte", 1)), name="reservation_has_units")]},
        ),
        migrations.CreateModel(
            name="ReturnAuthorization",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True)),
                ("request_key", models.CharField(max_length=40)),
                ("kind", models.CharField(choices=[("withdrawal", "Withdrawal"), ("defect", "Defective"), ("damaged", "Damaged"), ("wrong_item", "Wrong item"), ("missing", "Parts missing")], max_length=12)),
                ("words", models.CharField(blank=True, max_length=4000)),
                ("answer", models.CharField(blank=True, max_length=500)),
                ("currency", models.CharField(max_length=3)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("needs_evidence", "Awaiting customer reply"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("label_issued", "Label sent"),
                            ("in_transit", "In transit"),
                            ("lost_in_transit", "Lost in transit"),
                            ("received", "Received"),
                            ("inspected", "Inspected"),
                            ("refunded", "Refunded"),
                            ("exchanged", "Exchanged"),
                            ("refused", "Items rejected"),
                            ("expired", "Expired"),
                            ("canceled", "Canceled"),
                        ],
                        default="requested",
                        max_length=16,
                    ),
                ),
                ("status_since", models.DateTimeField()),
                ("opened_at", models.DateTimeField()),
                ("opened_by", models.CharField(max_length=100)),
                ("destination", models.CharField(choices=[("supplier", "To the supplier"), ("us", "Us"), ("nowhere", "Customer keeps the items")], default="us", max_length=10)),
                ("address", models.CharField(blank=True, max_length=300)),
                ("label_payer", models.CharField(choices=[("us", "We pay"), ("customer", "Customer pays")], default="customer", max_length=10)),
                ("ship_by", models.DateField(blank=True, null=True)),
                ("label", models.CharField(blank=True, max_length=500)),
                ("carrier", models.CharField(blank=True, max_length=60)),
                ("tracking_number", models.CharField(blank=True, max_length=60)),
                ("due_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("delivery_amount", models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ("refund_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("difference_amount", models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=12)),
                ("order", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="returns", to="orders.order")),
                ("purchase_order", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="returns", to="orders.purchaseorder")),
                ("replacement", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="replaces", to="orders.order")),
            ],
            options={
                "indexes": [models.Index(fields=["status", "status_since"], name="return_by_status")],
                "constraints": [
                    models.UniqueConstraint(fields=("request_key", "purchase_order"), name="return_request_once"),
                    models.UniqueConstraint(condition=models.Q(("delivery_amount__gt", 0)), fields=("order",), name="return_delivery_refund_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("due_amount__isnull", False), ("status", "refunded"), ("refund_amount__gte", 0), ("refund_amount__lte", models.F("due_amount")), ("delivery_amount__gte", 0), ("delivery_amount__lte", models.F("due_amount"))
                            ),
                            models.Q(models.Q(("status", "refunded"), _negated=True), ("delivery_amount", 0), ("due_amount__isnull", True), ("refund_amount__isnull", True)),
                            _connector="OR",
                        ),
                        name="return_refunded_has_amounts",
                    ),
                    models.CheckConstraint(condition=models.Q(("difference_amount", 0), models.Q(("difference_amount__gt", 0), ("replacement__isnull", False)), _connector="OR"), name="return_difference_needs_replacement"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReturnLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.PositiveSmallIntegerField()),
                ("received_quantity", models.PositiveSmallIntegerField(default=0)),
                ("accepted_quantity", models.PositiveSmallIntegerField(default=0)),
                ("condition", models.CharField(blank=True, choices=[("as_new", "As new"), ("used", "Used"), ("damaged", "Damaged"), ("missing", "Missing from the parcel")], max_length=10)),
                ("deduction_amount", models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ("deduction_reason", models.CharField(blank=True, max_length=200)),
                ("paid_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("replaced_amount", models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ("difference_amount", models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=12)),
                ("authorization", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="orders.returnauthorization")),
                ("order_line", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="return_lines", to="orders.orderline")),
                ("wanted", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="wanted_instead", to="catalog.variant")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("authorization", "order_line"), name="return_line_once"),
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 1), ("received_quantity__lte", models.F("quantity")), ("accepted_quantity__lte", models.F("quantity"))), name="return_line_within_requested"),
                    models.CheckConstraint(condition=models.Q(("deduction_amount__gte", 0), models.Q(("deduction_amount", 0), models.Q(("deduction_reason", ""), _negated=True), _connector="OR")), name="return_line_deduction_has_reason"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("difference_amount", 0), ("paid_amount__isnull", True), ("replaced_amount", 0)),
                            models.Q(
                                ("difference_amount__gte", 0),
                                (
                                    "paid_amount__gte",
                                    django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F("deduction_amount"), "+", models.F("replaced_amount")), "+", models.F("difference_amount")),
                                ),
                                ("replaced_amount__gte", 0),
                            ),
                            _connector="OR",
                        ),
                        name="return_line_amounts_within_paid",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="ReturnPhoto",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveSmallIntegerField()),
                ("file", models.CharField(max_length=60)),
                ("added_at", models.DateTimeField()),
                ("authorization", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="pictures", to="orders.returnauthorization")),
            ],
            options={
                "indexes": [models.Index(fields=["file"], name="return_photo_by_file")],
                "constraints": [
                    models.UniqueConstraint(fields=("authorization", "place"), name="return_photo_sequence_once"),
                    models.CheckConstraint(condition=models.Q(("place__gte", 1), ("place__lte", 12)), name="return_photo_sequence_in_range"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReturnPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("destination", models.CharField(choices=[("supplier", "To the supplier"), ("us", "Us"), ("nowhere", "Customer keeps the items")], default="us", max_length=10)),
                ("address", models.CharField(blank=True, max_length=300)),
                ("returnless_below_amount", models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ("accepts_returns", models.BooleanField(default=False)),
                ("return_window_days", models.PositiveSmallIntegerField(default=30)),
                ("warranty_months", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("restocking_fee_percent", models.DecimalField(decimal_places=2, default=0, max_digits=5)),
                ("label_payer", models.CharField(choices=[("us", "We pay"), ("customer", "Customer pays")], default="customer", max_length=10)),
                ("supplier", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="return_policies", to="suppliers.supplier")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("supplier",), name="return_policy_once", nulls_distinct=False),
                    models.CheckConstraint(condition=models.Q(("returnless_below_amount__gte", 0)), name="return_policy_threshold_not_negative"),
                    models.CheckConstraint(condition=models.Q(("restocking_fee_percent__gte", 0), ("restocking_fee_percent__lte", 100)), name="return_policy_fee_in_range"),
                    models.CheckConstraint(condition=models.Q(models.Q(("destination", "supplier"), _negated=True), models.Q(("address", ""), _negated=True), _connector="OR"), name="return_policy_has_address"),
                ]
            },
        ),
        migrations.CreateModel(
            name="RoutingRules",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("status", models.CharField(choices=[("draft", "Draft"), ("live", "Active"), ("retired", "Archived")], default="draft", max_length=10)),
                ("status_since", models.DateTimeField()),
                (
                    "criteria",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("parcels", "fewest parcels"), ("cost", "lowest landed cost"), ("distance", "nearest location"), ("days", "earliest delivery"), ("score", "best supplier score"), ("preference", "preferred supplier")],
                            max_length=12,
                        )
                    ),
                ),
                ("preferred", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), blank=True, default=list)),
                ("starts_at", models.DateTimeField(blank=True, null=True, verbose_name="Starts")),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="Ends")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="Note")),
                ("reroutes_rejected", models.BooleanField(db_default=True, default=True)),
                ("reassign_after_hours", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("min_margin_rate", models.DecimalField(blank=True, decimal_places=4, default=Decimal("0"), max_digits=5, null=True)),
                ("created_by", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField()),
                ("channel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="routing_rules", to="catalog.channel")),
            ],
            options={
                "verbose_name_plural": "routing rules",
                "constraints": [
                    models.UniqueConstraint(fields=("channel", "version"), name="routing_version_once"),
                    models.CheckConstraint(condition=models.Q(("status__in", ["draft", "live", "retired"])), name="routing_status_is_known"),
                    models.CheckConstraint(condition=models.Q(("criteria__contained_by", ["parcels", "cost", "distance", "days", "score", "preference"]), ("criteria__len__gte", 1)), name="routing_criteria_are_known"),
                    models.CheckConstraint(condition=models.Q(("starts_at", None), ("ends_at", None), ("ends_at__gt", models.F("starts_at")), _connector="OR"), name="routing_ends_after_start"),
                    models.CheckConstraint(condition=models.Q(("min_margin_rate", None), models.Q(("min_margin_rate__gte", 0), ("min_margin_rate__lt", 1)), _connector="OR"), name="routing_min_margin_is_fraction"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupplierClaim",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True)),
                ("supplier_claim_reference", models.CharField(blank=True, max_length=60)),
                ("remedy", models.CharField(choices=[("refund", "Refund"), ("resend", "Replacement")], max_length=10)),
                (
                    "claim_reason",
                    models.CharField(
                        choices=[("not_received", "Not received"), ("damaged", "Damaged"), ("wrong_item", "Wrong item"), ("missing_item", "Parts missing"), ("not_as_described", "Not as described"), ("other", "Other")], max_length=20
                    ),
                ),
                ("message", models.CharField(max_length=500)),
                ("picture_urls", models.JSONField(blank=True, default=list)),
                ("currency", models.CharField(max_length=3)),
                ("expected_amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("freight_amount", models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ("freight_paid_amount", models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ("credited_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("is_manual", models.BooleanField(default=False)),
                ("opened_by", models.CharField(max_length=100)),
                ("recorded_by", models.CharField(blank=True, max_length=100)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("submitting", "Submitting"),
                            ("submit_failed", "Submission failed"),
                            ("submit_unknown", "Submission unconfirmed"),
                            ("on_hold", "On hold"),
                            ("requested", "Awaiting supplier"),
                            ("credited", "Credited"),
                            ("resent", "Replacement sent"),
                            ("denied", "Denied"),
                            ("canceled", "Canceled"),
                        ],
                        default="draft",
                        max_length=20,
                    ),
                ),
                ("status_since", models.DateTimeField()),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("failures", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("retry_at", models.DateTimeField(blank=True, null=True)),
                ("opened_at", models.DateTimeField()),
                ("polled_at", models.DateTimeField(blank=True, null=True)),
                ("purchase_order", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="claims", to="orders.purchaseorder")),
            ],
            options={
                "indexes": [models.Index(fields=["status", "retry_at"], name="claim_by_status")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("expected_amount__gte", 0)), name="claim_amount_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("credited_amount__isnull", True),
                            models.Q(("credited_amount__gte", 0), models.Q(models.Q(("recorded_by", ""), _negated=True), ("credited_amount__lte", models.F("expected_amount")), _connector="OR")),
                            _connector="OR",
                        ),
                        name="claim_credit_within_claimed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("credited_amount__isnull", False), ("status", "credited")), models.Q(models.Q(("status", "credited"), _negated=True), ("credited_amount__isnull", True)), _connector="OR"),
                        name="claim_credited_has_amount",
                    ),
                    models.CheckConstraint(condition=models.Q(("freight_amount__gte", 0), ("freight_amount__lte", models.F("freight_paid_amount")), ("freight_amount__lte", models.F("expected_amount"))), name="claim_freight_within_paid"),
                    models.UniqueConstraint(condition=models.Q(("freight_amount__gt", 0), models.Q(("status__in", ["denied", "canceled"]), _negated=True)), fields=("purchase_order",), name="claim_freight_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupplierClaimLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.PositiveSmallIntegerField()),
                ("ordered_quantity", models.PositiveSmallIntegerField()),
                ("unit_amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("claim", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="orders.supplierclaim")),
                ("purchase_line", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="claim_lines", to="orders.purchaseline")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("claim", "purchase_line"), name="claim_line_once"),
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 1), ("quantity__lte", models.F("ordered_quantity"))), name="claim_line_within_ordered"),
                ]
            },
        ),
        migrations.CreateModel(
            name="SupplierReturn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True)),
                ("rma_number", models.CharField(blank=True, max_length=60)),
                ("currency", models.CharField(max_length=3)),
                ("expected_amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("fee_amount", models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ("credited_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("carrier", models.CharField(blank=True, max_length=60)),
                ("tracking_number", models.CharField(blank=True, max_length=60)),
                ("opened_by", models.CharField(max_length=100)),
                ("recorded_by", models.CharField(blank=True, max_length=100)),
                ("opened_at", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("requested", "Requested"),
                            ("authorized", "Authorized"),
                            ("denied", "Denied"),
                            ("shipped", "In transit"),
                            ("received", "Received"),
                            ("disputed", "Disputed"),
                            ("credited", "Credited"),
                            ("written_off", "Written off"),
                        ],
                        default="draft",
                        max_length=12,
                    ),
                ),
                ("status_since", models.DateTimeField()),
                ("authorization", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="supplier_returns", to="orders.returnauthorization")),
                ("purchase_order", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="supplier_returns", to="orders.purchaseorder")),
            ],
            options={
                "indexes": [models.Index(fields=["status", "status_since"], name="supplier_return_by_status")],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("status__in", ["denied", "written_off"]), _negated=True), fields=("authorization",), name="supplier_return_once_per_return"),
                    models.CheckConstraint(condition=models.Q(("expected_amount__gte", 0), ("fee_amount__gte", 0)), name="supplier_return_amounts_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("credited_amount__gte", 0), ("status", "credited"), models.Q(models.Q(("recorded_by", ""), _negated=True), ("credited_amount__lte", models.F("expected_amount")), _connector="OR")),
                            models.Q(models.Q(("status", "credited"), _negated=True), ("credited_amount__isnull", True)),
                            _connector="OR",
                        ),
                        name="supplier_return_credited_has_amount",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupplierReturnLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.PositiveSmallIntegerField()),
                ("ordered_quantity", models.PositiveSmallIntegerField()),
                ("unit_amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("purchase_line", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="supplier_return_lines", to="orders.purchaseline")),
                ("supplier_return", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="orders.supplierreturn")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("supplier_return", "purchase_line"), name="supplier_return_line_once"),
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 1), ("quantity__lte", models.F("ordered_quantity"))), name="supplier_return_within_ordered"),
                ]
            },
        ),
        migrations.CreateModel(
            name="TaxNumber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scheme", models.CharField(choices=[("oss", "EU One Stop Shop (OSS)"), ("ioss", "EU Import One Stop Shop (IOSS)"), ("vat", "National VAT"), ("sales_tax", "Regional sales tax")], max_length=10)),
                ("country", models.CharField(blank=True, max_length=2, validators=[django.core.validators.RegexValidator("^[A-Z]{2}$")])),
                ("region", models.CharField(blank=True, max_length=3, validators=[django.core.validators.RegexValidator("^[A-Z0-9]{1,3}$")])),
                ("number", models.CharField(max_length=30)),
                ("valid_from", models.DateField()),
                ("valid_until", models.DateField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("scheme__in", ["oss", "ioss", "vat", "sales_tax"])), name="tax_number_scheme_is_known"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("country", ""), ("region", ""), ("scheme__in", ["oss", "ioss"])), models.Q(("scheme__in", ["vat", "sales_tax"]), models.Q(("country", ""), _negated=True)), _connector="OR"),
                        name="tax_number_has_country",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("scheme", "ioss"), _negated=True), ("number__regex", "^IM[0-9]{10}$"), _connector="OR"),
                        name="tax_number_ioss_format",
                        violation_error_message="An IOSS number is IM followed by ten digits.",
                    ),
                    models.CheckConstraint(condition=models.Q(("valid_until__isnull", True), ("valid_until__gte", models.F("valid_from")), _connector="OR"), name="tax_number_ends_after_it_begins"),
                    models.UniqueConstraint(fields=("scheme", "country", "region", "valid_from"), name="tax_number_once_per_place_and_day"),
                ]
            },
        ),
        migrations.CreateModel(
            name="TaxRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("country", models.CharField(max_length=2, validators=[django.core.validators.RegexValidator("^[A-Z]{2}$")])),
                ("region", models.CharField(blank=True, max_length=3, validators=[django.core.validators.RegexValidator("^[A-Z0-9]{1,3}$")])),
                ("rate", models.DecimalField(decimal_places=5, max_digits=6)),
                ("valid_from", models.DateField()),
                ("source", models.CharField(max_length=200)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("country", "region", "valid_from"), name="tax_rate_once_per_day"), models.CheckConstraint(condition=models.Q(("rate__gte", 0), ("rate__lt", 1)), name="tax_rate_is_fraction")]
            },
        ),
    ]
