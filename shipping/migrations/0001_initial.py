import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import storefront.lib.security.encryption
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("orders", "0001_initial"), ("suppliers", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="LiveRateLocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_active", models.BooleanField(default=True, help_text="If off, the shipping methods of the shop apply.", verbose_name="Active")),
                (
                    "location",
                    models.OneToOneField(
                        help_text="For parcels from this location, the cart charges the supplier's live shipping rate plus tax and fees. Only delivery methods that the supplier quotes are offered. If it does not answer, the shipping methods of the shop apply.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="live_rate_location",
                        to="suppliers.stocklocation",
                        verbose_name="From",
                    ),
                ),
            ],
            options={"verbose_name": "supplier shipping quote", "verbose_name_plural": "supplier shipping quotes"},
        ),
        migrations.CreateModel(
            name="ReturnLabelAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(default="sendcloud", max_length=20, unique=True, verbose_name="Provider")),
                ("public_key", models.CharField(max_length=100, verbose_name="Public key")),
                ("secret_encrypted", storefront.lib.security.encryption.EncryptedTextField(verbose_name="Secret key (encrypted)")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="Last answer")),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="Problem")),
            ],
            options={
                "verbose_name": "return label account",
                "verbose_name_plural": "return label accounts",
                "constraints": [models.CheckConstraint(condition=models.Q(("provider", "sendcloud")), name="label_provider_is_known")],
            },
        ),
        migrations.CreateModel(
            name="Shipment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(verbose_name="Created")),
                ("purchase_order", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="shipment", to="orders.purchaseorder", verbose_name="Purchase order")),
            ],
            options={"verbose_name": "shipment", "verbose_name_plural": "shipments"},
        ),
        migrations.CreateModel(
            name="Parcel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("carrier", models.CharField(max_length=60, verbose_name="Carrier")),
                (
                    "carrier_finding",
                    models.CharField(
                        blank=True,
                        choices=[("", "No problem"), ("undecided", "Carrier not certain"), ("check_digit", "Check digit is wrong"), ("other_carrier", "Number of another carrier")],
                        db_default="",
                        default="",
                        max_length=13,
                        verbose_name="Carrier check",
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=60, verbose_name="Tracking number")),
                ("tracking_url", models.CharField(blank=True, max_length=300, verbose_name="Tracking link")),
                ("last_mile_carrier", models.CharField(blank=True, db_default="", default="", max_length=60, verbose_name="Last-mile carrier")),
                ("last_mile_number", models.CharField(blank=True, db_default="", default="", max_length=60, verbose_name="Last-mile tracking number")),
                ("last_mile_url", models.CharField(blank=True, db_default="", default="", max_length=300, verbose_name="Last-mile tracking link")),
                ("status", models.CharField(choices=[("label_created", "Label created"), ("shipped", "Shipped"), ("delivered", "Delivered"), ("lost", "Lost"), ("returned", "Returned to sender"), ("voided", "Voided")], default="label_created", max_length=16, verbose_name="Status")),
                ("status_since", models.DateTimeField(verbose_name="Status since")),
                (
                    "carrier_status",
                    models.CharField(
                        choices=[
                            ("unknown", "No tracking updates"),
                            ("pre_transit", "Label created"),
                            ("in_transit", "In transit"),
                            ("out_for_delivery", "Out for delivery"),
                            ("available_for_pickup", "Ready for pickup"),
                            ("attempt_failed", "Delivery attempt failed"),
                            ("delivered", "Delivered"),
                            ("exception", "Delivery exception"),
                            ("return_to_sender", "Returning to sender"),
                            ("lost", "Lost"),
                            ("expired", "Tracking stopped"),
                        ],
                        default="pre_transit",
                        max_length=22,
                        verbose_name="Carrier status",
                    ),
                ),
                ("carrier_status_at", models.DateTimeField(blank=True, null=True, verbose_name="Carrier status at")),
                ("label_created_at", models.DateTimeField(verbose_name="Label created")),
                ("is_content_unknown", models.BooleanField(default=False, verbose_name="Contents unknown")),
                (
                    "resolution",
                    models.CharField(choices=[("open", "Open"), ("refunded", "Refunded"), ("replaced", "Replaced"), ("closed", "Closed")], db_default="open", default="open", max_length=10, verbose_name="Resolution"),
                ),
                ("resolution_since", models.DateTimeField(blank=True, null=True, verbose_name="Resolution since")),
                (
                    "settlement",
                    models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="parcel", to="orders.returnauthorization", verbose_name="Refund or replacement"),
                ),
                ("shipment", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="parcels", to="shipping.shipment", verbose_name="Shipment")),
            ],
            options={
                "verbose_name": "parcel",
                "verbose_name_plural": "parcels",
                "indexes": [
                    models.Index(fields=["number"], name="parcel_by_number", opclasses=["varchar_pattern_ops"]),
                    models.Index(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Reverse("number"), "text_pattern_ops"), condition=models.Q(("number", ""), _negated=True), name="parcel_by_end_of_number"),
                    models.Index(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Reverse("last_mile_number"), "text_pattern_ops"), condition=models.Q(("last_mile_number", ""), _negated=True), name="parcel_by_end_of_last_mile"),
                    models.Index(condition=models.Q(("status__in", ["label_created", "shipped"]), models.Q(("number", ""), _negated=True)), fields=["label_created_at"], name="parcel_underway_by_age"),
                    models.Index(condition=models.Q(("last_mile_number", ""), _negated=True), fields=["last_mile_number"], name="parcel_by_last_mile_number", opclasses=["varchar_pattern_ops"]),
                    models.Index(condition=models.Q(("status__in", ["label_created", "shipped"])), fields=["carrier_status"], name="parcel_underway_by_status"),
                    models.Index(condition=models.Q(("status", "delivered")), fields=["status_since"], name="parcel_delivered_by_time"),
                    models.Index(condition=models.Q(("resolution", "open"), ("status__in", ["lost", "returned"])), fields=["status_since"], name="parcel_unresolved"),
                    models.Index(condition=models.Q(("resolution__in", ["refunded", "replaced"]), ("status", "delivered")), fields=["status_since"], name="parcel_found"),
                ],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("number", ""), _negated=True), fields=("carrier", "number"), name="parcel_unique_number"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("resolution", "open"), ("settlement", None)),
                            models.Q(("resolution", "closed"), ("status__in", ["lost", "returned", "delivered"])),
                            models.Q(("resolution__in", ["refunded", "replaced"]), ("settlement__isnull", False), ("status__in", ["lost", "returned", "delivered"])),
                            _connector="OR",
                        ),
                        name="parcel_resolved_after_loss",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ParcelCorrection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("tracking", "Tracking number"), ("last_mile", "Last-mile tracking number"), ("contents", "Contents")], max_length=10, verbose_name="Type")),
                ("before", models.CharField(blank=True, max_length=300, verbose_name="Before")),
                ("after", models.CharField(blank=True, max_length=300, verbose_name="After")),
                ("former_number", models.CharField(blank=True, max_length=60, verbose_name="Former number")),
                ("corrected_at", models.DateTimeField(verbose_name="When")),
                ("actor", models.CharField(max_length=100, verbose_name="User")),
                ("reason", models.CharField(max_length=300, verbose_name="Reason")),
                ("parcel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="corrections", to="shipping.parcel", verbose_name="Parcel")),
            ],
            options={
                "verbose_name": "parcel correction",
                "verbose_name_plural": "parcel corrections",
                "indexes": [models.Index(condition=models.Q(("former_number", ""), _negated=True), fields=["former_number"], name="correction_by_former_number", opclasses=["varchar_pattern_ops"])],
            },
        ),
        migrations.CreateModel(
            name="TrackingEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(choices=[("supplier", "Supplier"), ("provider", "Tracking provider")], default="supplier", max_length=10, verbose_name="Source")),
                ("number", models.CharField(blank=True, db_default="", default="", max_length=60, verbose_name="Tracking number")),
                ("external_id", models.CharField(max_length=120, verbose_name="Carrier event ID")),
                (
                    "carrier_status",
                    models.CharField(
                        choices=[
                            ("unknown", "No tracking updates"),
                            ("pre_transit", "Label created"),
                            ("in_transit", "In transit"),
                            ("out_for_delivery", "Out for delivery"),
                            ("available_for_pickup", "Ready for pickup"),
                            ("attempt_failed", "Delivery attempt failed"),
                            ("delivered", "Delivered"),
                            ("exception", "Delivery exception"),
                            ("return_to_sender", "Returning to sender"),
                            ("lost", "Lost"),
                            ("expired", "Tracking stopped"),
                        ],
                        max_length=22,
                        verbose_name="Carrier status",
                    ),
                ),
                ("description", models.CharField(blank=True, max_length=300, verbose_name="Carrier description")),
                ("place", models.CharField(blank=True, max_length=120, verbose_name="Place")),
                ("happened_at", models.DateTimeField(blank=True, null=True, verbose_name="Time")),
                ("received_at", models.DateTimeField(verbose_name="Received")),
                ("parcel", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="tracking_events", to="shipping.parcel", verbose_name="Parcel")),
            ],
            options={"verbose_name": "tracking event", "verbose_name_plural": "tracking events", "indexes": [models.Index(condition=models.Q(("source", "supplier")), fields=["received_at"], name="tracking_event_from_supplier")], "constraints": [models.UniqueConstraint(fields=("parcel", "number", "external_id"), name="tracking_event_unique")]},
        ),
        migrations.CreateModel(
            name="ParcelLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.PositiveSmallIntegerField(verbose_name="Quantity")),
                ("order_line", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="parcel_lines", to="orders.orderline", verbose_name="Order line")),
                ("parcel", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="shipping.parcel", verbose_name="Parcel")),
            ],
            options={
                "verbose_name": "parcel line",
                "verbose_name_plural": "parcel lines",
                "constraints": [models.UniqueConstraint(fields=("parcel", "order_line"), name="parcel_line_unique"), models.CheckConstraint(condition=models.Q(("quantity__gte", 1)), name="parcel_line_has_units")],
            },
        ),
        migrations.CreateModel(
            name="ProductAlert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("back_in_stock", "Back in stock"), ("price_drop", "Price drop")], max_length=13, verbose_name="Alert")),
                ("country", models.CharField(max_length=2, verbose_name="Deliver to")),
                ("email", models.EmailField(max_length=254, verbose_name="E-mail")),
                ("locale", models.CharField(max_length=5, verbose_name="Language")),
                ("price_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name="Price when asked")),
                ("asked_at", models.DateTimeField(verbose_name="Asked")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="Confirmed")),
                ("met_since", models.DateTimeField(blank=True, null=True, verbose_name="Condition met since")),
                ("channel", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="alerts", to="catalog.channel", verbose_name="Channel")),
                ("variant", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="alerts", to="catalog.variant", verbose_name="Variant")),
            ],
            options={
                "verbose_name": "product alert",
                "verbose_name_plural": "product alerts",
                "indexes": [models.Index(fields=["asked_at"], name="product_alert_by_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("email", "variant", "channel", "country", "kind"), name="product_alert_once"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("kind", "price_drop"), ("price_amount__isnull", False)), models.Q(("kind", "back_in_stock"), ("price_amount__isnull", True)), _connector="OR"),
                        name="product_alert_price_of_drop",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TrackingProvider",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=20, unique=True, verbose_name="Provider")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="Last answer")),
                ("webhook_at", models.DateTimeField(blank=True, null=True, verbose_name="Last webhook")),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="Problem")),
                ("problem_since", models.DateTimeField(blank=True, null=True, verbose_name="Problem since")),
                ("calls_on", models.DateField(blank=True, null=True, verbose_name="Day of the calls")),
                ("calls", models.PositiveIntegerField(default=0, verbose_name="Calls on that day")),
            ],
            options={
                "verbose_name": "tracking provider",
                "verbose_name_plural": "tracking providers",
                "constraints": [models.CheckConstraint(condition=models.Q(("problem", ""), ("problem_since__isnull", False), _connector="XOR"), name="tracking_provider_problem_has_start")],
            },
        ),
        migrations.CreateModel(
            name="TrackingRegistration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=60, verbose_name="Registered number")),
                ("registered_at", models.DateTimeField(blank=True, null=True, verbose_name="Registered")),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="Next call")),
                ("polled_at", models.DateTimeField(blank=True, null=True, verbose_name="Last poll")),
                ("changed_at", models.DateTimeField(blank=True, null=True, verbose_name="Last update")),
                ("quiet_polls", models.PositiveSmallIntegerField(default=0, verbose_name="Polls without updates")),
                ("carrier_code", models.PositiveIntegerField(default=0, verbose_name="Carrier code")),
                ("carrier_name", models.CharField(blank=True, max_length=60, verbose_name="Detected carrier")),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="Problem")),
                ("parcel", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="registration", to="shipping.parcel", verbose_name="Parcel")),
            ],
            options={
                "verbose_name": "tracking registration",
                "verbose_name_plural": "tracking registrations",
                "indexes": [
                    models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="tracking_registration_is_due"),
                    models.Index(fields=["number"], name="tracking_registration_number"),
                    models.Index(condition=models.Q(("due_at__isnull", True), ("registered_at__isnull", True)), fields=["id"], name="tracking_registration_rejected"),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("due_at__isnull", False), ("registered_at__isnull", False), models.Q(("problem", ""), _negated=True), _connector="OR"), name="tracking_rejection_has_reason")
                ],
            },
        ),
        migrations.CreateModel(
            name="RouteTransit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("carrier", models.CharField(max_length=60, verbose_name="Carrier")),
                ("origin", models.CharField(max_length=2, verbose_name="From")),
                ("destination", models.CharField(max_length=2, verbose_name="To")),
                ("min_days", models.PositiveSmallIntegerField(verbose_name="At least (days)")),
                ("max_days", models.PositiveSmallIntegerField(verbose_name="At most (days)")),
                ("parcels", models.PositiveIntegerField(verbose_name="Parcels")),
                ("measured_at", models.DateTimeField(verbose_name="Measured")),
            ],
            options={"verbose_name": "observed transit time", "verbose_name_plural": "observed transit times", "constraints": [models.UniqueConstraint(fields=("carrier", "origin", "destination"), name="route_transit_once")]},
        ),
        migrations.CreateModel(
            name="SilenceRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("no_scan", "Not scanned by the carrier"), ("no_event", "No update in transit"), ("late", "Promised day passed"), ("customs", "Held in customs"), ("pickup", "Waiting at the pickup point"), ("returning", "Returning to sender"), ("expired", "Tracking stopped")],
                        help_text="The kind of silence that this limit is for.",
                        max_length=10,
                        verbose_name="Type",
                    ),
                ),
                ("carrier", models.CharField(blank=True, help_text="Empty: all carriers.", max_length=60, verbose_name="Carrier")),
                ("origin", models.CharField(blank=True, help_text="Country code of the warehouse, or EU. Empty: all countries.", max_length=2, verbose_name="From")),
                ("destination", models.CharField(blank=True, help_text="Country code of the delivery, or EU. Empty: all countries.", max_length=2, verbose_name="To")),
                ("customer_after_days", models.PositiveSmallIntegerField(help_text="From the last update, or from the promised day.", verbose_name="Notify the customer after (days)")),
                ("offer_after_days", models.PositiveSmallIntegerField(blank=True, help_text="The customer can then wait or choose what you allow. Empty: no offer.", null=True, verbose_name="Offer a choice after (days)")),
                ("staff_after_days", models.PositiveSmallIntegerField(help_text="In “Needs attention”, after the customer was told.", verbose_name="Show it to staff after (days)")),
                ("repeat_after_days", models.PositiveSmallIntegerField(help_text="While nothing changes. A customer who chose to wait is asked again.", verbose_name="Write again after (days)")),
                ("can_refund", models.BooleanField(help_text="The parcel then counts as lost and is refunded.", verbose_name="Offer a refund")),
                ("can_replace", models.BooleanField(help_text="Offered only while the items can be sent again from stock.", verbose_name="Offer a replacement")),
                ("kept_days", models.PositiveSmallIntegerField(blank=True, help_text="The reminder names the last day for pickup. Only for waiting parcels.", null=True, verbose_name="Pickup point keeps it for (days)")),
            ],
            options={
                "verbose_name": "limit for silent parcels",
                "verbose_name_plural": "limits for silent parcels",
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "carrier", "origin", "destination"), name="silence_rule_once"),
                    models.CheckConstraint(
                        condition=models.Q(("customer_after_days__lte", models.F("staff_after_days")), models.Q(("offer_after_days", None), models.Q(("offer_after_days__gte", models.F("customer_after_days")), models.Q(("can_refund", True), ("can_replace", True), _connector="OR")), _connector="OR")),
                        name="silence_customer_before_staff",
                    ),
                    models.CheckConstraint(condition=models.Q(("customer_after_days__gte", 1), ("repeat_after_days__gte", 1)), name="silence_lasts_a_day"),
                    models.CheckConstraint(condition=models.Q(("kept_days", None), models.Q(("kept_days__gt", models.F("customer_after_days")), ("kind", "pickup")), _connector="OR"), name="silence_reminder_before_return"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SilenceCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("no_scan", "Not scanned by the carrier"), ("no_event", "No update in transit"), ("late", "Promised day passed"), ("customs", "Held in customs"), ("pickup", "Waiting at the pickup point"), ("returning", "Returning to sender"), ("expired", "Tracking stopped")],
                        max_length=10,
                        verbose_name="Type",
                    ),
                ),
                ("since", models.DateTimeField(verbose_name="Silent since")),
                ("opened_at", models.DateTimeField(verbose_name="Opened")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="Ended")),
                ("tell_at", models.DateTimeField(blank=True, null=True, verbose_name="Next message")),
                ("offer_at", models.DateTimeField(blank=True, null=True, verbose_name="Choice offered from")),
                ("staff_at", models.DateTimeField(verbose_name="Shown to staff from")),
                ("repeat_after_days", models.PositiveSmallIntegerField(verbose_name="Write again after (days)")),
                ("keeps_until", models.DateField(blank=True, null=True, verbose_name="Pickup until")),
                ("choices", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[("wait", "Wait"), ("refund", "Refund"), ("replacement", "Replacement")], max_length=11), blank=True, verbose_name="Allowed choices")),
                ("offered", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[("wait", "Wait"), ("refund", "Refund"), ("replacement", "Replacement")], max_length=11), blank=True, db_default=[], default=list, verbose_name="Offered choices")),
                ("told_at", models.DateTimeField(blank=True, null=True, verbose_name="Last message")),
                ("messages", models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="Messages")),
                ("expected_by", models.DateField(blank=True, null=True, verbose_name="Expected by")),
                ("answer", models.CharField(blank=True, choices=[("wait", "Wait"), ("refund", "Refund"), ("replacement", "Replacement")], db_default="", default="", max_length=11, verbose_name="Answer")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="Answered")),
                ("parcel", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="silence_cases", to="shipping.parcel", verbose_name="Parcel")),
            ],
            options={
                "verbose_name": "silent parcel",
                "verbose_name_plural": "silent parcels",
                "indexes": [models.Index(fields=["parcel"], name="silence_case_of_parcel"), models.Index(condition=models.Q(("ended_at", None)), fields=["tell_at"], name="silence_case_due"), models.Index(condition=models.Q(("ended_at", None)), fields=["staff_at"], name="silence_case_for_staff")],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("ended_at", None)), fields=("parcel", "kind"), name="silence_case_open_once"),
                    models.CheckConstraint(condition=models.Q(("told_at", None), ("messages__gte", 1), _connector="XOR"), name="silence_case_told"),
                    models.CheckConstraint(condition=models.Q(("answer", ""), ("answered_at__isnull", False), _connector="XOR"), name="silence_case_answered"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProblemReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("never_arrived", "Never arrived"), ("missing_items", "Items missing"), ("damaged", "Damaged"), ("wrong_item", "Wrong item")], max_length=13, verbose_name="Problem")),
                ("wish", models.CharField(choices=[("refund", "Refund"), ("replacement", "Replacement")], max_length=11, verbose_name="Requested resolution")),
                ("request_key", models.CharField(max_length=40, unique=True, verbose_name="Form key")),
                ("customer_message", models.CharField(blank=True, max_length=4000, verbose_name="Customer's message")),
                ("answer", models.CharField(blank=True, max_length=1000, verbose_name="Message to the customer")),
                ("status", models.CharField(choices=[("open", "Open"), ("needs_information", "Awaiting customer reply"), ("refunded", "Refunded"), ("replaced", "Replaced"), ("rejected", "Rejected"), ("withdrawn", "Withdrawn"), ("arrived", "Parcel arrived")], default="open", max_length=17, verbose_name="Status")),
                ("status_since", models.DateTimeField(verbose_name="Status since")),
                ("opened_at", models.DateTimeField(verbose_name="Reported")),
                ("claim", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="problem_report", to="orders.supplierclaim", verbose_name="Supplier claim")),
                ("parcel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="problem_reports", to="shipping.parcel", verbose_name="Parcel")),
                ("settlement", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="problem_report", to="orders.returnauthorization", verbose_name="Refund or replacement")),
            ],
            options={
                "verbose_name": "problem report",
                "verbose_name_plural": "problem reports",
                "indexes": [
                    models.Index(condition=models.Q(("status__in", ["open", "needs_information"])), fields=["opened_at"], name="problem_report_undecided"),
                ],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("status__in", ["open", "needs_information"])), fields=("parcel", "kind"), name="problem_report_undecided_once"),
                    models.CheckConstraint(condition=models.Q(models.Q(("settlement__isnull", False), ("status__in", ["refunded", "replaced"])), models.Q(models.Q(("status__in", ["refunded", "replaced"]), _negated=True), ("settlement", None)), _connector="OR"), name="problem_report_settled_has_settlement"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProblemPhoto",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveSmallIntegerField(verbose_name="Photo number")),
                ("file", models.CharField(max_length=60, verbose_name="File")),
                ("added_at", models.DateTimeField(verbose_name="Added")),
                ("report", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="pictures", to="shipping.problemreport", verbose_name="Problem report")),
            ],
            options={
                "verbose_name": "problem photo",
                "verbose_name_plural": "problem photos",
                "indexes": [
                    models.Index(fields=["file"], name="problem_photo_by_file"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("report", "place"), name="problem_photo_sequence_once"),
                    models.CheckConstraint(condition=models.Q(("place__gte", 1), ("place__lte", 12)), name="problem_photo_sequence_in_range"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProblemReportLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.PositiveSmallIntegerField(verbose_name="Quantity")),
                ("order_line", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="problem_lines", to="orders.orderline", verbose_name="Order line")),
                ("report", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="shipping.problemreport", verbose_name="Problem report")),
            ],
            options={
                "verbose_name": "problem report line",
                "verbose_name_plural": "problem report lines",
                "constraints": [
                    models.UniqueConstraint(fields=("report", "order_line"), name="problem_report_line_once"),
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 1)), name="problem_report_line_has_units"),
                ],
            },
        ),
    ]
