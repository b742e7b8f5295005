"""Merchant API: create and change products and variants with the functions of the staff pages.

Each function names the API and its key as the source of the changes.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import override
from rest_framework import serializers

from catalog.attributes.colors import color_of
from catalog.attributes.text_cleaning import clean_html, clean_text
from catalog.brands.aliases import get_or_create_brand
from catalog.listings.publication import lock_with_variants
from catalog.models import Category, Identifier, Product, Variant
from catalog.products import creation, editing, identifier_edits, variant_edits
from catalog.products.staff import variant_form
from catalog.products.staff.creation_form import VARIANT_FIELDS, ProductAddForm, VariantAddForm
from catalog.readiness import lifecycle
from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.lib.db.change_source import set_change_source
from storefront.lib.http.errors import TemporaryError
from suppliers.models import Connection, StockLocation, SupplierOffer
from suppliers.pushes import stock
from suppliers.pushes.rows import StockRow
from suppliers.runs.runs import QuarantinedError

SOURCE = "api"
# The names of fields in the API, where the forms of staff have others.
API_TO_FORM = {"options": "option_values"}
FORM_TO_API = {"brand_name": "brand", "option_values": "options", "__all__": "non_field_errors"}
OF_VARIANT = {*VARIANT_FIELDS, "option_values"}
BATTERY = ("lithium", "cell_wh", "cell_count")

type Check[T] = Callable[[T], None]


def create_product(values: Mapping[str, Any], *, actor: str) -> Product:
    """Create a draft with its first variant. Raises ValidationError."""
    names = values.get("option_names", [])
    data = {
        **_form_values(values["variant"]),
        "title": values["title"],
        "brand_name": values["brand"],
        "category": values["category"].pk,
        "family": values["family"],
        "option_names": names,
    }
    form = ProductAddForm(data)
    _require_valid(form)
    product: Product = form.save(commit=False)
    stated = {name: values[name] for name in ("summary", "description_html") if values.get(name)}
    if "description_html" in stated:
        stated["description_html"] = clean_html(stated["description_html"])
    for name, text in stated.items():
        setattr(product, name, text)
    product.overridden_fields = [*stated]
    with transaction.atomic():
        set_change_source(SOURCE, actor=actor)
        first = form.fill(Variant(), option_names=names)
        brand_name = form.cleaned_data["brand_name"]
        creation.create_product(product, brand_name=brand_name, first=first)
    return product


def create_variant(product: Product, values: Mapping[str, Any], *, actor: str) -> Variant:
    """Add a variant to a product. Raises ValidationError."""
    form = VariantAddForm({**_form_values(values), "product": product.pk})
    _require_valid(form)
    with transaction.atomic():
        set_change_source(SOURCE, actor=actor)
        variant = form.fill(form.save(commit=False), option_names=product.option_names)
        creation.create_variant(variant)
    return variant


def change_product(
    pk: int,
    values: Mapping[str, Any],
    *,
    actor: str,
    now: datetime,
    check: Check[Product] | None = None,
) -> Product:
    """Change the stated fields, then the status; lock the fields against feeds.

    Locks:  the variants of the product, then its listings, then the product
    Raises: Product.DoesNotExist, ValidationError, InvalidTransitionError; what ``check`` raises
    """
    with transaction.atomic():
        lock_with_variants([pk])
        product = Product.objects.select_related("brand", "category").get(pk=pk)
        if check is not None:
            check(product)
        set_change_source(SOURCE, actor=actor)
        if changes := _product_changes(product, values):
            editing.apply_edit(product=product, changes=changes, now=now)
        if (status := values.get("status", product.status)) != product.status:
            lifecycle.move_in_steps([product], to=status, actor=actor, now=now, source=SOURCE)
    return Product.objects.select_related("brand", "category").get(pk=pk)


def change_variant(
    pk: int,
    values: Mapping[str, Any],
    *,
    actor: str,
    now: datetime,
    check: Check[Variant] | None = None,
) -> Variant:
    """Change the stated fields and add the stated numbers; lock the fields against feeds.

    Locks:  the variants of the product, then its listings, then the product
    Raises: Variant.DoesNotExist, ValidationError; what ``check`` raises
    """
    with transaction.atomic():
        lock_with_variants([Variant.objects.values_list("product", flat=True).get(pk=pk)])
        variant = Variant.objects.select_related("product__brand").get(pk=pk)
        if check is not None:
            check(variant)
        set_change_source(SOURCE, actor=actor)
        if changes := _variant_changes(variant, values):
            variant_edits.edit_variant(variant=variant, changes=changes, now=now)
        for scheme in identifier_edits.EDITABLE_SCHEMES:
            if number := values.get(scheme):
                _add_identifier(variant, scheme, number, now=now)
    return Variant.objects.get(pk=pk)


def set_stock(  # noqa: PLR0913 - the figure, when it was right, and who states it
    *, sku: str, location_id: int, quantity: int, as_of: datetime | None, actor: str, now: datetime
) -> None:
    """Store the stock of an item in a warehouse that no system reports, as a push of a supplier.

    Begins its own transactions. Idempotent; a figure that is older than the known one is refused.
    Raises: ValidationError   unknown item or warehouse, or a figure of a later time is known
            ProblemError      the supplier's system reports this stock, the figure is quarantined,
                              or it would be while a list of the supplier is applied
    """
    location = StockLocation.objects.select_related("supplier").filter(pk=location_id).first()
    if location is None:
        raise serializers.ValidationError({"location_id": ["There is no such warehouse."]})
    supplier = location.supplier
    if Connection.objects.filter(supplier=supplier).exclude(base_url="").exists():
        raise ProblemError(problem_types.STOCK_REPORTED_BY_SUPPLIER)
    offers = SupplierOffer.objects.filter(supplier=supplier, variant__sku=sku)
    supplier_skus = list(offers.values_list("supplier_sku", flat=True))
    if len(supplier_skus) != 1:
        found = "no offer" if not supplier_skus else "several offers"
        raise serializers.ValidationError({"sku": [f"The supplier has {found} of this SKU."]})
    row = StockRow(supplier_skus[0], quantity, location.code)
    external_id = f"api:{actor}:{now.isoformat()}"[:50]
    try:
        refused = stock.apply_stock(
            supplier=supplier,
            rows=[row],
            external_id=external_id,
            # A figure of the future would refuse all later ones.
            as_of=min(as_of or now, now),
            now=now,
        )
    except QuarantinedError as error:
        raise ProblemError(problem_types.STOCK_QUARANTINED, reason=str(error)) from error
    except TemporaryError as error:
        raise ProblemError(problem_types.UNAVAILABLE) from error
    if refused:
        raise serializers.ValidationError({"quantity": [refused[0].reason]})


def _product_changes(product: Product, values: Mapping[str, Any]) -> dict[str, Any]:
    changes = {name: value for name, value in values.items() if name != "status"}
    if "title" in changes:
        changes["title"] = _cleaned("title", changes["title"])
    if "brand" in changes:
        changes["brand"] = get_or_create_brand(_cleaned("brand", changes["brand"]))
    category: Category = changes.get("category", product.category)
    family = changes.get("family", product.family)
    if {"category", "family"} & changes.keys() and not category.has_family(family):
        raise serializers.ValidationError(
            {"category": ["This category does not show products of this family."]}
        )
    return {name: value for name, value in changes.items() if getattr(product, name) != value}


def _cleaned(field: str, text: str) -> str:
    """Return a clean text. Raises ValidationError: nothing is left of it."""
    if not (cleaned := clean_text(text)):
        raise serializers.ValidationError({field: ["Send letters or digits."]})
    return cleaned


def _variant_changes(variant: Variant, values: Mapping[str, Any]) -> dict[str, Any]:
    changes = {
        name: value for name, value in values.items() if name not in ("gtin", "mpn", "options")
    }
    if "options" in values:
        with _errors_of("options"):
            changes["option_values"] = variant_form.check_options(
                values["options"], product=variant.product, own=variant
            )
        color = color_of(variant.product.option_names, values["options"])
        if color and "color" not in changes:
            changes["color"] = color
    if "hs_code" in changes:
        with _errors_of("hs_code"):
            changes["hs_code"] = variant_form.parse_hs_code(changes["hs_code"])
    if changes.keys() & {*BATTERY}:
        battery = {name: changes.get(name, getattr(variant, name)) for name in BATTERY}
        with override("en"):
            if problems := variant_form.find_battery_problems(battery):
                raise serializers.ValidationError(problems)
    return {name: value for name, value in changes.items() if getattr(variant, name) != value}


def _add_identifier(variant: Variant, scheme: str, number: str, *, now: datetime) -> None:
    """Add a GTIN or part number. Raises ValidationError: another variant has it, or it is empty."""
    try:
        value = identifier_edits.parse(scheme=scheme, raw=number, brand=variant.product.brand.name)
        if variant.identifiers.filter(scheme=scheme, value=value).exists():
            return
        identifier_edits.check_free(variant=variant, scheme=scheme, value=value)
    except identifier_edits.InvalidPartNumberError as error:
        raise serializers.ValidationError({scheme: ["Send letters or digits."]}) from error
    except identifier_edits.IdentifierTakenError as error:
        message = f"{error.variant.sku} has this number."
        raise serializers.ValidationError({scheme: [message]}) from error
    added = Identifier(scheme=scheme, value=value, raw=number)
    identifier_edits.save_identifiers(
        variant=variant, added=[added], verified={}, removed=[], now=now
    )


def _form_values(variant: Mapping[str, Any]) -> dict[str, Any]:
    return {API_TO_FORM.get(name, name): value for name, value in variant.items()}


def _require_valid(form: forms.BaseForm) -> None:
    """Raise ValidationError with the names of the API if the form has errors."""
    with override("en"):
        if form.is_valid():
            return
        in_variant = "" if "title" not in form.fields else "variant"
        errors: dict[str, Any] = {}
        for name, messages in form.errors.items():
            texts = [str(message) for message in messages]
            if in_variant and name in OF_VARIANT:
                errors.setdefault(in_variant, {})[FORM_TO_API.get(name, name)] = texts
            else:
                errors[FORM_TO_API.get(name, name)] = texts
    raise serializers.ValidationError(errors)


@contextmanager
def _errors_of(field: str) -> Iterator[None]:
    """Turn the error of a form into one of the API."""
    try:
        with override("en"):
            yield
    except forms.ValidationError as error:
        raise serializers.ValidationError({field: list(error.messages)}) from error
