"""Restore: bring an earlier value or a removed row back, as an edit by staff, with all its checks."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, cast

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from catalog.attributes.identifiers import InvalidGtinError
from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import CUSTOM
from catalog.custom_attributes.values import of_kind
from catalog.listings.publication import lock_with_variants
from catalog.models import (
    Brand,
    FieldChange,
    Identifier,
    Image,
    Mode,
    Product,
    ProductText,
    Spec,
    Variant,
)
from catalog.products import editing, identifier_edits, image_edits, spec_edits, variant_edits
from catalog.products.identifier_edits import IdentifierTakenError, InvalidPartNumberError
from catalog.products.images import MAX_POSITION
from catalog.products.spec_edits import BASIS, REASON
from catalog.products.staff.history.change_texts import ChangeTexts, Record, field_of
from catalog.products.staff.history.present_rows import (
    PresentRows,
    RestoreError,
    find_current,
    version_of,
)
from catalog.products.staff.spec_form import CAN_BE_UNLIKELY_IN_FORM, ModeForm, spec_form
from catalog.products.staff.variant_form import VariantForm
from catalog.products.translations import text_edits
from catalog.products.translations.text_edits import TranslatedTexts
from catalog.readiness import lifecycle
from storefront.lib.db.change_source import set_change_source
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.state_machine import InvalidTransitionError

type FormOfProduct = Callable[[Product], type[forms.ModelForm[Any]]]
TEXT_COLUMNS = ("title", "summary", "description_html")


@requires_transaction
def restore(
    change: FieldChange,
    *,
    seen: str,
    request: HttpRequest,
    form_of_product: "FormOfProduct",
    now: datetime,
) -> list[str]:
    """Restore the old value of a change, or the removed row; return the warnings about it.

    Shape:  ``seen`` is the version of the present value that staff saw
    Locks:  the variants of the product, its listings, each in id order, then the product, then an
            earlier brand
    Raises: RestoreError  it cannot be restored, or it has changed since staff saw it
    """
    lock_with_variants([change.product_id])
    if change.field == "brand_id":  # a merge of the brand is over, or waits and sees the product
        list(Brand.objects.select_for_update(of=["self"]).filter(pk=change.old or 0))
    rows = PresentRows(change.product_id)
    current = find_current(change, rows, ChangeTexts([change]))
    if seen != version_of(current):
        raise RestoreError(_("The value has changed since the page was shown. Look at it again."))
    actor = str(request.user)
    set_change_source("restore", actor=actor)
    product = Product.objects.select_related("brand").get(pk=change.product_id)
    match change.record:
        case Record.PRODUCT:
            _restore_product(change, product, form_of_product, actor=actor, now=now)
        case Record.SPEC:
            return _restore_spec(change, product, actor=actor, now=now)
        case Record.VARIANT:
            _restore_variant(change, now=now)
        case Record.IDENTIFIER:
            _restore_identifier(change, product, now=now)
        case Record.MODE:
            _restore_mode(change, product, now=now)
        case Record.IMAGE:
            _restore_image(change, product, now=now)
        case Record.TEXT:
            _restore_text(change, product, now=now)
    return []


def locks_field(change: FieldChange) -> bool:
    """Return whether imports do not change the field after it is restored."""
    name = field_of(change)
    if change.record == Record.PRODUCT:
        return name in editing.LOCKABLE_FIELDS
    if change.record == Record.VARIANT:
        return name in variant_edits.LOCKABLE_FIELDS
    return change.record in {Record.SPEC, Record.MODE, Record.IMAGE}


@requires_transaction
def _restore_product(
    change: FieldChange,
    product: Product,
    form_of_product: "FormOfProduct",
    *,
    actor: str,
    now: datetime,
) -> None:
    name, old = field_of(change), cast("Any", change.old)
    if name == "status":
        try:
            lifecycle.move_product(product=product, to=old, actor=actor, now=now, source="restore")
        except InvalidTransitionError as error:
            raise RestoreError(str(error)) from error
        return
    form = _checked(form_of_product(product), product, {name: old})
    changes = {name: form.cleaned_data[name]}
    editing.apply_edit(product=product, changes=changes, now=now)


@requires_transaction
def _restore_variant(change: FieldChange, *, now: datetime) -> None:
    variant = Variant.objects.select_related("product").get(pk=change.record_id)
    name, value = field_of(change), change.old
    if name == "replaced_by":
        value = Variant.objects.filter(pk=value or 0).values_list("sku", flat=True).first()
    form = _checked(VariantForm, variant, {name: value})
    variant_edits.edit_variant(variant=variant, changes=form.changes(), now=now)


@requires_transaction
def _restore_spec(change: FieldChange, product: Product, *, actor: str, now: datetime) -> list[str]:
    """Restore a value together with its basis and reason at that time, or a basis alone."""
    spec = Spec.objects.filter(product=product).first() or Spec(product=product)
    values = {change.field: change.old}
    if (basis := _next_change(change, f"{BASIS}{change.field}")) is not None:
        values[basis.field] = basis.old or Spec.Basis.NONE
    definitions = [one for one in registry.load() if one.applies_to(product.family)]
    reasons = dict.fromkeys(CAN_BE_UNLIKELY_IN_FORM, _("Restored from the history"))
    if change.field in reasons:
        reasons[change.field] = _reason_before(change, change.field)
    of_form = {f"{REASON}{column}": reason for column, reason in reasons.items()}
    form = _checked(spec_form(definitions), spec, {**values, **of_form}, wanted=values)
    findings = spec_edits.edit_spec(
        product=product,
        changes=form.changes(),
        actor=actor,
        now=now,
        reasons={column: reasons[column] for column in form.unlikely},
    )
    return [finding.message for finding in findings]


def _next_change(change: FieldChange, field: str) -> FieldChange | None:
    """Return the first change of a field of the specification since a change."""
    later = FieldChange.objects.filter(
        product=change.product_id, record=Record.SPEC, field=field, at__gte=change.at
    )
    return later.order_by("pk").first()


def _reason_before(change: FieldChange, column: str) -> str:
    """Return why the earlier value was right, if staff stated it."""
    later = _next_change(change, f"{REASON}{column}")
    stated = cast("str | None", later.old) if later else None
    return stated or _("Restored from the history")


@requires_transaction
def _restore_identifier(change: FieldChange, product: Product, *, now: datetime) -> None:
    old = cast("Any", change.old)
    added, verified = [], {}
    if change.field:
        row = Identifier.objects.select_related("variant").get(pk=change.record_id)
        verified = {row.pk: old == Identifier.State.VERIFIED}
        variant, scheme, value = row.variant, row.scheme, row.value
    else:
        variant, scheme = Variant.objects.get(pk=cast("int", change.variant_id)), old["scheme"]
        raw = old["raw"] or old["value"].rpartition(":")[2]
        value = _parse(scheme, raw, brand=product.brand.name)
        added = [Identifier(scheme=scheme, value=value, raw=old["raw"])]
    try:
        identifier_edits.check_free(variant=variant, scheme=scheme, value=value)
    except IdentifierTakenError as error:
        message = _("The variant %(sku)s has the number %(number)s. Remove it there first.")
        values = {"sku": error.variant.sku, "number": value.rpartition(":")[2]}
        raise RestoreError(message % values) from error
    identifier_edits.save_identifiers(
        variant=variant, added=added, verified=verified, removed=[], now=now
    )


def _parse(scheme: str, raw: str, *, brand: str) -> str:
    try:
        return identifier_edits.parse(scheme=scheme, raw=raw, brand=brand)
    except (InvalidGtinError, InvalidPartNumberError) as error:
        raise RestoreError(_("The number is not valid any more.")) from error


@requires_transaction
def _restore_mode(change: FieldChange, product: Product, *, now: datetime) -> None:
    """Restore a value of a mode, or add the removed mode after the others."""
    modes, old = [*Mode.objects.filter(product=product).order_by("position")], change.old
    if change.field:
        changed = next(mode for mode in modes if mode.pk == change.record_id)
        _checked(ModeForm, changed, {change.field: old})  # sets the value
    else:
        added = _checked(ModeForm, Mode(product=product), cast("Any", old))
        modes.append(added.instance)
    reason = _reason_before(change, spec_edits.MODES)
    spec_edits.edit_modes(product=product, modes=modes, now=now, reason=reason)


@requires_transaction
def _restore_image(change: FieldChange, product: Product, *, now: datetime) -> None:
    """Restore a value of an image, or add the removed image after the others."""
    old = cast("Any", change.old)
    if change.field:
        image = Image.objects.get(pk=change.record_id)
        setattr(image, change.field, change.old)
    else:
        variant = Variant.objects.filter(product=product, pk=change.variant_id or 0).first()
        image = Image(**old, variant=variant, position=MAX_POSITION)
    is_main = change.field == "role" and change.old == Image.Role.MAIN
    image_edits.edit_images(
        product=product,
        saved=[image],
        removed=[],
        main=image if is_main else None,
        now=now,
    )


@requires_transaction
def _restore_text(change: FieldChange, product: Product, *, now: datetime) -> None:
    old = cast("Any", change.old)
    texts: dict[str, Any]
    if change.field:
        language, _colon, column = change.field.partition(":")
        present = ProductText.objects.filter(product=product, language=language).first()
        texts = {name: getattr(present, name, "") for name in TEXT_COLUMNS} | {
            column: change.old or ""
        }
    else:
        language = old["language"]
        texts = {name: old[name] or "" for name in TEXT_COLUMNS}
    text_edits.save_texts(
        product=product, language=language, texts=TranslatedTexts(**texts), now=now
    )


def _checked[F: "forms.ModelForm[Any]"](
    form_class: type[F],
    row: Any,
    values: Mapping[str, Any],
    *,
    wanted: Collection[str] | None = None,
) -> F:
    """Return the valid form of a row, as if staff had typed these values.

    ``wanted`` are those of which one must change; None for all.
    Raises: RestoreError
    """
    shown = form_class(instance=row)
    data = {one: shown[one].value() for one in shown.fields}
    definitions = {one.code: one for one in getattr(form_class, "definitions", ())}
    for name, value in values.items():
        if name not in shown.fields:
            raise RestoreError(_("This field does not exist any more."))
        definition = definitions.get(name.removeprefix(CUSTOM))
        typed = of_kind(value, definition) if definition else value
        data[name] = shown.fields[name].prepare_value(typed)
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
    if not {*(values if wanted is None else wanted)} & {*form.changed_data}:
        raise RestoreError(_("The field has this value already."))
    return form
