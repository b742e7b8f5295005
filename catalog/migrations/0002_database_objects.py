from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from catalog.attributes.families import BUILT_IN
from catalog.readiness.requirements import built_in_requirements
from catalog.texts.title_templates import DEFAULT_TEMPLATES
from storefront.lib.db.migration_sql import run_files


def add_families(apps: StateApps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    family_model = apps.get_model("catalog", "ProductFamily")
    family_model.objects.bulk_create(
        family_model(
            code=family.code,
            kind=family.kind,
            names=dict(family.names),
            category=family.category,
            sku_prefix=family.sku_prefix,
            words=list(family.words),
            match_priority=family.match_priority,
            search_words=family.search_words,
            max_first_price_eur=family.max_first_price_eur,
            title_templates=dict(DEFAULT_TEMPLATES[family.kind]),
            position=position,
        )
        for position, family in enumerate(BUILT_IN)
    )


def add_requirements(apps: StateApps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    requirement_model = apps.get_model("catalog", "Requirement")
    requirement_model.objects.bulk_create(
        requirement_model(family=family, subject=code, is_required=is_required)
        for family, code, is_required in built_in_requirements()
    )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = [
        migrations.RunPython(add_families, migrations.RunPython.noop),
        migrations.RunPython(add_requirements, migrations.RunPython.noop),
        *run_files(
            __file__,
            "families.sql",
            "price_books.sql",
            "delivery_restrictions.sql",
            "card_changes.sql",
            "guarantees.sql",
            "field_changes.sql",
            "completeness.sql",
        ),
    ]
