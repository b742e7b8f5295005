"""Status page of a sandbox: show its products, orders and faults, with buttons that change them."""

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

STYLE = """
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;
max-width:64rem;padding:0 1rem}h1{letter-spacing:-.03em}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8884;vertical-align:top}
form{display:inline}button,input,select{font:inherit;padding:.3rem .6rem}.shelf{display:flex;
gap:.5rem;flex-wrap:wrap;margin:1rem 0}.shelf img{width:9rem;border-radius:1rem;
background:radial-gradient(circle at 40% 35%,#3a4150,#12151d)}small{color:#888}
"""
SHOWN_ORDERS, SHOWN_GOODS = 50, 12


def page(
    title: str, *, intro: str, pictures: Iterable[tuple[str, str]], sections: Mapping[str, str]
) -> str:
    """Return the page; ``pictures`` are pairs of address and title, the rest is HTML."""
    shelf = "".join(
        f'<img src="{source}" alt="{html.escape(name)}" title="{html.escape(name)}" loading=lazy>'
        for source, name in pictures
    )
    parts = "".join(f"<h2>{heading}</h2>{content}" for heading, content in sections.items())
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        f"<meta name=viewport content='width=device-width'><title>{title}</title>"
        f"<style>{STYLE}</style><h1>{title}</h1><p>{intro}</p><div class=shelf>{shelf}</div>{parts}"
    )


def order_table(rows: Sequence[Mapping[str, str]]) -> str:
    """Return the HTML table of orders; ``buttons`` of each is HTML."""
    if not rows:
        return "<p>None yet.</p>"
    table_rows = "".join(
        f"<tr><td>{html.escape(row['number'])}<br><small>{row['id']}</small><td>{row['status']}"
        f"<td>{html.escape(row['goods'])}<td>{html.escape(row['tracking'])}<br>"
        f"<small>{html.escape(row['carrier'])}</small><td>{row['created']}<td>{row['buttons']}"
        for row in rows
    )
    head = "<tr><th>Number<th>Status<th>Items<th>Tracking<th>Created, UTC<th>Action"
    return f"<table>{head}{table_rows}</table>"


def button(label: str, *, action: str, **fields: object) -> str:
    """Return a button that posts these fields to a control action."""
    hidden = "".join(
        f"<input type=hidden name={name} value='{value}'>" for name, value in fields.items()
    )
    return f"<form method=post action=/control/{action}>{hidden}<button>{label}</button></form>"


def fault_table(
    active: list[dict[str, Any]], *, kinds: Iterable[str], example: str, note: str = ""
) -> str:
    """Return the HTML table of active faults, and the form for a new one."""
    rows = "".join(
        f"<tr><td>{html.escape(fault['path'])}<td>{fault['kind']}<td>{fault['done']}"
        f" of {fault['count'] or 'all'}<td>"
        + button("Remove", action="faults/clear", id=fault["id"])
        for fault in active
    )
    choices = "".join(f"<option>{kind}" for kind in sorted(kinds))
    table = f"<table><tr><th>Where<th>Kind<th>Done<th>{rows}</table>" if rows else ""
    return (
        f"{table}<form method=post action=/control/faults><p>"
        f"<label>Path ends in <input name=path value={example}></label> "
        f"<label>Kind <select name=kind>{choices}</select></label> "
        "<label>Times <input name=count type=number value=1 min=0 size=4></label> "
        "<label>Delay, s <input name=delay value=1 size=3></label> <button>Set</button></p>"
        f"{note}</form>"
    )
