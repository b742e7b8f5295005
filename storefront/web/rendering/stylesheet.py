"""Stylesheet: join the shop's style files into one, which a page loads with one request."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

SOURCES = settings.BASE_DIR / "storefront" / "web" / "styles"
# Stylesheet -> its files; the rules of later files win.
STYLESHEETS = {
    "web/shop.css": (
        *("tokens", "base", "shell", "components", "forms", "cards", "sheet", "lines"),
        *("shelf", "charts", "product", "cart", "compare", "home", "home-day"),
    ),
    "web/tokens.css": ("tokens",),  # for pages with a layout of their own
}
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
INDENT = re.compile(r"\n\s*")


class StylesheetFinder(BaseFinder):
    """Finds the stylesheets; rewrites those whose sources changed."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self._storage = FileSystemStorage(settings.STYLES_DIR)

    def check(self, **_: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:  # noqa: FBT001, FBT002 - signature of Django
        if path not in STYLESHEETS:
            return []
        found = str(self._write(path))
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Any]]:  # noqa: ARG002 - signature of Django
        for name in STYLESHEETS:
            self._write(name)
            yield name, self._storage

    def _write(self, name: str) -> Path:
        joined = "".join((SOURCES / f"{file}.css").read_text() for file in STYLESHEETS[name])
        text = INDENT.sub("\n", COMMENT.sub("", joined)).lstrip()
        target = Path(self._storage.path(name))
        if not target.is_file() or target.read_text() != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            # Another process may be reading or writing it.
            with NamedTemporaryFile("w", dir=target.parent, delete=False) as draft:
                draft.write(text)
            Path(draft.name).chmod(0o644)
            Path(draft.name).replace(target)
        return target
