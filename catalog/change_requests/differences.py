"""Change request differences: show the live and the stated value of each field, words marked."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any

from django.utils.html import conditional_escape, format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from catalog.change_requests.decisions import PRODUCT_FIELDS
from catalog.change_requests.recording import MORE, OPTIONS, encode
from catalog.custom_attributes.registry import CUSTOM
from catalog.models import ChangeRequest, Image, Product, Spec
from catalog.models.families import family_name
from catalog.models.products import UPLOAD_SCHEME, WIDTHS_PX
from catalog.products.image_edits import IMAGES
from catalog.products.images import url_of
from catalog.products.spec_edits import MODES
from catalog.products.staff.history.change_texts import label_of

MAX_WORDS = 400  # of a text that is compared


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed field. ``is_locked``: staff edited it since, so that it is not written."""

    field: str
    label: str
    old: SafeString
    new: SafeString
    is_locked: bool


def find_differences(request: ChangeRequest) -> Iterator[Difference]:
    """Yield the open changes of a request against the live product.

    Reads ``product`` with its brand, category, specification, modes, images and variants.
    """
    product = request.product
    for name, change in request.changes.items():
        live = live_value(product, name)
        old, new = (text_of(name, value) for value in (live, change["value"]))
        yield Difference(
            field=name,
            label=label_of_field(name),
            old=_marked(old, new) if name != IMAGES else _pictures(product, live, change["value"]),
            new=_marked(new, old) if name != IMAGES else _pictures(product, change["value"], live),
            is_locked=name in product.overridden_fields,
        )


def live_value(product: Product, name: str) -> Any:
    """Return the present value of a field in the form of ``ChangeRequest.changes``."""
    whole: dict[str, Callable[[], Any]] = {
        "brand": lambda: product.brand.name,
        "category": lambda: product.category.slug,
        OPTIONS: lambda: _live_options(product),
        MODES: lambda: _live_modes(product),
        IMAGES: lambda: _live_images(product),
    }
    if name in whole:
        return whole[name]()
    if name in PRODUCT_FIELDS:
        return getattr(product, name)
    spec: Spec = getattr(product, "spec", None) or Spec()
    if name.startswith(CUSTOM):
        return spec.custom_values.get(name.removeprefix(CUSTOM))
    if name.startswith(MORE):
        return spec.more.get(name.removeprefix(MORE))
    return encode(getattr(spec, name))


def _live_options(product: Product) -> dict[str, Any]:
    values = {variant.sku: variant.option_values for variant in product.variants.all()}
    return {"names": product.option_names, "values": values}


def _live_modes(product: Product) -> list[dict[str, Any]]:
    return [
        {
            "name": mode.name,
            "kind": mode.kind,
            "output_lm": encode(mode.output_lm),
            "runtime_min": mode.runtime_min,
        }
        for mode in sorted(product.modes.all(), key=lambda mode: mode.position)
    ]


def _live_images(product: Product) -> list[dict[str, str]]:
    skus = {variant.pk: variant.sku for variant in product.variants.all()}
    images = sorted(product.images.all(), key=lambda image: (image.position, image.pk))
    return [
        {
            "url": image.source_url,
            "role": image.role,
            "sku": skus.get(image.variant_id or 0, ""),
        }
        for image in images
        if not image.source_url.startswith(UPLOAD_SCHEME)
    ]


def label_of_field(name: str) -> str:
    if name == OPTIONS:
        return _("Options")
    return name.removeprefix(MORE) if name.startswith(MORE) else label_of(name, Product)


def text_of(name: str, value: Any) -> str:
    """Return a value as text, a list with commas, a mode or a variant per sentence."""
    if value in (None, "", []):
        return ""
    if name in _TEXTS:
        return _TEXTS[name](value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _options(value: Mapping[str, Any]) -> str:
    values = (f"{sku}: {' / '.join(map(str, one))}" for sku, one in value["values"].items())
    return " · ".join([" / ".join(value["names"]), *values])


def _mode(mode: Mapping[str, Any]) -> str:
    parts = [mode["name"], mode["kind"]]
    lumens = mode["output_lm"]
    parts += [f"{Decimal(lumens).normalize():f} lm"] if lumens is not None else []
    parts += [f"{mode['runtime_min']} min"] if mode["runtime_min"] is not None else []
    return " ".join(parts)


def _image(image: Mapping[str, str]) -> str:
    parts = [image["url"], str(Image.Role(image["role"]).label), image["sku"]]
    return ", ".join(filter(None, parts))


def _pictures(
    product: Product, images: Iterable[Mapping[str, str]], others: Collection[Mapping[str, str]]
) -> SafeString:
    """Show images, those marked that the other side lacks or uses otherwise.

    An image that is not downloaded yet is a link to the supplier.
    """
    stems = {image.source_url: image.stem for image in product.images.all()}
    shown = []
    for image in images:
        stem, url = stems.get(image["url"], ""), image["url"]
        if stem:
            picture = format_html('<img src="{}" alt="">', url_of(stem, min(WIDTHS_PX)))
        elif url.startswith(("http://", "https://")):  # a supplier may state a script
            link = '<a href="{}" rel="noreferrer noopener" target="_blank">{}</a>'
            picture = format_html(link, url, _("Image at the supplier"))
        else:
            picture = format_html("{}", url)
        use = ", ".join(filter(None, [str(Image.Role(image["role"]).label), image["sku"]]))
        shown.append((picture, format_html("{}" if image in others else "<mark>{}</mark>", use)))
    lines = format_html_join("", "<li>{} {}</li>", shown)
    return format_html('<ul class="change-pictures">{}</ul>', lines) if shown else mark_safe("–")


_TEXTS: dict[str, Callable[[Any], str]] = {
    OPTIONS: _options,
    MODES: lambda modes: " · ".join(map(_mode, modes)),
    IMAGES: lambda images: " · ".join(map(_image, images)),
    "family": family_name,
    "description_html": lambda html: strip_tags(html.replace("<", " <")),
}


def _marked(text: str, other: str) -> SafeString:
    """Return a text as HTML, the words that the other text lacks marked."""
    words, known = text.split()[:MAX_WORDS], other.split()[:MAX_WORDS]
    if not words:
        return mark_safe("–")
    parts: list[SafeString] = []
    blocks = SequenceMatcher(None, known, words, autojunk=False).get_opcodes()
    for kind, _start, _end, first, last in blocks:
        part = conditional_escape(" ".join(words[first:last]))
        if part:
            is_new = kind != "equal" and bool(known)
            parts.append(format_html_join("", "<mark>{}</mark>", [(part,)]) if is_new else part)
    return mark_safe(" ".join(parts))  # noqa: S308 - each part is escaped
