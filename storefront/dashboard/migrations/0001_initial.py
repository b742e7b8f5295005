import datetime

import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from storefront.lib.db.migration_sql import run_files


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("catalog", "0002_database_objects"),
        ("notifications", "0002_database_objects"),
        ("orders", "0002_default_tax_rates"),
        ("shipping", "0001_initial"),
        ("suppliers", "0002_database_objects"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="InvariantViolation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=60, unique=True, verbose_name="Code")),
                ("sentence", models.CharField(max_length=300, verbose_name="Rule")),
                ("count", models.PositiveIntegerField(verbose_name="Quantity")),
                ("rows", models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name="First violations")),
                ("since", models.DateTimeField(verbose_name="Since")),
                ("seen_at", models.DateTimeField(verbose_name="Last seen")),
            ],
            options={"verbose_name": "failed integrity check", "verbose_name_plural": "failed integrity checks"},
        ),
        migrations.CreateModel(
            name="InboxSnooze",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cause", models.SlugField(db_index=False, max_length=40, verbose_name="Issue")),
                ("row", models.BigIntegerField(verbose_name="Record number")),
                ("until", models.DateTimeField(verbose_name="Snoozed until")),
                ("by", models.CharField(max_length=100, verbose_name="By")),
                ("at", models.DateTimeField(verbose_name="When")),
            ],
            options={"verbose_name": "snoozed item", "verbose_name_plural": "snoozed items", "constraints": [models.UniqueConstraint(fields=("cause", "row"), name="inbox_snooze_once")]},
        ),
        migrations.CreateModel(
            name="InboxNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cause", models.SlugField(db_index=False, max_length=40, verbose_name="Issue")),
                ("row", models.BigIntegerField(verbose_name="Record number")),
                ("text", models.CharField(max_length=500, verbose_name="Note")),
                ("by", models.CharField(max_length=100, verbose_name="By")),
                ("at", models.DateTimeField(verbose_name="When")),
            ],
            options={"verbose_name": "inbox note", "verbose_name_plural": "inbox notes", "constraints": [models.UniqueConstraint(fields=("cause", "row", "by", "text"), name="inbox_note_once")]},
        ),
        migrations.CreateModel(
            name="InboxCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cause", models.SlugField(db_index=False, max_length=40, verbose_name="Issue")),
                ("row", models.BigIntegerField(verbose_name="Record number")),
                ("order_id", models.BigIntegerField(null=True, verbose_name="Order")),
                ("opened_at", models.DateTimeField(verbose_name="Opened")),
                ("settled_at", models.DateTimeField(null=True, verbose_name="Settled")),
                ("settled_by", models.CharField(blank=True, choices=[("staff", "By hand"), ("rule", "By a rule"), ("itself", "By itself")], max_length=6, verbose_name="Settled by")),
            ],
            options={
                "verbose_name": "inbox case",
                "verbose_name_plural": "inbox cases",
                "indexes": [models.Index(fields=["opened_at"], name="inbox_case_by_opened"), models.Index(fields=["settled_at"], name="inbox_case_by_settled")],
                "constraints": [models.UniqueConstraint(condition=models.Q(("settled_at", None)), fields=("cause", "row"), name="inbox_case_open_once")],
            },
        ),
        migrations.CreateModel(
            name="SettlingRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="Name")),
                ("cause", models.SlugField(db_index=False, max_length=40, verbose_name="Issue")),
                ("action", models.SlugField(db_index=False, max_length=40, verbose_name="Action")),
                ("max_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name="Amount at most")),
                ("max_daily_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name="Amount per day at most")),
                ("currency", models.CharField(blank=True, max_length=3, verbose_name="Currency")),
                ("max_failures", models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1)], verbose_name="Failures until it is switched off")),
                ("is_on", models.BooleanField(default=False, verbose_name="Switched on")),
                ("failures", models.PositiveSmallIntegerField(default=0, verbose_name="Failures in a row")),
                ("stopped_at", models.DateTimeField(blank=True, null=True, verbose_name="Switched off after failures")),
                ("changed_by", models.CharField(blank=True, max_length=100, verbose_name="Changed by")),
                ("channel", models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.channel", verbose_name="Channel")),
                ("supplier", models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier", verbose_name="Supplier")),
            ],
            options={
                "verbose_name": "rule for inbox items",
                "verbose_name_plural": "rules for inbox items",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("max_failures__gt", 0)), name="settling_rule_stops"),
                    models.CheckConstraint(condition=models.Q(("stopped_at", None), ("is_on", False), _connector="OR"), name="settling_rule_stopped_is_off"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("max_amount", None), ("max_daily_amount", None)), models.Q(("currency", ""), _negated=True), _connector="OR"), name="settling_rule_limit_has_currency"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SettlingRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="Record")),
                ("amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name="Amount")),
                ("currency", models.CharField(blank=True, max_length=3, verbose_name="Currency")),
                ("status", models.CharField(choices=[("started", "Started"), ("done", "Done"), ("failed", "Failed"), ("undone", "Undone")], default="started", max_length=8, verbose_name="Status")),
                ("problem", models.CharField(blank=True, max_length=500, verbose_name="Problem")),
                ("at", models.DateTimeField(verbose_name="When")),
                ("undone_by", models.CharField(blank=True, max_length=100, verbose_name="Undone by")),
                ("case", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="run", to="dashboard.inboxcase", verbose_name="Inbox case")),
                ("rule", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="dashboard.settlingrule", verbose_name="Rule")),
            ],
            options={
                "verbose_name": "item settled by a rule",
                "verbose_name_plural": "items settled by rules",
                "indexes": [
                    models.Index(fields=["rule", "at"], name="settling_run_by_rule"),
                    models.Index(condition=models.Q(("status", "started")), fields=["at"], name="settling_run_started"),
                ],
                "constraints": [models.CheckConstraint(condition=models.Q(models.Q(("status", "undone"), _negated=True), models.Q(("undone_by", ""), _negated=True), _connector="OR"), name="settling_run_undone_by_staff")],
            },
        ),
        migrations.CreateModel(
            name="HandledOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="Last action")),
                ("order", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="orders.order", verbose_name="Order")),
            ],
            options={"verbose_name": "order handled by staff", "verbose_name_plural": "orders handled by staff"},
        ),
        migrations.CreateModel(
            name="InboxAssignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cause", models.SlugField(db_index=False, max_length=40, verbose_name="Issue")),
                ("row", models.BigIntegerField(verbose_name="Record number")),
                ("by", models.CharField(max_length=100, verbose_name="By")),
                ("at", models.DateTimeField(verbose_name="When")),
            ],
            options={"verbose_name": "assignment", "verbose_name_plural": "assignments", "constraints": [models.UniqueConstraint(fields=("cause", "row"), name="inbox_assignment_once")]},
        ),
        migrations.CreateModel(
            name="InvariantCheckRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="When")),
                ("newest_unpublished_supply", models.BigIntegerField(default=0, verbose_name="Newest supply change to publish")),
            ],
            options={"verbose_name": "integrity check run", "verbose_name_plural": "integrity check runs", "indexes": [models.Index(fields=["at"], name="checkup_by_time")]},
        ),
        migrations.CreateModel(
            name="DefaultGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True, verbose_name="Name")),
                ("permissions", models.JSONField(default=list, verbose_name="Permissions")),
                ("group", models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="auth.group", verbose_name="Group")),
            ],
            options={"verbose_name": "default group", "verbose_name_plural": "default groups"},
        ),
        migrations.CreateModel(
            name="AlertRecipient",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(choices=[("en", "English"), ("az", "Azərbaycanca")], default="en", max_length=5, verbose_name="Language")),
                ("urgent_kinds", models.JSONField(blank=True, default=list, verbose_name="At once")),
                ("digest_kinds", models.JSONField(blank=True, default=list, verbose_name="In the morning digest")),
                ("digest_at", models.TimeField(default=datetime.time(8, 0), verbose_name="Time of the digest")),
                ("time_zone", models.CharField(default="Europe/Berlin", max_length=40, verbose_name="Time zone")),
                ("sends_empty_digest", models.BooleanField(default=False, verbose_name="Also send a digest if nothing waits")),
                ("digest_day", models.DateField(blank=True, null=True, verbose_name="Last digest")),
                ("channel", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="notifications.chatchannel", verbose_name="Chat channel")),
                ("user", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="Staff member")),
            ],
            options={
                "verbose_name": "alert recipient",
                "verbose_name_plural": "alert recipients",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("channel__isnull", False), ("user__isnull", True)), models.Q(("channel__isnull", True), ("user__isnull", False)), _connector="OR"), name="alert_recipient_is_one"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AnnouncedCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cause", models.SlugField(db_index=False, max_length=40, verbose_name="Issue")),
                ("row", models.BigIntegerField(verbose_name="Record number")),
            ],
            options={"verbose_name": "announced case", "verbose_name_plural": "announced cases", "constraints": [models.UniqueConstraint(fields=("cause", "row"), name="announced_case_once")]},
        ),
        migrations.CreateModel(
            name="AlertedKind",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cause", models.SlugField(db_index=False, max_length=40, verbose_name="Issue")),
                ("cases", models.JSONField(default=list, verbose_name="Cases")),
                ("at", models.DateTimeField(null=True, verbose_name="Last alert")),
                ("recipient", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="alerted", to="dashboard.alertrecipient", verbose_name="Recipient")),
            ],
            options={"verbose_name": "sent alert", "verbose_name_plural": "sent alerts", "constraints": [models.UniqueConstraint(fields=("recipient", "cause"), name="alerted_kind_once")]},
        ),
        migrations.CreateModel(
            name="PendingFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order_id", models.BigIntegerField(verbose_name="Order")),
            ],
            options={"verbose_name": "order to count again", "verbose_name_plural": "orders to count again"},
        ),
        migrations.CreateModel(
            name="DailyFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="Date")),
                ("currency", models.CharField(max_length=3, verbose_name="Currency")),
                ("units", models.PositiveIntegerField(verbose_name="Units ordered")),
                ("canceled", models.PositiveIntegerField(verbose_name="Units canceled")),
                ("delivered", models.PositiveIntegerField(verbose_name="Units delivered")),
                ("returned", models.PositiveIntegerField(verbose_name="Units returned")),
                ("revenue", models.DecimalField(decimal_places=2, max_digits=16, verbose_name="Net sales")),
                ("refunds", models.DecimalField(decimal_places=2, max_digits=16, verbose_name="Refunds")),
                ("profit", models.DecimalField(decimal_places=2, max_digits=16, verbose_name="Profit")),
                ("kept", models.PositiveIntegerField(verbose_name="Promise kept")),
                ("missed", models.PositiveIntegerField(verbose_name="Promise missed")),
                ("repeats", models.PositiveIntegerField(verbose_name="Orders of repeat customers")),
                ("estimated", models.PositiveIntegerField(verbose_name="Orders with estimated costs")),
                ("orders", models.PositiveIntegerField(verbose_name="Orders")),
                ("channel", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.channel", verbose_name="Channel")),
                ("supplier", models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier", verbose_name="Supplier")),
            ],
            options={"verbose_name": "daily figures", "verbose_name_plural": "daily figures", "constraints": [models.UniqueConstraint(fields=("day", "supplier", "channel", "currency"), name="daily_figures_once", nulls_distinct=False)]},
        ),
        migrations.CreateModel(
            name="OrderFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="Date")),
                ("currency", models.CharField(max_length=3, verbose_name="Currency")),
                ("units", models.PositiveIntegerField(verbose_name="Units ordered")),
                ("canceled", models.PositiveIntegerField(verbose_name="Units canceled")),
                ("delivered", models.PositiveIntegerField(verbose_name="Units delivered")),
                ("returned", models.PositiveIntegerField(verbose_name="Units returned")),
                ("revenue", models.DecimalField(decimal_places=2, max_digits=16, verbose_name="Net sales")),
                ("refunds", models.DecimalField(decimal_places=2, max_digits=16, verbose_name="Refunds")),
                ("profit", models.DecimalField(decimal_places=2, max_digits=16, verbose_name="Profit")),
                ("kept", models.PositiveIntegerField(verbose_name="Promise kept")),
                ("missed", models.PositiveIntegerField(verbose_name="Promise missed")),
                ("repeats", models.PositiveIntegerField(verbose_name="Orders of repeat customers")),
                ("estimated", models.PositiveIntegerField(verbose_name="Orders with estimated costs")),
                ("channel", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.channel", verbose_name="Channel")),
                ("order", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="figures", to="orders.order", verbose_name="Order")),
                ("supplier", models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="suppliers.supplier", verbose_name="Supplier")),
            ],
            options={"verbose_name": "figures of an order", "verbose_name_plural": "figures of orders", "indexes": [models.Index(fields=["day"], name="order_figures_by_day")], "constraints": [models.UniqueConstraint(fields=("order", "supplier"), name="order_figures_once", nulls_distinct=False)]},
        ),
        migrations.CreateModel(
            name="DailyVisits",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="Date")),
                ("views", models.PositiveIntegerField(verbose_name="Product views")),
                ("carts", models.PositiveIntegerField(verbose_name="New carts")),
                ("checkouts", models.PositiveIntegerField(verbose_name="Checkouts begun")),
                ("channel", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.channel", verbose_name="Channel")),
            ],
            options={"verbose_name": "daily visits", "verbose_name_plural": "daily visits", "constraints": [models.UniqueConstraint(fields=("day", "channel"), name="daily_visits_once")]},
        ),
        migrations.CreateModel(
            name="EmptySearch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="Date")),
                ("text", models.CharField(max_length=60, verbose_name="Search text")),
                ("count", models.PositiveIntegerField(verbose_name="Searches")),
                ("channel", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.channel", verbose_name="Channel")),
            ],
            options={"verbose_name": "search without results", "verbose_name_plural": "searches without results", "constraints": [models.UniqueConstraint(fields=("day", "channel", "text"), name="empty_search_once")]},
        ),
        *run_files(__file__, "figures.sql"),
    ]
