"""Product translation page: the texts of a product side by side in English and another language."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import CUSTOM, translation_code
from catalog.custom_attributes.values import MAX_TEXT
from catalog.models import Image, OptionText, Product, ProductText, Spec
from catalog.models.products import WIDTHS_PX
from catalog.models.texts import TRANSLATED_LANGUAGES
from catalog.products import images
from catalog.products.images import MAX_ALT_CHARS
from catalog.products.spec_edits import edit_spec
from catalog.products.staff.variant_form import MAX_OPTION_CHARS
from catalog.products.translations.missing_texts import Text, count_missing, products_lacking
from catalog.products.translations.text_edits import TranslatedTexts, save_option_texts, save_texts
from catalog.texts import options
from storefront.dashboard import staff_page
from storefront.lib.db.change_source import set_change_source
from storefront.lib.staff.form_fields import use_staff_widgets

VIEW, CHANGE_RIGHT = "catalog.view_product", "catalog.change_product"
TEXT_LABELS: Mapping[str, str | Promise] = {
    "title": _("Title"),
    "summary": _("Summary, one sentence"),
    "description_html": _("Description, as HTML"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One text: in the base language, and the field of its translation.

    ``kind`` is ``text``, ``alt``, ``attribute`` or that of an option; ``shown`` is what customers see
    while the field is empty.
    """

    kind: str
    label: str
    base: str
    translation: str
    field: str
    image_id: int = 0
    shown: str = ""
    picture: str = ""


def show(request: HttpRequest, product_id: int, language: str) -> HttpResponse:
    """Show and save the texts of a product. ``?missing=`` is the text that the queue lacks."""
    staff_page.require(request, VIEW)
    if language not in dict(TRANSLATED_LANGUAGES):
        raise Http404
    product = get_object_or_404(Product.objects.select_related("brand"), pk=product_id)
    text = ProductText.objects.filter(product=product, language=language).first()
    text = text or ProductText(product=product, language=language)
    rows = list(_rows(product, text))
    form = _form(request, rows, language)
    missing = request.GET.get("missing", "")
    missing = missing if missing in Text.values else ""
    if request.method == "POST":
        staff_page.require(request, CHANGE_RIGHT)
        if request.POST.get("seen") != _fingerprint(text, rows):
            form.add_error(None, gettext("The texts have changed meanwhile. Open the page again."))
        if form.is_valid():
            _save(request, product, text, form, rows)
            return _after_save(request, product_id, language, missing)
    counts = count_missing(language)
    queue = _queue(missing, language)
    context = {
        "title": gettext("Translation"),
        "product": product,
        "language": language,
        "language_name": dict(TRANSLATED_LANGUAGES)[language],
        "form": form,
        "rows": [(row, form[row.field], not form[row.field].value()) for row in rows],
        "seen": _fingerprint(text, rows),
        "missing": missing,
        "filters": [(text.value, text.label, counts[text.value]) for text in Text],
        "previous": _neighbor(queue, product_id, is_next=False),
        "next": _neighbor(queue, product_id, is_next=True),
        "may_change": request.user.has_perm(CHANGE_RIGHT),
    }
    return staff_page.render(request, "dashboard/translations/product_texts.html", **context)


def _rows(product: Product, text: ProductText) -> Iterator[Row]:
    language = text.language
    for name, label in TEXT_LABELS.items():
        base = str(getattr(product, name))
        shown = product.titles.get(language, "") if name == "title" else ""
        if base:
            yield Row(
                kind="text",
                label=str(label),
                base=base,
                translation=getattr(text, name),
                field=name,
                shown=shown,
            )
    for kind, source in _options(product):
        label = gettext("Option name") if kind == OptionText.Kind.NAME else gettext("Option value")
        field = f"{kind}_{_digest(options.option_key(source))}"
        translation = options.translate_option(source, kind=kind, language=language)
        yield Row(kind=kind, label=label, base=source, translation=translation, field=field)
    yield from _attributes(product, language)
    for image in Image.objects.filter(product=product).order_by("position", "pk"):
        base = str(image.alt_texts.get(settings.LANGUAGE_CODE, ""))
        translation = image.alt_texts.get(language, "")
        if base or translation:
            picture = images.url_of(image.stem, min(WIDTHS_PX)) if image.stem else ""
            yield Row(
                kind="alt",
                label=gettext("Alternative text"),
                base=base,
                translation=translation,
                field=f"alt_{image.pk}",
                image_id=image.pk,
                picture=picture,
            )


