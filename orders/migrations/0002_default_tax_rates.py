from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from orders.tax import default_rates


def add_rates(apps: StateApps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    rate_model = apps.get_model("orders", "TaxRate")
    rate_model.objects.bulk_create(
        rate_model(
            country=each.country,
            region=each.region,
            rate=each.rate,
            valid_from=each.valid_from,
            source=each.source,
        )
        for each in default_rates.default_rates()
    )


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations = [migrations.RunPython(add_rates)]
