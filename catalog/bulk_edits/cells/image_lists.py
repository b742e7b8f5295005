"""Image lists: parse the image columns of a file, save the images of a product or variant.

The columns are lists side by side, separated by ``|``: addresses or stored files, roles, positions, and
texts by language. ``upload:`` and the stem of a stored file name an image that staff uploaded.

A position counts among all images of the product, so that those of variants can stand between. An image
without a stated position keeps its own; a new one comes last.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import accumulate, zip_longest
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from catalog.attributes.numbers import UnreadableError
from catalog.attributes.text_cleaning import clean_text
from catalog.bulk_edits.cells.values import (
    check_count,
    check_length,
    read_choice,
    split,
    write_list,
)
from catalog.bulk_edits.fields import VARIANT, Target
from catalog.models import Image
from catalog.models.products import UPLOAD_SCHEME, WIDTHS_PX
from catalog.products import image_edits, images
from catalog.products.image_edits import ImageEdit
from catalog.products.images import MAX_ALT_CHARS, MAX_IMAGES, MAX_POSITION
from storefront.lib.db.transactions import requires_transaction

SOURCES, ROLE, POSITION, ALT = "source", "role", "position", "alt"
KEY = SOURCES  # only an empty cell of this column can clear the list
_STORED = re.compile(r"(?:upload:)?([0-9a-f]{32})(?:-\d+\.webp)?")


def labels() -> dict[str, Any]:
    """Return the name of each column; "" for the one with the label of the field."""
    alt = _("alternative texts")
    languages = {f"{ALT}:{code}": f"{alt} ({code})" for code, _name in settings.LANGUAGES}
    return {SOURCES: "", ROLE: _("views"), POSITION: _("positions"), **languages}


def images_of(owner: str, target: Target) -> list[Image]:
    """Return the images of a product that belong to no variant, or those of the variant.

    Shape:  ``owner`` is ``PRODUCT`` or ``VARIANT``
    """
    if owner == VARIANT:
        pk = target.variant.pk if target.variant else None
        return [image for image in target.images if pk and image.variant_id == pk]
    return [image for image in target.images if image.variant_id is None]


def to_values(owner: str, target: Target) -> list[dict[str, Any]]:
    """Return the images of a product or variant as JSON.

    No two images of a product share a position. All are numbered if the last one would exceed
    ``MAX_POSITION``, so that each export can be imported.
    """
    stored = (image.position for image in target.images)
    positions: Sequence[int] = [*accumulate(stored, lambda last, own: max(last + 1, own))]
    if positions and positions[-1] > MAX_POSITION:
        positions = range(len(positions))
    own = images_of(owner, target)
    return [
        {SOURCES: image.source_url, ROLE: image.role, ALT: image.alt_texts, POSITION: position}
        for image, position in zip(target.images, positions, strict=True)
        if image in own
    ]


def to_cells(stored: Sequence[Mapping[str, Any]], languages: Sequence[str]) -> dict[str, str]:
    """Return the texts by column: ``source``, ``role``, ``position``, ``alt:en``."""
    columns = {name: [str(one[name]) for one in stored] for name in (SOURCES, ROLE, POSITION)}
    columns |= {f"{ALT}:{code}": [one["alt"].get(code, "") for one in stored] for code in languages}
    return {name: write_list(texts) for name, texts in columns.items()}


def parse(cells: Mapping[str, str], present: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the images that a row states; columns that are left out keep what is present.

    Raises: UnreadableError
    """
    known = {one["source"]: one for one in present}
    sources = [_source(text) for text in split(cells.get(SOURCES, "")) if text]
    sources = list(dict.fromkeys(sources)) or list(known)
    if len(sources) > MAX_IMAGES:
        raise UnreadableError(_("at most %(most)s images") % {"most": MAX_IMAGES})
    found = []
    for source in sources:
        one = known.get(source, {"role": "", "alt": {}})
        found.append({"source": source, "role": one["role"], "alt": dict(one["alt"])})
    for name, text in cells.items():
        texts = split(text) if name not in {SOURCES, POSITION} else []
        check_count(texts, found)
        for one, value in zip(found, texts, strict=False):
            _set_part(one, name, value)
    places = {one["source"]: one[POSITION] for one in present}
    return _ordered(found, stated=split(cells.get(POSITION, "")), places=places)


def _source(text: str) -> str:
    if stored := _STORED.fullmatch(text):
        if not images.path_of(stored[1], max(WIDTHS_PX)).exists():
            raise _not_stored(text)
        return f"{UPLOAD_SCHEME}{stored[1]}"
    if not images.is_valid_url(text):
        message = _("%(text)s is neither the address of an image (https://…) nor a stored image")
        raise UnreadableError(message % {"text": text[:60]})
    return text


def _not_stored(text: str) -> UnreadableError:
    return UnreadableError(_("no image is stored as %(text)s") % {"text": text[:60]})


