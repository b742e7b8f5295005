"""Make a price book of each rule that a channel had, and terms of what its newest rule paid for.

Prices stay as they are: a book of one rule with the same margin, ending and costs counts the
same. What listings were priced from is taken over as an offer in the channel's own money.
"""

from django.db import migrations
from django.db.models import F


def write_books(apps, _schema_editor):
    rules = apps.get_model("catalog", "PriceRule").objects.order_by("channel", "version")
    books = apps.get_model("catalog", "PriceBook").objects
    newest = {rule.channel_id: rule for rule in rules}
    for rule in rules:
        is_live = newest[rule.channel_id].pk == rule.pk
        book = books.create(
            channel_id=rule.channel_id,
            version=rule.version,
            status="live" if is_live else "retired",
            status_since=rule.created_at,
            made_by="migration",
            made_at=rule.created_at,
            live_at=rule.created_at,
            note=(
                f"fee {rule.fee_rate}, tax {rule.tax_rate}, {rule.extra_amount} per unit"
                " when it was made"
            ),
        )
        rule.book = book
        rule.number = 1
        rule.basis = "cost"
        rule.method = "margin"
        rule.value = rule.margin_rate
        rule.save(update_fields=["book", "number", "basis", "method", "value"])
    for rule in newest.values():
        apps.get_model("catalog", "LandingTerms").objects.create(
            channel_id=rule.channel_id,
            channel_fee_rate=rule.fee_rate,
            tax_rate=rule.tax_rate,
            handling_amount=rule.extra_amount,
            duty_amount=0,  # what was paid for it stood in the amount per unit
        )


def keep_inputs(apps, _schema_editor):
    listings = apps.get_model("catalog", "Listing").objects
    for channel in apps.get_model("catalog", "Channel").objects.all():
        listings.filter(channel=channel, cost_amount__isnull=False).update(
            wholesale_amount=F("cost_amount"), wholesale_currency=channel.currency
        )


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0004_price_books"),
    ]

    operations = [
        migrations.RunPython(write_books, migrations.RunPython.noop),
        migrations.RunPython(keep_inputs, migrations.RunPython.noop),
    ]
