"""Beam picture: render the beam glyph as PNG for e-mails, since mail programs show no SVG."""

import io
from functools import lru_cache

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from PIL import Image, ImageDraw

from catalog.models import Spec
from storefront.web.charts import beam

SCALE = 3  # pixels per unit of the glyph, for sharp screens
SMOOTH = 2  # the picture is drawn larger, then shrunk, to smooth its edges
WIDTH, HEIGHT = 208, 48
MAX_CD, MAX_LM = 5_000_000, 100_000
GROUND = (18, 21, 29)
TONES = ((83, 74, 48), (150, 129, 74), (255, 216, 115))
TICK = (90, 96, 110)
YEAR_S = 31_536_000


@require_safe
def beam_picture(_request: HttpRequest, intensity_cd: int, output_lm: int) -> HttpResponse:
    """Return a beam as PNG. To limit the work, numbers that no product has get a 404."""
    is_known = (
        0 < intensity_cd <= MAX_CD
        and 0 < output_lm <= MAX_LM
        and Spec.objects.filter(intensity_cd=intensity_cd, output_lm=output_lm).exists()
    )
    if not is_known:
        raise Http404
    return HttpResponse(
        draw(intensity_cd, output_lm),
        content_type="image/png",
        headers={"Cache-Control": f"public, max-age={YEAR_S}, immutable"},
    )


@lru_cache(maxsize=1024)
def draw(intensity_cd: int, output_lm: int) -> bytes:
    """Draw the glyph of the product cards on a dark background as PNG."""
    shape = beam.glyph(intensity_cd, float(output_lm))
    zoom = SCALE * SMOOTH
    picture = Image.new("RGB", (WIDTH * zoom, HEIGHT * zoom), GROUND)
    canvas = ImageDraw.Draw(picture)
    for x, _meters in shape.ticks:
        canvas.line([(x * zoom, 44 * zoom), (x * zoom, 48 * zoom)], fill=TICK, width=SMOOTH)
    for outline, tone in zip(
        beam.glyph_contours(intensity_cd, float(output_lm)), TONES, strict=False
    ):
        canvas.polygon([(x * zoom, y * zoom) for x, y in outline], fill=tone)
    resized = picture.resize((WIDTH * SCALE, HEIGHT * SCALE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    resized.save(stream, "PNG", optimize=True)
    return stream.getvalue()
