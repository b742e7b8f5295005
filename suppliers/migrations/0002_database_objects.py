from django.db import migrations

from storefront.lib.db.migration_sql import run_files


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial"), ("suppliers", "0001_initial")]

    operations = run_files(
        __file__, "stock.sql", "publication.sql", "unlocked_fields.sql", "other_statements.sql"
    )