def _set_part(one: dict[str, Any], name: str, text: str) -> None:
    if name == ROLE:
        one["role"] = read_choice(text, Image.Role.choices) if text else one["role"]
        return
    language = name.partition(":")[2]
    check_length(text, MAX_ALT_CHARS)
    one["alt"].pop(language, None)
    if text:
        one["alt"][language] = clean_text(text)


def _ordered(
    found: list[dict[str, Any]], *, stated: Sequence[str], places: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Put the images in order, the main one first; set the roles and positions that are left out.

    Shape:  ``places`` maps the addresses of present images to their positions. A position that is
            ``None`` comes after all images of the product
    """
    mains = [one for one in found if one["role"] == Image.Role.MAIN]
    if len(mains) > 1:
        raise UnreadableError(_("only one image can be the main image"))
    check_count(stated, found)
    numbers = [_position(text) if text else None for text in stated]
    if len({*numbers} - {None}) < len(numbers) - numbers.count(None):
        raise UnreadableError(_("two images have the same position"))
    for one, number in zip_longest(found, numbers):
        one[POSITION] = number if number is not None else places.get(one["source"])
        one["role"] = one["role"] or Image.Role.OTHER.value
    if stated:
        _sort_by_position(found, mains=mains, numbers=numbers)
        return found
    found.sort(key=lambda one: one not in mains)
    kept = sorted(one[POSITION] for one in found if one[POSITION] is not None)
    for one, place in zip_longest(found, kept):
        one[POSITION] = place
    return found


def _sort_by_position(
    found: list[dict[str, Any]],
    *,
    mains: Sequence[dict[str, Any]],
    numbers: Sequence[int | None],
) -> None:
    """Sort images by position, the main one at 0. A stated position comes before an equal kept one."""
    kept = {one["source"] for one, number in zip_longest(found, numbers) if number is None}
    for one in mains:
        one[POSITION] = 0
    found.sort(
        key=lambda one: (
            one not in mains,
            one[POSITION] is None,
            one[POSITION],
            one["source"] in kept,
        )
    )
    last = -1
    for one in found:
        if one[POSITION] is not None:
            one[POSITION] = last = max(one[POSITION], last + 1)


def _position(text: str) -> int:
    if not text.isdecimal() or len(text) > len(str(MAX_POSITION)) or int(text) > MAX_POSITION:
        message = _("%(text)s is not a position from 0 to %(most)s")
        raise UnreadableError(message % {"text": text[:60], "most": MAX_POSITION})
    return int(text)


@requires_transaction
def save_images(
    owner: str,
    stated: Sequence[tuple[Target, Sequence[Mapping[str, Any]]]],
    *,
    now: datetime,
) -> None:
    """Save the images of products or variants. New addresses are fetched by a task.

    Locks:  as ``image_edits.edit_images_of_products``
    Raises: UnreadableError  the file of a new image was deleted since the dry run
    """
    edits = [_to_edit(owner, target, wanted) for target, wanted in stated]
    image_edits.edit_images_of_products(edits, now=now)
    by_product: dict[int, list[Image]] = {}
    products = [edit.product_id for edit in edits]
    for image in Image.objects.filter(product__in=products).order_by("position", "pk"):
        by_product.setdefault(image.product_id, []).append(image)
    for target, _wanted in stated:
        target.images = by_product.get(target.product.pk, ())


def _to_edit(owner: str, target: Target, wanted: Sequence[Mapping[str, Any]]) -> ImageEdit:
    present = {image.source_url: image for image in target.images}
    variant = target.variant if owner == VARIANT else None
    saved, last = [], max((image.position for image in target.images), default=-1)
    for one in wanted:
        image = present.get(one["source"]) or _new_image(one["source"])
        image.variant, image.role, image.alt_texts = variant, one["role"], dict(one["alt"])
        image.position = min(last + 1, MAX_POSITION) if one[POSITION] is None else one[POSITION]
        last = max(last, image.position)
        saved.append(image)
    stated = {one["source"] for one in wanted}
    removed = [image for image in images_of(owner, target) if image.source_url not in stated]
    main = next((image for image in saved if image.role == Image.Role.MAIN), None)
    return ImageEdit(
        product_id=target.product.pk, saved=saved, removed=removed, main=main, keeps_positions=True
    )


def _new_image(source: str) -> Image:
    image = Image(source_url=source)
    if source.startswith(UPLOAD_SCHEME):
        stem = source.removeprefix(UPLOAD_SCHEME)
        known = Image.objects.filter(stem=stem).first()
        try:
            content = images.path_of(stem, max(WIDTHS_PX)).read_bytes() if known is None else b""
        except FileNotFoundError as error:
            raise _not_stored(stem) from error
        size = (known.width_px, known.height_px) if known else images.decode(content).size
        image.stem, (image.width_px, image.height_px) = stem, size
    return image
