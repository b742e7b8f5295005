"""Restore: give a field its earlier value back, as an edit by staff, with all checks of the page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import CUSTOM
from catalog.custom_attributes.values import of_kind
from catalog.models import FieldChange, Product, Spec, Variant
from catalog.models.attributes import EDITABLE_COLUMNS
from catalog.products import editing, spec_edits, variant_edits
from catalog.products.staff.history.change_texts import Record, field_of
from catalog.products.staff.spec_form import spec_form
from catalog.products.staff.variant_form import VariantForm
from storefront.lib.db.change_source import set_change_source
from storefront.lib.db.transactions import requires_transaction


class RestoreError(ValueError):
    """An earlier value cannot be restored; the text says why."""


def find_current(change: FieldChange, *, product: Product, spec: Spec | None) -> Any:
    """Return the current value of the changed field. Raises LookupError: it cannot be restored."""
    name = field_of(change)
    match change.record:
        case Record.PRODUCT if name in {*editing.LOCKABLE_FIELDS, *editing.OWN_FIELDS}:
            return getattr(product, change.field)
        case Record.VARIANT if name in {*variant_edits.LOCKABLE_FIELDS, *variant_edits.OWN_FIELDS}:
            if change.variant is not None:
                return getattr(change.variant, change.field)
        case Record.SPEC if name.startswith(CUSTOM) and spec is not None:
            code = name.removeprefix(CUSTOM)
            if any(one.code == code for one in registry.cached()):
                return spec.custom_values.get(code)
        case Record.SPEC if name in EDITABLE_COLUMNS:
            return getattr(spec, name, None)
    raise LookupError(name)


def is_restorable(change: FieldChange, *, product: Product, spec: Spec | None) -> bool:
    """Return whether a service can set the old value, and it differs from the current one."""
    try:
        return not _is_equal(find_current(change, product=product, spec=spec), change.old)
    except LookupError:
        return False


def _is_equal(current: Any, old: Any) -> bool:
    """Compare a value with its JSON; numbers of JSON have no trailing zeros."""
    if isinstance(old, int | float) and not isinstance(old, bool) and current is not None:
        return float(current) == float(old)
    return bool((current or None) == (old or None)) if old is not False else current is False


@requires_transaction
def restore(
    change: FieldChange,
    *,
    request: HttpRequest,
    form_of_product: "Callable[[Product], type[forms.ModelForm[Any]]]",
    now: datetime,
) -> list[str]:
    """Restore the old value of a change; return the warnings about it.

    Locks:  as the service of the field
    Raises: RestoreError  the value is not valid any more, or the field has it already
    """
    product = Product.objects.get(pk=change.product_id)
    actor = str(request.user)
    set_change_source("restore", actor=actor)
    name = field_of(change)
    if change.record == Record.PRODUCT:
        form = _checked(form_of_product(product), product, name, change.old)
        changes = {name: form.cleaned_data[name]}
        editing.apply_edit(product=product, changes=changes, now=now)
        return []
    if change.record == Record.VARIANT:
        variant = Variant.objects.select_related("product").get(pk=change.record_id)
        value: Any = change.old
        if name == "replaced_by":
            skus = Variant.objects.filter(pk=value or 0).values_list("sku", flat=True)
            value = skus.first()
        variant_form = _checked(VariantForm, variant, name, value)
        variant_edits.edit_variant(variant=variant, changes=variant_form.changes(), now=now)
        return []
    spec = Spec.objects.filter(product=product).first() or Spec(product=product)
    definitions = [one for one in registry.load() if one.applies_to(product.family)]
    spec_checked = _checked(spec_form(definitions), spec, name, change.old)
    changes = spec_checked.changes()
    findings = spec_edits.edit_spec(product=product, changes=changes, actor=actor, now=now)
    return [finding.message for finding in findings]


def _checked[F: "forms.ModelForm[Any]"](form_class: type[F], row: Any, name: str, value: Any) -> F:
    """Return the valid form of a row, as if staff had typed one value.

    Raises: RestoreError
    """
    shown = form_class(instance=row)
    if name not in shown.fields:
        raise RestoreError(_("This field does not exist any more."))
    data = {one: shown[one].value() for one in shown.fields}
    field = shown.fields[name]
    definitions = {one.code: one for one in getattr(form_class, "definitions", ())}
    if definition := definitions.get(name.removeprefix(CUSTOM)):
        value = of_kind(value, definition)
    data[name] = field.prepare_value(value)
    form = form_class(
        {one: "" if each is None else each for one, each in data.items()},
        instance=row,
    )
    if not form.is_valid():
        texts = (
            f"{form.fields[one].label or one}: {' '.join(map(str, errors))}"
            if one in form.fields
            else errors[0]
            for one, errors in form.errors.items()
        )
        raise RestoreError(" ".join(map(str, texts)))
    if name not in form.changed_data:
        raise RestoreError(_("The field has this value already."))
    return form
