import datetime
import django.core.validators
import django.db.models.deletion
import storefront.lib.security.encryption
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("catalog", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="PendingPublication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("variant", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalog.variant", verbose_name="Variant")),
            ],
            options={"verbose_name": "pending publication", "verbose_name_plural": "pending publications"},
        ),
        migrations.CreateModel(
            name="Supplier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stock_fresh_for_min", models.PositiveIntegerField(default=180, help_text="Until then the reported stock is sold in full. 0 = it starts to decay at once.", verbose_name="Stock is fresh for (min)")),
                (
                    "stock_decay_units_per_hour",
                    models.DecimalField(decimal_places=2, default=Decimal("1"), help_text="Units withheld from sale for each hour begun after that. 0 = none.", max_digits=6, verbose_name="Extra safety stock per hour (units)"),
                ),
                (
                    "stock_decay_percent_per_hour",
                    models.DecimalField(decimal_places=2, default=Decimal("2"), help_text="Share of the reported stock withheld for each hour begun after that. 0 = none.", max_digits=5, verbose_name="Stock decay per hour (%)"),
                ),
                ("stock_age_shown_after_min", models.PositiveIntegerField(default=360, help_text="The staff start page shows an alert if all stock of this supplier is older.", verbose_name="Stale stock alert after (min)")),
                ("stock_expires_after_min", models.PositiveIntegerField(default=1440, help_text="Older stock is not sold. At least the fresh time above, at most 1440.", verbose_name="Stock expires after (min)")),
                ("stock_accuracy", models.DecimalField(decimal_places=4, editable=False, max_digits=5, null=True, verbose_name="Stock accuracy")),
                ("live_check_after_min", models.PositiveIntegerField(default=30, help_text="The supplier is asked for its stock before the sale. 0 = before every sale.", verbose_name="Check if stock is older than (min)")),
                ("live_check_below_units", models.PositiveIntegerField(default=2, help_text="Also checks when so few units would be left. 0 = only before the last unit is sold.", verbose_name="Check if the sale leaves at most (units)")),
                (
                    "live_check_fallback",
                    models.CharField(
                        choices=[("believe", "Use the last reported stock"), ("refuse", "Do not sell unconfirmed stock")],
                        default="believe",
                        help_text="Use the last reported stock, reduced by its age, or do not sell.",
                        max_length=10,
                        verbose_name="If the supplier does not answer in time",
                    ),
                ),
                ("cost_expires_after_min", models.PositiveIntegerField(default=4320, help_text="Offers with an older cost are not sold until the supplier confirms it. 0 sells nothing.", verbose_name="Costs expire after (min)")),
                ("cut_off_hour", models.PositiveSmallIntegerField(blank=True, help_text="Whole hour, 0 to 23. Later orders ship a day later. Empty = no cut-off.", null=True, verbose_name="Order cut-off hour (UTC)")),
                ("costs_confirmed_at", models.DateTimeField(editable=False, null=True, verbose_name="Costs confirmed at")),
                ("costs_aged_until", models.DateTimeField(editable=False, null=True, verbose_name="Cost expiry applied up to")),
                ("invoice_tolerance_percent", models.DecimalField(decimal_places=2, default=Decimal("0"), help_text="Of the agreed amount, for items and shipping separately. 0 = none.", max_digits=5, verbose_name="Invoice tolerance (%)")),
                ("invoice_tolerance_amount", models.DecimalField(decimal_places=2, default=Decimal("0"), help_text="The larger of the two tolerances applies. 0 = none.", max_digits=12, verbose_name="Invoice tolerance (cost currency)")),
                (
                    "invoice_due_days",
                    models.PositiveSmallIntegerField(blank=True, help_text="A shipment without an invoice by then is reported as a discrepancy. Empty = no invoices expected.", null=True, verbose_name="Invoice due within (days)"),
                ),
                (
                    "ship_within_days_of_invoice",
                    models.PositiveSmallIntegerField(default=14, help_text="From the order confirmation. A later shipment is reported as a discrepancy. 0 = at once.", verbose_name="Ship invoiced orders within (days)"),
                ),
                (
                    "dispatch_mode",
                    models.CharField(
                        choices=[("at_once", "Immediately"), ("every", "In batches at an interval"), ("at_times", "In batches at fixed times")],
                        default="at_once",
                        help_text="Waiting orders can be canceled at once at no cost. They are always sent before the cut-off. If you switch back to “Immediately”, all waiting orders are sent.",
                        max_length=10,
                        verbose_name="Send orders",
                    ),
                ),
                ("dispatch_every_min", models.PositiveSmallIntegerField(default=60, help_text="For batches at an interval: 5 to 1440, counted from midnight UTC.", verbose_name="Send interval (min)")),
                ("dispatch_times", models.CharField(blank=True, default="", help_text="For batches at fixed times: local times of the supplier, separated by spaces, such as 09:00 14:30.", max_length=150, verbose_name="Send times")),
                ("time_zone", models.CharField(default="UTC", help_text="Time zone of the supplier's days and times, such as Europe/Berlin.", max_length=50, verbose_name="Time zone")),
                ("order_days", models.CharField(default="1234567", help_text="1 = Monday, 7 = Sunday. Delivery dates count from the next order day.", max_length=7, verbose_name="Order days")),
                ("closed_on", models.CharField(blank=True, default="", help_text="Such as 2026-12-25 2026-12-26. Delivery dates count from the next open day.", max_length=400, verbose_name="Closed days")),
                ("code", models.SlugField(help_text="Short name for lists and rules: letters, digits and hyphens. Cannot be changed later.", max_length=30, unique=True, verbose_name="Code")),
                ("name", models.CharField(help_text="Full name, as shown on staff pages.", max_length=80, verbose_name="Name")),
                ("adapter", models.CharField(help_text="Integration type. Cannot be changed later.", max_length=30, verbose_name="Connector")),
                ("currency", models.CharField(help_text="Three letters, such as USD. Cannot be changed later.", max_length=3, verbose_name="Cost currency")),
                ("language", models.CharField(choices=[("en", "English"), ("az", "Azərbaycanca")], default="en", help_text="Language of order e-mails and order pages for the supplier.", max_length=8, verbose_name="E-mail language")),
                ("status", models.CharField(choices=[("candidate", "Candidate"), ("vetting", "In review"), ("active", "Active"), ("paused", "Paused"), ("blocked", "Blocked")], default="candidate", max_length=10, verbose_name="Status")),
                ("status_since", models.DateTimeField(blank=True, null=True, verbose_name="Since")),
                ("lead_days", models.PositiveSmallIntegerField(default=2, help_text="From our order to handover to the carrier. An offer's own value takes precedence. 0 = same day.", verbose_name="Handling time (days)")),
                ("acknowledge_within_min", models.PositiveIntegerField(default=60, help_text="Without a confirmation by then, the order is flagged for staff. 0 = at once.", verbose_name="Order confirmation time limit (min)")),
                ("safety_stock", models.PositiveSmallIntegerField(default=0, help_text="Never sold. Applies from the next stock sync; 0 = none.", verbose_name="Safety stock per product and warehouse (units)")),
                (
                    "stock_decremented_at",
                    models.CharField(
                        choices=[("order", "Order received"), ("shipment", "Order shipped"), ("never", "Never")],
                        default="order",
                        help_text="When the supplier's reported stock contains our sale; until then Fara subtracts the sale itself. If in doubt, choose the later time.",
                        max_length=10,
                        verbose_name="Supplier stock is reduced at",
                    ),
                ),
                (
                    "new_product_status",
                    models.CharField(
                        choices=[("automatic", "Automatic, by documents"), ("live", "Live"), ("in_review", "In review"), ("draft", "Draft")],
                        default="automatic",
                        help_text="Status in which a new product of this supplier enters the catalog. Automatic: live while the supplier is active and all required documents are valid, otherwise in review. Live applies only to an active supplier; until then products are in review.",
                        max_length=10,
                        verbose_name="New products",
                    ),
                ),
                (
                    "product_changes",
                    models.CharField(
                        choices=[("review", "Review"), ("apply", "Apply at once")],
                        default="review",
                        help_text="What happens if the supplier changes the texts, specifications or options of a live product. Review: staff accept or reject each change. First values for empty fields, prices and stock are always applied at once.",
                        max_length=10,
                        verbose_name="Changes to live products",
                    ),
                ),
            ],
            options={
                "verbose_name": "supplier",
                "verbose_name_plural": "suppliers",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("status__in", ["candidate", "vetting", "active", "paused", "blocked"])), name="supplier_status_is_known"),
                    models.CheckConstraint(condition=models.Q(("new_product_status__in", ["automatic", "live", "in_review", "draft"]), ("product_changes__in", ["review", "apply"])), name="supplier_product_policy_is_known"),
                    models.CheckConstraint(condition=models.Q(("stock_fresh_for_min__lte", models.F("stock_expires_after_min")), ("stock_expires_after_min__lte", 1440)), name="supplier_stock_ages_in_order"),
                    models.CheckConstraint(condition=models.Q(("stock_decay_units_per_hour__gte", 0), ("stock_decay_percent_per_hour__gte", 0)), name="supplier_stock_decay_not_negative"),
                    models.CheckConstraint(condition=models.Q(("live_check_fallback__in", ["believe", "refuse"])), name="supplier_unanswered_is_known"),
                    models.CheckConstraint(condition=models.Q(("cut_off_hour__isnull", True), ("cut_off_hour__lte", 23), _connector="OR"), name="supplier_cut_off_is_an_hour"),
                    models.CheckConstraint(
                        condition=models.Q(("dispatch_mode__in", ["at_once", "every"]), models.Q(("dispatch_mode", "at_times"), ("dispatch_times__regex", "^\\d\\d:\\d\\d( \\d\\d:\\d\\d)*$")), _connector="OR"),
                        name="supplier_is_sent_orders_sometime",
                    ),
                    models.CheckConstraint(condition=models.Q(("dispatch_every_min__gte", 5), ("dispatch_every_min__lte", 1440)), name="supplier_is_sent_orders_each_day"),
                    models.CheckConstraint(condition=models.Q(("order_days__regex", "^[1-7]+$")), name="supplier_takes_orders_on_a_day"),
                    models.CheckConstraint(condition=models.Q(("invoice_tolerance_percent__gte", 0), ("invoice_tolerance_percent__lte", 100), ("invoice_tolerance_amount__gte", 0)), name="supplier_tolerances_are_sane"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StockLocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=30, verbose_name="Code")),
                ("country", models.CharField(max_length=2, verbose_name="Country")),
                ("name", models.CharField(blank=True, max_length=80, verbose_name="Name")),
                ("stock_confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="Stock confirmed at")),
                ("aged_until", models.DateTimeField(editable=False, null=True, verbose_name="Decay last applied at")),
                ("freshness_key", models.CharField(db_default="", editable=False, max_length=80, verbose_name="Decay rules applied")),
                ("supplier", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="locations", to="suppliers.supplier", verbose_name="Supplier")),
            ],
            options={"verbose_name": "warehouse", "verbose_name_plural": "warehouses", "constraints": [models.UniqueConstraint(fields=("supplier", "code"), name="location_once_per_supplier")]},
        ),
        migrations.CreateModel(
            name="StockDecrement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.CharField(blank=True, choices=[("order", "Order received"), ("shipment", "Order shipped"), ("never", "Never")], max_length=10, verbose_name="Stock reduced at")),
                ("median_lag_s", models.PositiveIntegerField(blank=True, null=True, verbose_name="Median delay (s)")),
                ("max_lag_s", models.PositiveIntegerField(blank=True, null=True, verbose_name="Maximum delay (s)")),
                ("decrements_observed_after_order", models.PositiveIntegerField(default=0, verbose_name="Reduced at order")),
                ("decrements_not_observed_after_order", models.PositiveIntegerField(default=0, verbose_name="Not reduced at order")),
                ("decrements_observed_after_shipment", models.PositiveIntegerField(default=0, verbose_name="Reduced at shipment")),
                ("decrements_not_observed_after_shipment", models.PositiveIntegerField(default=0, verbose_name="Not reduced at shipment")),
                ("measured_at", models.DateTimeField(verbose_name="Measured at")),
                ("supplier", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="countdown", to="suppliers.supplier", verbose_name="Supplier")),
            ],
            options={
                "verbose_name": "stock update delay",
                "verbose_name_plural": "stock update delays",
                "constraints": [models.CheckConstraint(condition=models.Q(("max_lag_s__isnull", True), models.Q(("at__gt", ""), ("median_lag_s__isnull", False)), _connector="OR"), name="countdown_lag_is_of_something")],
            },
        ),
        migrations.CreateModel(
            name="ScorecardFact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("acknowledged", "Time to order confirmation (s)"),
                            ("scanned", "Time to first carrier scan (s)"),
                            ("promised", "Stock was available as reported"),
                            ("filled", "Line shipped"),
                            ("finished", "Order completed"),
                            ("arrived", "Parcel delivered"),
                            ("short", "Units reported but not available"),
                            ("costs_known", "Known costs"),
                        ],
                        max_length=12,
                        verbose_name="Type",
                    ),
                ),
                ("subject", models.CharField(max_length=60, verbose_name="Subject")),
                ("value", models.DecimalField(decimal_places=3, max_digits=14, verbose_name="Value")),
                ("happened_at", models.DateTimeField(verbose_name="When")),
                ("supplier", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="facts", to="suppliers.supplier", verbose_name="Supplier")),
            ],
            options={
                "verbose_name": "scorecard event",
                "verbose_name_plural": "scorecard events",
                "indexes": [models.Index(fields=["supplier", "happened_at"], name="fact_by_time")],
                "constraints": [models.UniqueConstraint(fields=("supplier", "kind", "subject"), name="fact_seen_once")],
            },
        ),
        migrations.CreateModel(
            name="Scorecard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("fill_rate", "Fill rate"),
                            ("stock_accuracy", "Stock accuracy"),
                            ("cancellation_rate", "Canceled by supplier"),
                            ("return_rate", "Returned parcels"),
                            ("acknowledge_time", "Time to order confirmation"),
                            ("first_scan_time", "Time to first carrier scan"),
                            ("stock_age", "Age of stock data"),
                            ("feed_success", "Successful sync runs"),
                            ("cost_stability", "Cost stability"),
                            ("answer_time", "API response time"),
                            ("answered", "Answered API calls"),
                        ],
                        max_length=20,
                        verbose_name="Metric",
                    ),
                ),
                ("on", models.DateField(verbose_name="Date")),
                ("sample", models.PositiveIntegerField(verbose_name="Sample size")),
                ("good", models.PositiveIntegerField(null=True, verbose_name="Good")),
                ("value", models.DecimalField(decimal_places=4, max_digits=16, verbose_name="Value")),
                ("low", models.DecimalField(decimal_places=4, max_digits=16, null=True, verbose_name="Lower bound")),
                ("high", models.DecimalField(decimal_places=4, max_digits=16, null=True, verbose_name="Upper bound")),
                ("tail", models.DecimalField(decimal_places=4, max_digits=16, null=True, verbose_name="90th percentile")),
                ("supplier", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="scorecards", to="suppliers.supplier", verbose_name="Supplier")),
            ],
            options={
                "verbose_name": "scorecard metric",
                "verbose_name_plural": "scorecard metrics",
                "constraints": [models.UniqueConstraint(fields=("supplier", "measure", "on"), name="scorecard_once_per_day"), models.CheckConstraint(condition=models.Q(("sample__gte", 1)), name="scorecard_has_a_sample")],
            },
        ),
        migrations.CreateModel(
            name="QuarantineThresholds",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "max_missing_percent",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="If a larger share of the known rows is missing, and more than 3 rows, the run is quarantined.",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="Missing rows (max. %)",
                    ),
                ),
                (
                    "max_zeroed_percent",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="If a larger share of the rows in stock drops to zero at once, the run is quarantined.",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="Zeroed stock rows (max. %)",
                    ),
                ),
                (
                    "max_surged_percent",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="If a larger share of rows rises steeply at once, the run is quarantined.", null=True, validators=[django.core.validators.MaxValueValidator(100)], verbose_name="Surged stock rows (max. %)"
                    ),
                ),
                (
                    "surge_factor",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="What counts as a steep rise: 10 = from 5 units to 50 or more.", null=True, validators=[django.core.validators.MinValueValidator(2)], verbose_name="Stock surge factor"
                    ),
                ),
                (
                    "max_invalid_percent",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="If a larger share of rows cannot be read, the run is quarantined.", null=True, validators=[django.core.validators.MaxValueValidator(100)], verbose_name="Invalid rows (max. %)"
                    ),
                ),
                (
                    "max_price_outlier_percent",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="If a larger share of costs changes steeply at once, the run is quarantined; a single outlier puts only its offer on hold.",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="Price outliers (max. %)",
                    ),
                ),
                (
                    "price_outlier_factor",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="What counts as an outlier: 10 = from 5 to 50 or more, or to 0.50 or less.", null=True, validators=[django.core.validators.MinValueValidator(2)], verbose_name="Price outlier factor"
                    ),
                ),
                (
                    "max_negative_margin_percent",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="If a larger share of the products on sale would cost more than our price, the run is quarantined.",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="Costs above our net price (max. %)",
                    ),
                ),
                (
                    "max_duplicate_percent",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="If a larger share of rows is repeated with different values, the run is quarantined.",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="Duplicate rows (max. %)",
                    ),
                ),
                (
                    "cost_increase_alert_percent",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="The cost is applied; it is listed among the alerts for a week.", null=True, validators=[django.core.validators.MaxValueValidator(100)], verbose_name="Cost increase alert above (%)"
                    ),
                ),
                ("max_file_age_h", models.PositiveIntegerField(blank=True, help_text="If the newest row of a file is older, the run is quarantined. 0 = no check.", null=True, verbose_name="Maximum age of the newest row (hours)")),
                ("review_due_h", models.PositiveIntegerField(blank=True, help_text="A quarantined run without a decision by then is reported as a failed integrity check.", null=True, verbose_name="Review due within (hours)")),
                (
                    "supplier",
                    models.OneToOneField(
                        help_text="These thresholds apply to this supplier only. Each supplier has one set.", on_delete=django.db.models.deletion.CASCADE, related_name="limits", to="suppliers.supplier", verbose_name="Supplier"
                    ),
                ),
            ],
            options={"verbose_name": "quarantine thresholds", "verbose_name_plural": "quarantine thresholds"},
        ),
        migrations.CreateModel(
            name="LatencyBucket",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(verbose_name="Date")),
                ("le_ms", models.PositiveIntegerField(verbose_name="At most (ms)")),
                ("count", models.PositiveIntegerField(verbose_name="Calls")),
                ("supplier", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="latency_buckets", to="suppliers.supplier", verbose_name="Supplier")),
            ],
            options={"verbose_name": "response time histogram", "verbose_name_plural": "response time histograms", "constraints": [models.UniqueConstraint(fields=("supplier", "on", "le_ms"), name="response_times_once_per_bucket")]},
        ),
        migrations.CreateModel(
            name="FeedUpload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content", models.CharField(choices=[("products", "Products"), ("prices", "Prices"), ("stock", "Stock")], max_length=10, verbose_name="Content")),
                ("storage_name", models.CharField(max_length=80, verbose_name="Stored as")),
                ("original_name", models.CharField(blank=True, max_length=120, verbose_name="File name")),
                ("digest", models.CharField(max_length=64, verbose_name="Hash")),
                ("size_bytes", models.PositiveBigIntegerField(verbose_name="Size (bytes)")),
                ("by", models.CharField(max_length=100, verbose_name="Submitted by")),
                ("at", models.DateTimeField(verbose_name="When")),
                ("made_at", models.DateTimeField(blank=True, null=True, verbose_name="Created")),
                ("supplier", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="uploads", to="suppliers.supplier", verbose_name="Supplier")),
            ],
            options={"verbose_name": "uploaded file", "verbose_name_plural": "uploaded files"},
        ),
        migrations.CreateModel(
            name="FeedMapping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content", models.CharField(choices=[("products", "Products"), ("prices", "Prices"), ("stock", "Stock")], max_length=10, verbose_name="Content")),
                ("version", models.PositiveIntegerField(verbose_name="Version number")),
                ("spec", models.JSONField(verbose_name="Specification")),
                ("created_by", models.CharField(max_length=100, verbose_name="Created by")),
                ("created_at", models.DateTimeField(verbose_name="Created")),
                ("is_active", models.BooleanField(default=False, verbose_name="Active")),
                ("supplier", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="mappings", to="suppliers.supplier", verbose_name="Supplier")),
            ],
            options={
                "verbose_name": "feed mapping",
                "verbose_name_plural": "feed mappings",
                "constraints": [
                    models.UniqueConstraint(fields=("supplier", "content", "version"), name="mapping_once_per_version"),
                    models.UniqueConstraint(condition=models.Q(("is_active", True)), fields=("supplier", "content"), name="mapping_one_active_per_file"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Connection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("base_url", models.CharField(help_text="Such as https://api.example.com/v1/, without keys or passwords. Empty if staff upload the files.", max_length=200, verbose_name="Base URL")),
                ("secrets_encrypted", storefront.lib.security.encryption.EncryptedTextField(blank=True, verbose_name="Encrypted secrets")),
                ("tokens_encrypted", storefront.lib.security.encryption.EncryptedTextField(blank=True, verbose_name="Encrypted tokens")),
                ("account_id", models.CharField(blank=True, help_text="Our account with the supplier. Some connectors fill it in and verify webhooks with it. Empty = none.", max_length=60, verbose_name="Account ID")),
                ("options", models.JSONField(blank=True, default=dict, verbose_name="Connector options")),
                ("connector_state", models.JSONField(blank=True, default=dict, verbose_name="Connector state")),
                (
                    "calls_per_second",
                    models.PositiveSmallIntegerField(
                        default=1, help_text="For all syncs together. 1 is slow: 300 products take five minutes. The lower of this and the account's own limit applies. 0 counts as 1.", verbose_name="Calls per second"
                    ),
                ),
                ("max_concurrent_calls", models.PositiveSmallIntegerField(default=8, help_text="Over all workers. A quarter is reserved for orders. 0 counts as 1.", verbose_name="Concurrent calls")),
                ("products_every_min", models.PositiveIntegerField(default=360, help_text="How often the product list is read. 0 = again when a run ends.", verbose_name="Products every (min)")),
                ("prices_every_min", models.PositiveIntegerField(default=60, help_text="How often costs are read. 0 = again when a run ends.", verbose_name="Prices every (min)")),
                ("stock_every_min", models.PositiveIntegerField(default=15, help_text="How often stock is read. 0 = again when a run ends.", verbose_name="Stock every (min)")),
                ("orders_every_min", models.PositiveIntegerField(default=10, help_text="How often the status of open orders is fetched. 0 = at every poll.", verbose_name="Open orders every (min)")),
                ("orders_polled_at", models.DateTimeField(blank=True, null=True, verbose_name="Orders checked at")),
                ("paused_until", models.DateTimeField(blank=True, null=True, verbose_name="Quota used up until")),
                ("balance_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name="Balance")),
                ("balance_reported_at", models.DateTimeField(blank=True, null=True, verbose_name="Reported at")),
                (
                    "low_balance_amount",
                    models.DecimalField(blank=True, decimal_places=2, help_text="In the supplier's currency. A lower balance is shown as a connection error. Empty = never.", max_digits=12, null=True, verbose_name="Low balance alert"),
                ),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="Connection error")),
                ("problem_at", models.DateTimeField(blank=True, null=True, verbose_name="Error since")),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="Last checked")),
                ("health_report", models.JSONField(blank=True, default=dict, verbose_name="Last connection check")),
                ("supplier", models.OneToOneField(help_text="Supplier of this connection. Each supplier has one.", on_delete=django.db.models.deletion.CASCADE, related_name="connection", to="suppliers.supplier", verbose_name="Supplier")),
            ],
            options={"verbose_name": "connection", "verbose_name_plural": "connections"},
        ),
        migrations.CreateModel(
            name="ComplianceDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "criterion",
                    models.CharField(
                        choices=[
                            ("steady_stock", "Reliable stock"),
                            ("shipping", "Shipping time and number of warehouses"),
                            ("returns", "Returns and warranty policy"),
                            ("margin", "Margin"),
                            ("iso_9001", "ISO 9001"),
                            ("ip67", "IP67 test report"),
                            ("un_38_3", "UN 38.3 test report (lithium cells)"),
                            ("ce", "CE declaration"),
                            ("rohs", "RoHS declaration"),
                            ("capacity", "Capacity"),
                            ("response_time", "Response time"),
                            ("languages", "Languages"),
                        ],
                        help_text="Offers with this requirement are on sale while the document is valid.",
                        max_length=15,
                        verbose_name="Requirement",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("certificate", "Certificate"),
                            ("test_report", "Test report"),
                            ("declaration", "Declaration of conformity"),
                            ("policy", "Policy or contract"),
                            ("statement", "Supplier's statement"),
                            ("observation", "Own observation"),
                        ],
                        help_text="A certificate needs a last valid day.",
                        max_length=12,
                        verbose_name="Document type",
                    ),
                ),
                ("issuer", models.CharField(blank=True, help_text="Laboratory or authority. Optional.", max_length=120, verbose_name="Issuer")),
                ("reference", models.CharField(blank=True, help_text="As printed on the document. Optional.", max_length=80, verbose_name="Document number")),
                ("valid_from", models.DateField(blank=True, help_text="As stated in the document. Empty = already valid.", null=True, verbose_name="Valid from")),
                ("valid_until", models.DateField(blank=True, help_text="As stated in the document. Empty = no expiry.", null=True, verbose_name="Valid until")),
                ("file", models.CharField(blank=True, max_length=60, verbose_name="File")),
                ("file_sha256", models.CharField(blank=True, max_length=64, verbose_name="File hash")),
                ("note", models.CharField(blank=True, help_text="For colleagues only; customers do not see it. Optional.", max_length=500, verbose_name="Note")),
                ("status", models.CharField(choices=[("submitted", "Submitted"), ("verified", "Verified"), ("rejected", "Rejected")], default="submitted", max_length=10, verbose_name="Status")),
                ("status_since", models.DateTimeField(verbose_name="Since")),
                ("submitted_by", models.CharField(max_length=100, verbose_name="Submitted by")),
                ("verified_by", models.CharField(blank=True, max_length=100, verbose_name="Verified by")),
                ("verified_at", models.DateTimeField(blank=True, null=True, verbose_name="Verified at")),
                ("warned_at", models.DateTimeField(blank=True, null=True, verbose_name="Staff alerted at")),
                ("brand", models.ForeignKey(blank=True, help_text="ID of the brand. Empty = all brands.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.brand", verbose_name="Only for this brand")),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        help_text="ID of the product; do not enter a brand as well. Empty = all products of the supplier.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.product",
                        verbose_name="Only for this product",
                    ),
                ),
                ("supplier", models.ForeignKey(help_text="The supplier that the document is about.", on_delete=django.db.models.deletion.PROTECT, related_name="compliance_documents", to="suppliers.supplier", verbose_name="Supplier")),
            ],
            options={
                "verbose_name": "compliance document",
                "verbose_name_plural": "compliance documents",
                "indexes": [models.Index(fields=["supplier", "criterion"], name="compliance_doc_by_criterion")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("status", "verified"), _negated=True), models.Q(models.Q(("verified_by", ""), _negated=True), ("verified_at__isnull", False)), _connector="OR"),
                        name="compliance_document_verified_says_who_and_when",
                    ),
                    models.CheckConstraint(condition=models.Q(("status__in", ["submitted", "verified", "rejected"])), name="compliance_document_status_is_known"),
                    models.CheckConstraint(condition=models.Q(("brand__isnull", True), ("product__isnull", True), _connector="OR"), name="compliance_document_is_of_one_brand_or_product"),
                    models.CheckConstraint(condition=models.Q(("valid_from__isnull", True), ("valid_until__isnull", True), ("valid_from__lte", models.F("valid_until")), _connector="OR"), name="compliance_document_begins_before_it_ends"),
                    models.CheckConstraint(condition=models.Q(models.Q(("kind", "certificate"), _negated=True), ("valid_until__isnull", False), _connector="OR"), name="compliance_document_certificate_ends"),
                    models.CheckConstraint(condition=models.Q(("file", ""), models.Q(("file_sha256", ""), _negated=True), _connector="OR"), name="compliance_document_file_has_its_hash"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SyncRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("products", "Products"), ("prices", "Prices"), ("stock", "Stock")], max_length=10, verbose_name="Content")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("fetching", "Fetching"),
                            ("parsed", "Parsed"),
                            ("staged", "Staged"),
                            ("applied", "Applied"),
                            ("quarantined", "Quarantined"),
                            ("discarded", "Discarded"),
                            ("failed", "Failed"),
                            ("rolled_back", "Rolled back"),
                        ],
                        default="fetching",
                        max_length=12,
                        verbose_name="Status",
                    ),
                ),
                ("status_since", models.DateTimeField(verbose_name="Status since")),
                ("started_at", models.DateTimeField(verbose_name="Started")),
                ("lease_until", models.DateTimeField(verbose_name="Lease expires at")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="Ended")),
                ("read", models.PositiveIntegerField(default=0, verbose_name="Rows read")),
                ("created", models.PositiveIntegerField(default=0, verbose_name="Created")),
                ("updated", models.PositiveIntegerField(default=0, verbose_name="Updated")),
                ("unchanged", models.PositiveIntegerField(default=0, verbose_name="Unchanged")),
                ("gone", models.PositiveIntegerField(default=0, verbose_name="Discontinued")),
                ("rejected", models.PositiveIntegerField(default=0, verbose_name="Rejected")),
                ("deferred_rows", models.PositiveIntegerField(default=0, verbose_name="Left to the next run")),
                ("problem", models.CharField(blank=True, max_length=500, verbose_name="Error")),
                ("decided_by", models.CharField(blank=True, max_length=100, verbose_name="Decided by")),
                ("guards_waived_by", models.CharField(blank=True, max_length=100, verbose_name="Checks waived by")),
                ("profile", models.JSONField(blank=True, default=dict, verbose_name="Import statistics")),
                ("calls", models.JSONField(blank=True, default=dict, verbose_name="API calls")),
                ("points", models.JSONField(blank=True, default=dict, verbose_name="API points used")),
                ("supplier", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="suppliers.supplier", verbose_name="Supplier")),
            ],
            options={
                "verbose_name": "sync run",
                "verbose_name_plural": "sync runs",
                "indexes": [models.Index(fields=["supplier", "kind", "-started_at"], name="suppliers_s_supplie_548aad_idx")],
                "constraints": [models.UniqueConstraint(condition=models.Q(("status__in", ["fetching", "parsed", "staged"])), fields=("supplier", "kind"), name="run_one_open_per_job")],
            },
        ),
        migrations.CreateModel(
            name="SupplierOffer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("supplier_sku", models.CharField(max_length=60, verbose_name="Supplier SKU")),
                ("product_external_id", models.CharField(max_length=60, verbose_name="Supplier product")),
                ("title", models.CharField(blank=True, max_length=200, verbose_name="Title")),
                ("cost_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name="Cost")),
                ("currency", models.CharField(max_length=3, verbose_name="Currency")),
                ("min_order_units", models.PositiveIntegerField(default=1, verbose_name="Minimum order quantity")),
                ("pack_size", models.PositiveIntegerField(default=1, verbose_name="Pack size")),
                ("lead_days", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="Handling time (days)")),
                ("map_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name="Minimum advertised price (MAP)")),
                ("msrp_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name="Recommended retail price (MSRP)")),
                ("restock_on", models.DateField(blank=True, null=True, verbose_name="Expected back in stock")),
                ("status", models.CharField(choices=[("active", "Active"), ("on_hold", "On hold"), ("discontinued", "Discontinued")], default="active", max_length=20, verbose_name="Status")),
                ("missing_certificates", models.CharField(blank=True, max_length=120, verbose_name="Missing documents")),
                ("seen_at", models.DateTimeField(verbose_name="Last seen")),
                ("cost_reported_at", models.DateTimeField(blank=True, null=True, verbose_name="Cost reported separately at")),
                ("overridden_fields", models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, verbose_name="Overridden fields")),
                ("is_cost_unconfirmed", models.BooleanField(db_default=False, verbose_name="Cost missing from the last report")),
                (
                    "has_cost",
                    models.GeneratedField(db_persist=True, expression=models.ExpressionWrapper(models.Q(("cost_amount__isnull", False)), output_field=models.BooleanField()), output_field=models.BooleanField(), verbose_name="Has a cost"),
                ),
                ("disputed_variant", models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.variant", verbose_name="Disputed variant")),
                ("supplier", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="offers", to="suppliers.supplier", verbose_name="Supplier")),
                ("variant", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="offers", to="catalog.variant", verbose_name="Variant")),
                ("run", models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.syncrun", verbose_name="Sync run")),
            ],
            options={
                "verbose_name": "offer",
                "verbose_name_plural": "offers",
                "indexes": [
                    models.Index(fields=["supplier", "product_external_id"], name="offer_by_product"),
                    models.Index(fields=["supplier", "cost_reported_at"], name="offer_by_age_of_cost"),
                    models.Index(condition=models.Q(models.Q(("status", "active"), _negated=True), models.Q(("missing_certificates", ""), _negated=True), ("has_cost", False), _connector="OR"), fields=["variant"], name="offer_not_sold"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("supplier", "supplier_sku"), name="offer_once_per_supplier_sku"),
                    models.CheckConstraint(condition=models.Q(("cost_amount__isnull", True), ("cost_amount__gt", 0), _connector="OR"), name="offer_cost_positive"),
                    models.CheckConstraint(condition=models.Q(("status__in", ["active", "on_hold", "discontinued"])), name="offer_status_is_known"),
                    models.CheckConstraint(condition=models.Q(("variant__isnull", True), ("disputed_variant__isnull", True), _connector="OR"), name="offer_disputed_is_not_linked"),
                    models.CheckConstraint(condition=models.Q(("min_order_units__gte", 1), ("pack_size__gte", 1)), name="offer_is_sold_in_units"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("map_amount__isnull", True), ("map_amount__gt", 0), _connector="OR"), models.Q(("msrp_amount__isnull", True), ("msrp_amount__gt", 0), _connector="OR")), name="offer_map_and_msrp_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("restock_on__isnull", True), models.Q(("restock_on__gte", datetime.date(2000, 1, 1)), ("restock_on__lt", datetime.date(2100, 1, 1))), _connector="OR"), name="offer_restock_on_is_possible"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StockLevel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reported_quantity", models.IntegerField(default=0, verbose_name="Reported by the supplier (units)")),
                ("safety_stock", models.IntegerField(default=0, verbose_name="Safety stock (units)")),
                ("reserved", models.IntegerField(default=0, verbose_name="Reserved (units)")),
                ("allocated_outstanding", models.IntegerField(default=0, verbose_name="Sold, not yet in reported stock (units)")),
                ("as_of", models.DateTimeField(verbose_name="As of")),
                ("is_unconfirmed", models.BooleanField(default=False, verbose_name="Missing from the last report")),
                ("received_at", models.DateTimeField(verbose_name="Received at")),
                ("location", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="levels", to="suppliers.stocklocation", verbose_name="Warehouse")),
                ("offer", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="levels", to="suppliers.supplieroffer", verbose_name="Offer")),
            ],
            options={
                "verbose_name": "stock level",
                "verbose_name_plural": "stock levels",
                "indexes": [models.Index(fields=["location", "as_of"], name="level_by_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("offer", "location"), name="level_once_per_location"),
                    models.CheckConstraint(condition=models.Q(("reported_quantity__gte", 0)), name="level_reported_not_negative"),
                    models.CheckConstraint(condition=models.Q(("safety_stock__gte", 0)), name="level_safety_stock_not_negative"),
                    models.CheckConstraint(condition=models.Q(("reserved__gte", 0)), name="level_reserved_not_negative"),
                    models.CheckConstraint(condition=models.Q(("allocated_outstanding__gte", 0)), name="level_allocated_not_negative"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupplierProduct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("external_id", models.CharField(max_length=60, verbose_name="Supplier's ID")),
                ("list_digest", models.CharField(max_length=32, verbose_name="List hash")),
                ("cost_digest", models.CharField(max_length=32, verbose_name="Cost hash")),
                ("detail_digest", models.CharField(blank=True, max_length=32, verbose_name="Page hash")),
                ("status", models.CharField(choices=[("active", "Active"), ("refused", "Rejected"), ("discontinued", "Discontinued")], default="active", max_length=20, verbose_name="Status")),
                ("changed_at", models.DateTimeField(verbose_name="Changed at")),
                ("supplier", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="products", to="suppliers.supplier", verbose_name="Supplier")),
            ],
            options={
                "verbose_name": "supplier product",
                "verbose_name_plural": "supplier products",
                "constraints": [
                    models.UniqueConstraint(fields=("supplier", "external_id"), name="supplier_product_once_per_ref"),
                    models.CheckConstraint(condition=models.Q(("status__in", ["active", "refused", "discontinued"])), name="supplier_product_status_is_known"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SyncIssue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("row", models.CharField(max_length=80, verbose_name="Row")),
                ("code", models.SlugField(max_length=40, verbose_name="Error")),
                ("severity", models.CharField(choices=[("error", "Error"), ("warning", "Warning")], max_length=8, verbose_name="Severity")),
                ("message", models.CharField(max_length=500, verbose_name="Message")),
                ("raw", models.JSONField(blank=True, default=dict, verbose_name="Original row")),
                ("resolved_at", models.DateTimeField(blank=True, null=True, verbose_name="Resolved")),
                ("supplier", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="issues", to="suppliers.supplier", verbose_name="Supplier")),
                ("first_run", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.syncrun", verbose_name="First run")),
                ("last_run", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="issues", to="suppliers.syncrun", verbose_name="Last run")),
            ],
            options={
                "verbose_name": "import error",
                "verbose_name_plural": "import errors",
                "constraints": [models.UniqueConstraint(condition=models.Q(("resolved_at__isnull", True)), fields=("supplier", "row", "code"), name="issue_open_once")],
            },
        ),
        migrations.CreateModel(
            name="PendingChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("cost", "Cost"), ("stock", "Stock"), ("discontinued", "Discontinued"), ("page", "Product page")], max_length=20, verbose_name="Type")),
                ("row", models.CharField(max_length=60, verbose_name="Row")),
                ("place", models.CharField(blank=True, max_length=30, verbose_name="Location")),
                ("country", models.CharField(blank=True, max_length=2, verbose_name="Country")),
                ("old", models.DecimalField(decimal_places=2, max_digits=12, null=True, verbose_name="Before")),
                ("new", models.DecimalField(decimal_places=2, max_digits=12, null=True, verbose_name="After")),
                ("size", models.DecimalField(decimal_places=4, default=0, max_digits=18, verbose_name="Magnitude")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("", ""), ("applied", "Applied"), ("next_run", "Left to the next run"), ("rolled_back", "Rolled back"), ("deferred", "Waiting for sales to be subtracted"), ("skipped", "Skipped: newer value exists")],
                        max_length=20,
                        verbose_name="Outcome",
                    ),
                ),
                ("reported_at", models.DateTimeField(blank=True, null=True, verbose_name="Reported at")),
                ("offer", models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="suppliers.supplieroffer", verbose_name="Offer")),
                ("run", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="suppliers.syncrun", verbose_name="Sync run")),
            ],
            options={
                "verbose_name": "pending change",
                "verbose_name_plural": "pending changes",
                "indexes": [
                    models.Index(fields=["run", "-size", "id"], name="change_by_size"),
                    models.Index(fields=["run", "kind", "-size", "id"], name="change_by_kind_and_size"),
                    models.Index(condition=models.Q(("outcome", "deferred")), fields=["run"], name="change_that_waits"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PageBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pages", models.BinaryField(verbose_name="Pages")),
                ("done", models.JSONField(blank=True, null=True, verbose_name="Result")),
                ("run", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="suppliers.syncrun", verbose_name="Sync run")),
            ],
            options={"verbose_name": "page batch", "verbose_name_plural": "page batches"},
        ),
        migrations.CreateModel(
            name="CostChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cause", models.CharField(db_default="", max_length=60, verbose_name="Cause")),
                ("old_amount", models.DecimalField(decimal_places=2, max_digits=12, null=True, verbose_name="Before")),
                ("new_amount", models.DecimalField(decimal_places=2, max_digits=12, null=True, verbose_name="After")),
                ("was_on_hold", models.BooleanField(db_default=False, default=False, verbose_name="Was on hold")),
                ("old_confirmed_at", models.DateTimeField(null=True, verbose_name="Previous value known since")),
                ("at", models.DateTimeField(verbose_name="When")),
                ("offer", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="cost_changes", to="suppliers.supplieroffer", verbose_name="Offer")),
                ("run", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="cost_changes", to="suppliers.syncrun", verbose_name="Sync run")),
            ],
            options={"verbose_name": "cost change", "verbose_name_plural": "cost changes", "indexes": [models.Index(condition=models.Q(("new_amount__gt", models.F("old_amount"))), fields=["at"], name="cost_rises_by_age")]},
        ),
        migrations.CreateModel(
            name="CircuitBreaker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("gateway", models.CharField(blank=True, db_default="", max_length=20, verbose_name="Gateway")),
                ("failures", models.PositiveIntegerField(default=0, verbose_name="Consecutive failures")),
                ("consecutive_opens", models.PositiveIntegerField(default=0, verbose_name="Consecutive pauses")),
                ("opened_at", models.DateTimeField(blank=True, null=True, verbose_name="No response since")),
                ("open_until", models.DateTimeField(blank=True, null=True, verbose_name="Syncs retry at")),
                ("orders_blocked_until", models.DateTimeField(blank=True, null=True, verbose_name="Orders retry at")),
                ("half_open_until", models.DateTimeField(blank=True, null=True, verbose_name="Probe until")),
                ("last_failure", models.CharField(blank=True, max_length=200, verbose_name="Last failure")),
                ("connection", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="breaker", to="suppliers.connection", verbose_name="Connection")),
            ],
            options={
                "verbose_name": "circuit breaker",
                "verbose_name_plural": "circuit breakers",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("opened_at__isnull", True), models.Q(("open_until__isnull", False), ("orders_blocked_until__isnull", False)), _connector="OR"), name="breaker_open_has_an_end"),
                    models.CheckConstraint(condition=models.Q(("connection__isnull", True), ("gateway", ""), _connector="XOR"), name="breaker_of_supplier_or_gateway"),
                    models.UniqueConstraint(condition=models.Q(("gateway", ""), _negated=True), fields=("gateway",), name="breaker_one_per_gateway"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CallQuota",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="Name")),
                ("total", models.PositiveIntegerField(verbose_name="Call limit")),
                ("used", models.PositiveIntegerField(verbose_name="Calls used")),
                ("until", models.DateTimeField(verbose_name="Resets at")),
                ("connection", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="quotas", to="suppliers.connection", verbose_name="Connection")),
            ],
            options={"verbose_name": "API quota", "verbose_name_plural": "API quotas", "constraints": [models.UniqueConstraint(fields=("connection", "name"), name="budget_once_per_name")]},
        ),
        migrations.CreateModel(
            name="ShippingService",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(help_text="Our code: letters, digits and hyphens, unique per warehouse.", max_length=40, verbose_name="Code")),
                (
                    "tier",
                    models.CharField(
                        help_text="economy or express, which customers choose at checkout. A service with another value is used only if no service of the chosen method takes the parcel.", max_length=12, verbose_name="Delivery method"
                    ),
                ),
                ("carrier_service", models.CharField(help_text="Exactly as the supplier writes it: orders refer to the service by this name.", max_length=50, verbose_name="Supplier's name")),
                ("countries", models.JSONField(default=list, help_text="Country codes, such as DE, AT. Empty = all countries.", verbose_name="Countries")),
                ("currency", models.CharField(help_text="Three letters. Cannot be changed later.", max_length=3, verbose_name="Currency")),
                ("base_amount", models.DecimalField(decimal_places=2, help_text="Before the price per kilogram. 0 = only the weight counts.", max_digits=10, verbose_name="Price per parcel")),
                ("per_kg_amount", models.DecimalField(decimal_places=2, help_text="Charged by the gram. 0 = free.", max_digits=10, verbose_name="Price per kilogram")),
                ("min_days", models.PositiveSmallIntegerField(help_text="Calendar days after handover to the carrier. 0 = the same day.", verbose_name="Minimum transit time (days)")),
                ("max_days", models.PositiveSmallIntegerField(help_text="Basis of the latest delivery date shown to customers. Not below the minimum.", verbose_name="Maximum transit time (days)")),
                ("max_weight_g", models.PositiveIntegerField(default=2000, help_text="Heavier parcels use another service. 0 = no parcels.", verbose_name="Maximum parcel weight (g)")),
                ("accepts_cells_in_equipment", models.BooleanField(default=True, help_text="Accepts lights that contain a lithium cell.", verbose_name="Batteries in the light")),
                ("accepts_cells_with_equipment", models.BooleanField(default=False, help_text="Accepts lithium cells packed with their light.", verbose_name="Batteries with the light")),
                ("accepts_cells_alone", models.BooleanField(default=False, help_text="Accepts lithium cells without a light.", verbose_name="Loose batteries")),
                ("max_cell_wh", models.DecimalField(decimal_places=2, default=20, help_text="Postal services usually allow 20. 0 = no lithium.", max_digits=6, verbose_name="Maximum lithium cell (Wh)")),
                ("max_battery_wh", models.DecimalField(decimal_places=2, default=100, help_text="All cells of one light together; 100 is usual. 0 = no lithium.", max_digits=6, verbose_name="Maximum lithium battery (Wh)")),
                ("max_cells", models.PositiveSmallIntegerField(blank=True, help_text="All lights in the parcel together. Empty = no limit.", null=True, verbose_name="Maximum lithium cells per parcel")),
                ("is_active", models.BooleanField(default=True, help_text="If cleared, new parcels do not use this service.", verbose_name="Active")),
                ("location", models.ForeignKey(help_text="Origin warehouse.", on_delete=django.db.models.deletion.PROTECT, related_name="services", to="suppliers.stocklocation", verbose_name="From")),
            ],
            options={
                "verbose_name": "shipping service",
                "verbose_name_plural": "shipping services",
                "constraints": [
                    models.UniqueConstraint(fields=("location", "code"), name="service_once_per_location"),
                    models.CheckConstraint(condition=models.Q(("max_days__gte", models.F("min_days"))), name="service_days_in_order"),
                    models.CheckConstraint(condition=models.Q(("base_amount__gte", 0), ("per_kg_amount__gte", 0)), name="service_price_not_negative"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StockMovement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("reported", "Reported"), ("reserved", "Reserved"), ("allocated", "Sold"), ("absorbed", "Included in reported stock"), ("released", "Released"), ("adjusted", "Adjusted")], max_length=10, verbose_name="Type"
                    ),
                ),
                ("reported_delta", models.IntegerField(default=0, verbose_name="Change of reported stock")),
                ("reserved_delta", models.IntegerField(default=0, verbose_name="Change of reserved stock")),
                ("allocated_delta", models.IntegerField(default=0, verbose_name="Change of sold stock")),
                ("cause", models.CharField(max_length=60, verbose_name="Cause")),
                ("old_confirmed_at", models.DateTimeField(null=True, verbose_name="Previous value known since")),
                ("at", models.DateTimeField(verbose_name="When")),
                ("level", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="movements", to="suppliers.stocklevel", verbose_name="Stock level")),
            ],
            options={
                "verbose_name": "stock movement",
                "verbose_name_plural": "stock movements",
                "indexes": [models.Index(condition=models.Q(("cause__startswith", "rollback:"), ("kind", "adjusted")), fields=["level", "cause"], name="movement_that_gives_back")],
                "constraints": [models.CheckConstraint(condition=models.Q(("allocated_delta", 0), ("reported_delta", 0), ("reserved_delta", 0), _negated=True), name="movement_moves_something")],
            },
        ),
        migrations.CreateModel(
            name="MatchDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("link", "Offer"), ("identifier", "Identifier"), ("merge", "Merge"), ("split", "Split"), ("pair", "Not a duplicate")], max_length=10, verbose_name="Kind")),
                ("answer", models.CharField(choices=[("same", "Same item"), ("different", "Different items")], max_length=10, verbose_name="Decision")),
                ("actor", models.CharField(max_length=150, verbose_name="Decided by")),
                ("at", models.DateTimeField(verbose_name="When")),
                ("before", models.JSONField(blank=True, default=dict, verbose_name="Previous values")),
                ("undone_at", models.DateTimeField(blank=True, null=True, verbose_name="Undone at")),
                ("offer", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplieroffer", verbose_name="Offer")),
                ("other", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.variant", verbose_name="Other variant")),
                ("variant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.variant", verbose_name="Variant")),
            ],
            options={
                "verbose_name": "match decision",
                "verbose_name_plural": "match decisions",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("offer__isnull", False), ("other__isnull", True)), models.Q(("offer__isnull", True), ("other__isnull", False)), _connector="OR"), name="match_decision_is_about_one_thing"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BrandMerge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("actor", models.CharField(max_length=150, verbose_name="Decided by")),
                ("at", models.DateTimeField(verbose_name="When")),
                ("before", models.JSONField(blank=True, default=dict, verbose_name="Previous values")),
                ("undone_at", models.DateTimeField(blank=True, null=True, verbose_name="Undone at")),
                ("brand", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.brand", verbose_name="Brand")),
                ("other", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.brand", verbose_name="Merged brand")),
            ],
            options={
                "verbose_name": "brand merge",
                "verbose_name_plural": "brand merges",
                "constraints": [models.CheckConstraint(condition=models.Q(("brand", models.F("other")), _negated=True), name="brand_merge_is_of_two_brands")],
            },
        ),
        migrations.CreateModel(
            name="DuplicateCandidate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("evidence", models.JSONField(default=list, verbose_name="Evidence")),
                ("contradictions", models.JSONField(default=list, verbose_name="Differences")),
                ("confidence", models.DecimalField(decimal_places=2, max_digits=3, verbose_name="Confidence")),
                ("found_at", models.DateTimeField(verbose_name="Found")),
                ("other", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalog.variant", verbose_name="Other variant")),
                ("variant", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalog.variant", verbose_name="Variant")),
            ],
            options={
                "verbose_name": "duplicate",
                "verbose_name_plural": "duplicates",
                "indexes": [models.Index(fields=["-confidence", "id"], name="duplicate_by_confidence")],
                "constraints": [
                    models.UniqueConstraint(fields=("variant", "other"), name="duplicate_once_per_pair"),
                    models.CheckConstraint(condition=models.Q(("variant__lt", models.F("other"))), name="duplicate_pair_is_ordered"),
                ],
            },
        ),
    ]
