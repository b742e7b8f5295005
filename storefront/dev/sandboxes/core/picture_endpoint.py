"""Picture endpoint: draw product pictures on first request, keep them on disk."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

from storefront.dev.sandboxes.core.http_server import Reply
from storefront.dev.sandboxes.goods.model import Product

PREFIX = "/pictures/"
PATH = re.compile(r"/pictures/(\d{19})/(\d{1,2})/(front|side|lit|scale)\.png")
EDITION = 1  # increase when the drawings change, so that old files are not served
_drawing = threading.BoundedSemaphore(2)


def picture(path: str, *, find: Callable[[str], Product | None], seed: int, folder: Path) -> Reply:
    asked = PATH.fullmatch(path)
    product = find(asked[1]) if asked else None
    place = int(asked[2]) if asked else 0
    if asked is None or product is None or place >= max(len(product.variants), 1):
        return Reply(status=404, body=b"no such image", type="text/plain")
    variant = product.variants[place] if product.variants else None
    angle = asked[3]
    file = folder / "pictures" / str(EDITION) / f"{product.pid}-{place}-{angle}.png"
    if not file.exists():
        # Drawing needs a package of the demo group.
        from storefront.dev.sandboxes.pictures.render import png  # noqa: PLC0415

        with _drawing:
            _keep(file, png(product, variant, angle=angle, seed=seed))
    return Reply(
        body=file.read_bytes(), type="image/png", headers={"Cache-Control": "max-age=86400"}
    )


def _keep(file: Path, content: bytes) -> None:
    """Write the file atomically."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    unfinished.write_bytes(content)
    unfinished.replace(file)
