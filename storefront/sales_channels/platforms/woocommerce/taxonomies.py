"""WooCommerce taxonomies: find categories and brands by name, create what is missing."""

from collections.abc import Sequence

from storefront.lib.http.errors import PermanentError
from storefront.sales_channels.platforms.woocommerce.client import NO_ROUTE, Client
from storefront.sales_channels.platforms.woocommerce.schemas import Term

CATEGORIES, BRANDS = "products/categories", "products/brands"
# The refusal to create a term that exists: another worker was faster.
EXISTS = "term_exists"


class Taxonomies:
    """The terms of one store, read once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._terms: dict[str, dict[tuple[int, str], int]] = {}
        self._has_brands = True

    def category_path(self, names: Sequence[str]) -> list[int]:
        """Return the id of the last category; its parents are created as well."""
        parent = 0
        for name in names:
            parent = self._term(CATEGORIES, name, parent=parent)
        return [parent] if parent else []

    def brand(self, name: str) -> int | None:
        """Return the id of a brand, 0 for no brand; None if the store has no brands."""
        if not self._has_brands:
            return None
        try:
            return self._term(BRANDS, name, parent=0) if name else 0
        except PermanentError as error:
            if error.code != NO_ROUTE:
                raise
            self._has_brands = False  # WooCommerce before 9.6
            return None

    def _term(self, path: str, name: str, *, parent: int) -> int:
        place = (parent, name.casefold())
        if path not in self._terms:
            self._read(path)
        if place in self._terms[path]:
            return self._terms[path][place]
        body = {"name": name, **({"parent": parent} if parent else {})}
        try:
            self._terms[path][place] = self._client.write("POST", path, body, Term).id
        except PermanentError as error:
            if error.code != EXISTS:
                raise
            self._read(path)
            if place not in self._terms[path]:
                raise
        return self._terms[path][place]

    def _read(self, path: str) -> None:
        fields = "id,name,parent"
        rows = self._client.pages(path, Term, _fields=fields, orderby="id", hide_empty="false")
        self._terms[path] = {(row.parent, _plain(row.name)): row.id for row in rows}


def _plain(name: str) -> str:
    """Return a name as we wrote it: WordPress escapes the ampersand."""
    return name.replace("&amp;", "&").casefold()
