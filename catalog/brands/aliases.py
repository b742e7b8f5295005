"""Brand aliases: find the brand that a spelling names, save the aliases of a brand."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from catalog.attributes.identifiers import MAX_BRAND_KEY, stored_brand_key
from catalog.models import Brand, BrandAlias
from catalog.records import ProductRecord
from storefront.lib.db.transactions import requires_transaction

type Aliases = Mapping[str, str]  # key of a spelling -> name of the brand


class SpellingTakenError(ValueError):
    """Another brand has this name or alias: ``brand``."""

    def __init__(self, brand: Brand, name: str) -> None:
        super().__init__(name)
        self.brand, self.name = brand, name


def load_aliases() -> Aliases:
    return dict(BrandAlias.objects.values_list("key", "brand__name"))


def resolve(name: str, aliases: Aliases) -> str:
    """Return the name of the brand that a spelling is an alias of, else the spelling itself."""
    return aliases.get(stored_brand_key(name), name) if aliases else name


def resolve_title(title: str, *, brand: str, aliases: Aliases) -> str:
    """Return a title with the name of the brand in place of the stated spelling."""
    name = resolve(brand, aliases)
    if name == brand or not brand.strip():
        return title
    # A function, because the name may contain a backslash.
    return re.sub(
        rf"(?<!\w){re.escape(brand)}(?!\w)", lambda _match: name, title, flags=re.IGNORECASE
    )


def resolve_records(records: Iterable[ProductRecord]) -> list[ProductRecord]:
    """Return records of suppliers with the names of our brands. One query.

    The title changes, too: a brand in it that is not known as one would count as a model name.
    """
    aliases = load_aliases()
    return [_resolve_record(record, aliases) for record in records]


def _resolve_record(record: ProductRecord, aliases: Aliases) -> ProductRecord:
    stated, name = record.brand, resolve(record.brand, aliases)
    if name == stated:
        return record
    return replace(
        record,
        brand=name,
        title=resolve_title(record.title, brand=stated, aliases=aliases),
        variants=tuple(
            replace(one, title=resolve_title(one.title, brand=stated, aliases=aliases))
            for one in record.variants
        ),
    )


@requires_transaction
def get_or_create_brand(name: str) -> Brand:
    """Return the brand with this name or alias; create it if there is none."""
    key = stored_brand_key(name)
    alias = BrandAlias.objects.filter(key=key).select_related("brand").first()
    if alias is not None:
        return alias.brand
    return Brand.objects.get_or_create(key=key, defaults={"name": name})[0]


def find_owner(name: str, *, besides: Brand | None = None) -> Brand | None:
    """Return the brand that has a spelling as its name or alias."""
    key, own = stored_brand_key(name), besides.pk if besides else None
    alias = BrandAlias.objects.filter(key=key).select_related("brand").first()
    if alias is not None:
        return None if alias.brand_id == own else alias.brand
    owner = Brand.objects.filter(key=key, merged_into=None).first()
    return None if owner is None or owner.pk == own else owner


@requires_transaction
def save_aliases(brand: Brand, names: Iterable[str]) -> bool:
    """Make these the aliases of a brand; return whether any changed.

    Raises: SpellingTakenError  a spelling is another brand or its alias
    """
    wanted: dict[str, str] = {}
    for name in names:
        wanted.setdefault(stored_brand_key(name), name.strip()[:MAX_BRAND_KEY])
    wanted = {key: name for key, name in wanted.items() if key and key != brand.key}
    for name in wanted.values():
        if owner := find_owner(name, besides=brand):
            raise SpellingTakenError(owner, name)
    present = {alias.key: alias for alias in brand.aliases.all()}
    gone = [alias.pk for key, alias in present.items() if key not in wanted]
    BrandAlias.objects.filter(pk__in=gone).delete()
    new = [
        BrandAlias(brand=brand, key=key, name=name)
        for key, name in wanted.items()
        if key not in present
    ]
    BrandAlias.objects.bulk_create(new)
    return bool(gone or new)
