from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from shipping.silence.default_rules import DEFAULT_RULES


def add_rules(apps: StateApps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    rule_model = apps.get_model("shipping", "SilenceRule")
    rule_model.objects.bulk_create(rule_model(**known) for known in DEFAULT_RULES)


class Migration(migrations.Migration):
    dependencies = [("shipping", "0001_initial")]

    operations = [migrations.RunPython(add_rules, migrations.RunPython.noop)]
