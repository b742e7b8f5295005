"""Brand checks: accept a logo that is safe and small, and colors that can be read."""

import io
import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from lxml import etree
from PIL import Image

MAX_LOGO_BYTES = 200_000
MAX_WIDTH, MAX_HEIGHT = 1600, 800
MIN_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
RASTER_FORMATS = {"PNG": "png", "WEBP": "webp"}
COLOR = re.compile(r"#[0-9a-f]{6}")
SVG = "{http://www.w3.org/2000/svg}"
# Elements that run code, or show content of another address.
# By their local names: an element of HTML works inside an SVG, too.
UNSAFE_ELEMENTS = frozenset(
    {"script", "foreignobject", "iframe", "image", "use", "a", "style"}
    | {"embed", "object", "img", "video", "audio", "link"}
)


def is_svg(content: bytes) -> bool:
    """Return whether a file is an SVG picture."""
    root = _svg_root(content)
    return root is not None and root.tag == f"{SVG}svg"


def logo_format(content: bytes) -> str:
    """Return the format of a logo: svg, png or webp. Raises ValidationError."""
    if len(content) > MAX_LOGO_BYTES:
        raise ValidationError(gettext("The file is larger than 200 KB."))
    if is_svg(content):
        _check_svg(content)
        return "svg"
    try:
        with Image.open(io.BytesIO(content), formats=tuple(RASTER_FORMATS)) as picture:
            width, height = picture.size
            if width > MAX_WIDTH or height > MAX_HEIGHT:
                raise ValidationError(gettext("The logo is larger than 1600 × 800 pixels."))
            picture.load()
            return RASTER_FORMATS[str(picture.format)]
    except (Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise ValidationError(gettext("This is not a PNG, WebP or SVG file.")) from error


def _svg_root(content: bytes) -> Any:
    """Return the root element of an XML document; None if it is none."""
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _check_svg(content: bytes) -> None:
    """Refuse an SVG that could run code or load anything."""
    root = _svg_root(content)
    assert root is not None  # noqa: S101 - ``is_svg`` has parsed it
    # such as <?xml-stylesheet?>, also before the root element
    has_instructions = bool(root.xpath("//processing-instruction()"))
    is_unsafe = has_instructions or bool(root.getroottree().docinfo.doctype)
    for element in root.iter("{*}*"):
        names = [str(name).rpartition("}")[2].lower() for name in element.attrib]
        is_active = any(name.startswith("on") or name in {"href", "style"} for name in names)
        values = " ".join(str(value).lower() for value in element.attrib.values())
        loads = bool(re.search(r"url\(\s*['\"]?(?!#)", values)) or "javascript:" in values
        tag = etree.QName(element).localname.lower()
        if is_unsafe or tag in UNSAFE_ELEMENTS or is_active or loads:
            raise ValidationError(
                gettext(
                    "This SVG contains links, styles or scripts. Export it as plain SVG, or upload"
                    " a PNG."
                )
            )


def clean_color(text: str) -> str:
    """Return a color as #rrggbb in lower case; empty stays empty. Raises ValidationError."""
    color = text.strip().lower()
    if color and not COLOR.fullmatch(color):
        raise ValidationError(gettext("Write the color with six digits, such as #ffc23d."))
    return color


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors by WCAG, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
