"""A page for people: his files, and a look at his shelf. Pure."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from storefront.dev.sandboxes.cj.server import STYLE

from .state import Shop, Ware

SHOWN_GOODS = 12


def page(shop: Shop, files: Iterable[str], orders: Sequence[Mapping[str, Any]]) -> str:
    wares = list(shop.wares())
    shown = list({ware.parent: ware for ware in reversed(wares)}.values())[::-1][:SHOWN_GOODS]
    links = "".join(f"<li><a href='{name}'>{name}</a>" for name in files)
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'><title>Feed sandbox</title>"
        f"<style>{STYLE}</style><h1>Feed sandbox</h1>"
        f"<p>A wholesaler without an API: {shop.count} products, {len(wares)} SKUs, told in files."
        " Orders reach him as files, which he answers in files, or by e-mail: those are answered"
        " by hand, on the page that the link opens."
        " The controls are under <code>/control/</code>.</p>"
        f"<div class=shelf>{''.join(map(_picture, shown))}</div>"
        f"<h2>Files</h2><ul>{links}</ul>"
        f"<h2>Orders in files</h2><ul>{''.join(map(_order, orders))}</ul>"
    )


def _order(order: Mapping[str, Any]) -> str:
    said = [f"{each['sku']} {each['reason'] or each['answer']}" for each in order["answer"]]
    return f"<li>{html.escape(order['number'])}: {html.escape(', '.join(said) or 'not answered')}"


def _picture(ware: Ware) -> str:
    name = html.escape(f"{ware.name}, {ware.sku}")
    return f'<img src="{ware.images[0]}" alt="{name}" title="{name}" loading=lazy>'
