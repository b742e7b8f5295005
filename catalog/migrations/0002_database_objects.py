from django.db import migrations

from storefront.lib.db.migration_sql import run_files


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = run_files(
        __file__,
        "price_books.sql",
        "delivery_restrictions.sql",
        "card_changes.sql",
        "guarantees.sql",
        "field_changes.sql",
    )
