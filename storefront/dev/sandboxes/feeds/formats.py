"""His wares as documents: nested JSON, JSON by lines, XML of his own, Google's RSS. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from .state import CURRENCY, WAREHOUSES, Ware

GOOGLE = "http://base.google.com/ns/1.0"
OZ_PER_KG = 35.27396


def as_json(wares: Iterable[Ware]) -> bytes:
    items = [_nested(ware) for ware in wares]
    document = {"supplier": {"name": "Feed sandbox", "lists": []}, "data": {"products": items}}
    return json.dumps(document, ensure_ascii=False).encode()


def as_lines(wares: Iterable[Ware]) -> bytes:
    return b"".join(json.dumps(_nested(ware)).encode() + b"\n" for ware in wares)


def _nested(ware: Ware) -> dict[str, Any]:
    return {
        "sku": ware.sku,
        "group": ware.parent,
        "codes": {"ean": ware.ean or None, "mpn": ware.mpn},
        "texts": {"en": {"name": ware.name, "html": ware.html}},
        "brand": ware.brand,
        "path": list(ware.category),
        "price": {
            "amount": None if "price" in ware.blank else float(ware.price),
            "currency": CURRENCY,
        },
        "stock": [
            {"wh": name, "qty": None if "stock" in ware.blank else ware.stock[name]}
            for name in WAREHOUSES
        ],
        "weight_oz": round(float(ware.weight_kg) * OZ_PER_KG, 2),
        "options": {"Color": ware.color, "Version": ware.version},
        "images": [{"url": url} for url in ware.images],
        "specs": [f"{name}:{value}" for name, value in ware.features],
        "active": ware.is_active,
    }


def as_xml(wares: Iterable[Ware], *, encoding: str = "UTF-8") -> bytes:
    items = "".join(_element(ware) for ware in wares)
    prolog = f'<?xml version="1.0" encoding="{encoding}"?>'
    text = f"{prolog}\n<catalog><products>{items}</products></catalog>"
    return text.encode(encoding, "xmlcharrefreplace")


def _element(ware: Ware) -> str:
    stock = "".join(
        f'<stock warehouse="{name}">{"" if "stock" in ware.blank else ware.stock[name]}</stock>'
        for name in WAREHOUSES
    )
    features = "".join(
        f"<feature name={quoteattr(name)}>{escape(value)}</feature>"
        for name, value in ware.features
    )
    price = "" if "price" in ware.blank else f"€ {ware.price}".replace(".", ",")
    weight = str(ware.weight_kg).replace(".", ",")
    return (
        f"<product id={quoteattr(ware.sku)} group={quoteattr(ware.parent)}>"
        f"<ean>{ware.ean}</ean><mpn>{escape(ware.mpn)}</mpn><name>{escape(ware.name)}</name>"
        f"<brand>{escape(ware.brand)}</brand><category>{escape('/'.join(ware.category))}</category>"
        f"<price>{price}</price>{stock}<weight unit='kg'>{weight}</weight>"
        f"<color>{escape(ware.color)}</color><version>{escape(ware.version)}</version>"
        f"<images>{''.join(f'<image>{escape(url)}</image>' for url in ware.images)}</images>"
        f"<features>{features}</features><description>{escape(ware.html)}</description>"
        f"<status>{'active' if ware.is_active else 'discontinued'}</status></product>"
    )


def as_google(wares: Iterable[Ware]) -> bytes:
    """Write what Google Merchant reads; his price there is the one for shoppers."""
    items = "".join(_item(ware) for ware in wares)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:g="{GOOGLE}"><channel>'
        f"<title>Feed sandbox</title><link>https://lights.example/</link>"
        f"<description>Lights</description>{items}</channel></rss>"
    ).encode()


def _item(ware: Ware) -> str:
    units = sum(ware.stock.values()) * ware.is_active
    more = "".join(
        f"<g:product_detail><g:attribute_name>{escape(name)}</g:attribute_name>"
        f"<g:attribute_value>{escape(value)}</g:attribute_value></g:product_detail>"
        for name, value in ware.features
    )
    fields = {
        "id": ware.sku,
        "item_group_id": ware.parent,
        "title": ware.name,
        "description": ware.html,
        "image_link": ware.images[0],
        "additional_image_link": ware.images[1],
        "availability": "in_stock" if units else "out_of_stock",
        "price": f"{ware.price * 2} {CURRENCY}",
        "cost_of_goods_sold": f"{ware.price} {CURRENCY}",
        "brand": ware.brand,
        "gtin": ware.ean,
        "mpn": ware.mpn,
        "color": ware.color,
        "product_type": " > ".join(ware.category),
        "shipping_weight": f"{ware.weight_kg} kg",
        "condition": "new",
    }
    told = "".join(f"<g:{name}>{escape(said)}</g:{name}>" for name, said in fields.items() if said)
    return f"<item>{told}{more}</item>"