def _attributes(product: Product, language: str) -> Iterator[Row]:
    """Yield the localized attributes that are stated in English."""
    spec = Spec.objects.filter(product=product).first() or Spec()
    for definition in registry.load():
        base = spec.custom_values.get(definition.code)
        if definition.is_localized and base and isinstance(base, str):
            yield Row(
                kind="attribute",
                label=definition.name_in(get_language() or settings.LANGUAGE_CODE),
                base=base,
                translation=definition.translation_in(spec.custom_values, language),
                field=f"{CUSTOM}{translation_code(definition.code, language)}",
            )


def _options(product: Product) -> Iterator[tuple[str, str]]:
    """Yield the option names and values of a product that have words, each once."""
    values = product.variants.order_by("position", "pk").values_list("option_values", flat=True)
    named = [(OptionText.Kind.NAME, name) for name in product.option_names]
    named += [(OptionText.Kind.VALUE, value) for each in values for value in each]
    known = {(kind.value, options.option_key(str(text))): str(text) for kind, text in named}
    for (kind, _key), text in known.items():
        if options.needs_translation(text):
            yield kind, text


def _form(request: HttpRequest, rows: list[Row], language: str) -> forms.Form:
    fields: dict[str, forms.Field] = {}
    for row in rows:
        most = {"alt": MAX_ALT_CHARS, "attribute": MAX_TEXT}.get(row.kind, MAX_OPTION_CHARS)
        widget: forms.Widget = forms.TextInput()
        if row.kind == "text":
            column: Any = ProductText._meta.get_field(row.field)  # noqa: SLF001 - Django's model API
            most = column.max_length
            lines = {"title": 2, "summary": 3}.get(row.field, 10)
            widget = forms.Textarea(attrs={"rows": lines})
        fields[row.field] = forms.CharField(
            label=f"{row.label} ({language})", required=False, max_length=most, widget=widget
        )
    form_class: type[forms.Form] = type("TextsForm", (forms.Form,), fields)
    initial = {row.field: row.translation for row in rows}
    form = form_class(request.POST if request.method == "POST" else None, initial=initial)
    for field in form.fields.values():
        field.widget.attrs["lang"] = language
        field.disabled = not request.user.has_perm(CHANGE_RIGHT)
    use_staff_widgets(form)
    return form


def _fingerprint(text: ProductText, rows: list[Row]) -> str:
    """Return a hash of the texts, to notice that someone else changed them."""
    stored = [getattr(text, name) for name in TEXT_LABELS]
    return _digest(json.dumps([*stored, *(row.translation for row in rows)]))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _save(
    request: HttpRequest, product: Product, text: ProductText, form: forms.Form, rows: list[Row]
) -> None:
    """Save what was entered. A text without an English one has no field, and stays as it is."""
    if not form.changed_data:
        return
    values = form.cleaned_data
    changed_options: dict[tuple[str, str], str] = {}
    alt_texts: dict[int, str] = {}
    attributes: dict[str, str] = {}
    for row in rows:
        if row.field not in form.changed_data:
            continue
        if row.kind == "alt":
            alt_texts[row.image_id] = values[row.field]
        elif row.kind == "attribute":
            attributes[row.field] = values[row.field]
        elif row.kind != "text":
            changed_options[row.kind, row.base] = values[row.field]
    texts = TranslatedTexts(
        **{name: values.get(name, getattr(text, name)) for name in TEXT_LABELS},
        alt_texts=alt_texts,
    )
    language = text.language
    actor, now = str(request.user), timezone.now()
    with transaction.atomic(durable=True):
        set_change_source("staff", actor=actor)
        if attributes:
            edit_spec(product=product, changes=attributes, actor=actor, now=now)
        save_texts(product=product, language=language, texts=texts, now=now)
        if changed_options:
            save_option_texts(language=language, texts=changed_options)


def _after_save(request: HttpRequest, product_id: int, language: str, missing: str) -> HttpResponse:
    messages.success(request, gettext("The texts were saved."))
    query = f"?{urlencode({'missing': missing})}" if missing else ""
    following = product_id
    if request.POST.get("step") == "next":
        found = _neighbor(_queue(missing, language), product_id, is_next=True)
        if found is None:
            messages.info(request, gettext("This was the last product of the list."))
        following = found or product_id
    return HttpResponseRedirect(reverse("supply:texts", args=[following, language]) + query)


def _queue(missing: str, language: str) -> "QuerySet[Product]":
    return products_lacking(missing, language) if missing else Product.objects.all()


def _neighbor(queue: "QuerySet[Product]", product_id: int, *, is_next: bool) -> int | None:
    """Return the next or previous product of a queue, whose newest product is the first."""
    if is_next:
        rows = queue.filter(pk__lt=product_id).order_by("-pk")
    else:
        rows = queue.filter(pk__gt=product_id).order_by("pk")
    return rows.values_list("pk", flat=True).first()
