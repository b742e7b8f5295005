"""Bulk edit factories: make lights, dry-run, apply and undo bulk edits."""

from catalog.bulk_edits import application, planning
from tests.factories.catalog import NOON, make_product, make_spec, make_variant


def make_light(number, **spec):
    product = make_product(slug=f"light-{number}", title=f"Light {number}")
    make_variant(product, sku=f"L-{number}")
    make_spec(product, **{"output_lm": 400, "features": ["zoom"], **spec})
    return product


def operation(field, value, how="set"):
    return {"field": field, "how": how, "value": value}


def create(rows, *operations, kind="products"):
    edit = planning.create_edit(rows, kind=kind, actor="mia", now=NOON)
    application.prepare(edit, operations=list(operations), actor="mia", now=NOON)
    return run(edit)


def run(edit):
    application.continue_edit(edit.pk, now=NOON)
    edit.refresh_from_db()
    return edit


def apply(edit, **reasons):
    application.start(edit, actor="mia", now=NOON, reasons=reasons)
    return run(edit)


def undo(edit):
    application.start_undo(edit, actor="leo", now=NOON)
    return run(edit)


def outcomes(edit):
    return list(edit.rows.order_by("position").values_list("name", "outcome"))
