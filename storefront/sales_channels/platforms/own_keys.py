"""Own keys: mark products and refunds on platforms without idempotency keys, find them. Pure."""

import re
from hashlib import blake2b

from storefront.sales_channels.platforms.base import ListedProduct

# The product of several variants needs a unique SKU of its own, so that it can be looked up.
GROUP_SKU = "group-{key}"
KEY_AT_END = re.compile(r"\[([!-Z\\^-~]{1,200})\]$")


def is_simple(product: ListedProduct) -> bool:
    """Return whether a product is its only variant, without options."""
    return len(product.variants) == 1 and not product.variants[0].options


def product_sku(product: ListedProduct) -> str:
    """Return the SKU by which a product is looked up before it is created."""
    return product.variants[0].sku if is_simple(product) else GROUP_SKU.format(key=product.key)


def pictures_digest(product: ListedProduct) -> str:
    """Return a digest that changes with the pictures.

    Each write of pictures makes the platform download them again.
    """
    pictures = [*product.picture_urls, *(variant.picture_url for variant in product.variants)]
    return blake2b("\n".join(pictures).encode(), digest_size=16).hexdigest()


def add_key(reason: str, key: str, *, max_length: int | None = None) -> str:
    """Return a reason that ends with our key; a long reason is cut, the key is not."""
    ending = f"[{key}]"
    room = None if max_length is None else max_length - len(ending) - 1
    return f"{reason[:room].strip()} {ending}".strip()


def split_key(text: str) -> tuple[str, str]:
    """Return the reason and our key; the key is empty if we did not write the text."""
    text = text.strip()
    found = KEY_AT_END.search(text)
    return (text[: found.start()].strip(), found[1]) if found else (text, "")
