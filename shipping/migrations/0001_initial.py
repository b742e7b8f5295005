import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("orders", "0001_initial"), ("suppliers", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="LiveRateLocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_active", models.BooleanField(default=True)),
                ("location", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="live_rate_location", to="suppliers.stocklocation")),
            ],
        ),
        migrations.CreateModel(
            name="Shipment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField()),
                ("purchase_order", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="shipment", to="orders.purchaseorder")),
            ],
        ),
        migrations.CreateModel(
            name="Parcel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("carrier", models.CharField(max_length=60)),
                ("number", models.CharField(blank=True, max_length=60)),
                ("tracking_url", models.CharField(blank=True, max_length=300)),
                ("status", models.CharField(choices=[("label_created", "Announced"), ("shipped", "Handed over"), ("delivered", "Delivered"), ("voided", "Voided")], default="label_created", max_length=16)),
                ("status_since", models.DateTimeField()),
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
                    ),
                ),
                ("carrier_status_at", models.DateTimeField(blank=True, null=True)),
                ("label_created_at", models.DateTimeField()),
                ("is_content_unknown", models.BooleanField(default=False)),
                ("shipment", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="parcels", to="shipping.shipment")),
            ],
            options={"constraints": [models.UniqueConstraint(condition=models.Q(("number", ""), _negated=True), fields=("carrier", "number"), name="parcel_unique_number")]},
        ),
        migrations.CreateModel(
            name="TrackingEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("external_id", models.CharField(max_length=120)),
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
                    ),
                ),
                ("description", models.CharField(blank=True, max_length=300)),
                ("place", models.CharField(blank=True, max_length=120)),
                ("happened_at", models.DateTimeField(blank=True, null=True)),
                ("received_at", models.DateTimeField()),
                ("parcel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="tracking_events", to="shipping.parcel")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("parcel", "external_id"), name="tracking_event_unique")]},
        ),
        migrations.CreateModel(
            name="ParcelLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.PositiveSmallIntegerField()),
                ("order_line", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="parcel_lines", to="orders.orderline")),
                ("parcel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="shipping.parcel")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("parcel", "order_line"), name="parcel_line_unique"), models.CheckConstraint(condition=models.Q(("quantity__gte", 1)), name="parcel_line_has_units")]},
        ),
    ]
