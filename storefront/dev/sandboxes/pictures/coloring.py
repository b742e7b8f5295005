"""Product pictures: choose a drawn look, color it for a variant, answer requests for it.

``looks/<angle>/<shape>-<trait>-<letter>.webp`` was drawn once. It holds four squares side by
side: the parts that have the same color in all variants, the opacity, and the shares of the body
color and of the manufacturer's accent color in each pixel. All are premultiplied by the opacity.
"""

import io
import re
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageChops, ImageColor

from storefront.dev.sandboxes.core.http_server import Reply
from storefront.dev.sandboxes.goods.model import Product, Variant
from storefront.dev.sandboxes.goods.randomness import RandomDraws
from storefront.dev.sandboxes.goods.variants import COLORS

PREFIX = "/pictures/"
PATH = re.compile(r"/pictures/(\d{19})/(\d{1,2})/(front|side|lit|scale)\.png")
LOOKS = Path(__file__).parent / "looks"
SIDE_PX = 720
MIN_OPACITY = 4  # lower values are compression noise
CELL_MM = 50.5  # length of the AA cell that the picture "scale" shows next to the product
FILLED, GAP_PX = 0.84, 24
# The width of the side picture, in multiples of the product's length.
SPANS = {
    "accordion": 1.73, "angle": 1.4, "band": 1.3, "bar": 1.33, "barrel": 1.85, "bike_front": 2.02,
    "bike_rear": 1.9, "bike_twin": 2.02, "button": 2.02, "case": 1.61, "cell": 1.43,
    "charger": 1.56, "clip": 1.79, "column": 1.6, "diffuser": 1.49, "filter": 4.4, "flat": 1.55,
    "flood": 1.79, "hinge": 1.33, "holster": 1.43, "key_slab": 1.73, "key_tube": 1.52,
    "leaves": 1.55, "mount": 2.26, "pod_duo": 2.74, "pod_single": 2.74, "pod_zoom": 2.74,
    "pullup": 1.37, "retro": 1.69, "slim": 2.74, "strap": 0.43, "workpen": 1.31,
}  # fmt: skip
FLASHLIGHT_SPAN = 1.19


def picture(path: str, *, find: Callable[[str], Product | None], seed: int) -> Reply:
    """Answer a request for a picture."""
    asked = PATH.fullmatch(path)
    product = find(asked[1]) if asked else None
    place = int(asked[2]) if asked else 0
    if asked is None or product is None or place >= max(len(product.variants), 1):
        return Reply(status=404, body=b"no such image", type="text/plain")
    variant = product.variants[place] if product.variants else None
    return Reply(
        body=png(product, variant, angle=asked[3], seed=seed),
        type="image/png",
        headers={"Cache-Control": "max-age=86400"},
    )


def png(product: Product, variant: Variant | None, *, angle: str, seed: int) -> bytes:
    """Return a picture of one variant, on a transparent background."""
    front = RandomDraws(seed, "look", product.subject).pick(looks_of(product, variant))
    file = LOOKS / ("side" if angle == "scale" else angle) / front.name
    image = _colored(
        file if file.exists() else front,
        paint=COLORS[variant.color if variant else "Graphite"],
        accent=product.brand.accent,
    )
    if angle == "scale":
        span = SPANS.get(product.shape, FLASHLIGHT_SPAN)
        image = _beside_a_cell(image, mm_per_px=product.size_mm[0] * span / SIDE_PX)
    content = io.BytesIO()
    image.save(content, "PNG", compress_level=4)
    return content.getvalue()


def looks_of(product: Product, variant: Variant | None) -> list[Path]:
    """Return the image files that fit a product's form; its picture is made from one of them."""
    name = "-".join(filter(None, (product.shape, _trait(product, variant), "?")))
    return sorted((LOOKS / "front").glob(f"{name}.webp"))


def _trait(product: Product, variant: Variant | None) -> str:
    """Return the feature by which the forms of one shape differ."""
    shape, light = product.shape, product.light
    if light is None:
        if shape == "cell" and product.battery:
            pack = variant.values[-1].split()[0] if variant else "1"
            return f"{product.battery.format}-{pack}"
        if shape == "diffuser":
            return "wand" if product.size_mm[0] > 80 else "dome"  # noqa: PLR2004
        return dict(product.specs)["Bays"] if shape == "charger" else ""
    count, source = light.emitter_count, "cob" if "COB" in light.emitter else "leds"
    return {
        "can": "4" if count <= 4 else "7" if count <= 7 else "12",  # noqa: PLR2004
        "flood": str(count) if count <= 2 else "many",  # noqa: PLR2004
        "pod_zoom": "3" if count == 3 else "1",  # noqa: PLR2004
        "barrel": str(count),
        "bike_front": str(count),
        "clip": source,
        "bar": source,
    }.get(shape, "")


def _colored(look: Path, *, paint: str, accent: str) -> Image.Image:
    with Image.open(look) as sheet:
        fixed, opacity, body, trim = (
            sheet.crop((place * SIDE_PX, 0, (place + 1) * SIDE_PX, SIDE_PX)) for place in range(4)
        )
    channels = []
    colors = zip(ImageColor.getrgb(paint), ImageColor.getrgb(accent), strict=True)
    for channel, levels in zip(fixed.split(), colors, strict=True):
        for share, level in zip((body, trim), levels, strict=True):
            added = share.getchannel("G").point([value * level // 255 for value in range(256)])
            channel = ImageChops.add(channel, added)  # noqa: PLW2901
        channels.append(channel)
    alpha = opacity.getchannel("G").point([value * (value >= MIN_OPACITY) for value in range(256)])
    return Image.merge("RGBa", (*channels, alpha)).convert("RGBA")


def _beside_a_cell(image: Image.Image, *, mm_per_px: float) -> Image.Image:
    """Stand an AA cell to the right, on the same ground and to the same scale."""
    product = image.crop(image.getbbox())
    cell = _colored(LOOKS / "front" / "aa.webp", paint="#000000", accent="#000000")
    cell = cell.crop(cell.getbbox())
    scales = mm_per_px, CELL_MM / cell.height
    room_px = SIDE_PX * FILLED
    zoom = min(
        (room_px - GAP_PX) / (product.width * scales[0] + cell.width * scales[1]),
        room_px / max(product.height * scales[0], CELL_MM),
    )
    parts = [
        part.resize([max(round(side * scale * zoom), 1) for side in part.size])
        for part, scale in zip((product, cell), scales, strict=True)
    ]
    sheet = Image.new("RGBA", (SIDE_PX, SIDE_PX))
    left = (SIDE_PX - sum(part.width for part in parts) - GAP_PX) // 2
    ground = (SIDE_PX + max(part.height for part in parts)) // 2
    for part in parts:
        sheet.alpha_composite(part, (left, ground - part.height))
        left += part.width + GAP_PX
    return sheet
