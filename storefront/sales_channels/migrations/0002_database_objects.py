from django.db import migrations

from storefront.lib.db.migration_sql import run_files


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial"), ("sales_channels", "0001_initial")]

    operations = run_files(__file__, "changes.sql")
