from django.db import migrations


class Migration(migrations.Migration):
    """A waiver now says how much was waived; one that does not is asked for again."""

    dependencies = [
        ('orders', '0003_purchaseorder_cancel_reason_and_more'),
    ]

    operations = [
        migrations.RunSQL(
            "UPDATE orders_purchaseorder SET waived_reasons = '[]' WHERE waived_reasons <> '[]'",
            migrations.RunSQL.noop,
        ),
    ]
