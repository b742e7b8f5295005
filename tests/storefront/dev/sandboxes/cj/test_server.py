"""The CJ sandbox's server: pictures, the order page, start and stop."""

from __future__ import annotations

import io
import signal
import subprocess
import sys

import httpx
import pytest
from PIL import Image

from storefront.dev.sandboxes.cj.endpoints.product_json import ANGLES
from storefront.dev.sandboxes.goods.catalog import Catalog
from storefront.dev.sandboxes.pictures.render import png


def picture_of(content):
    return Image.open(io.BytesIO(content)).convert("RGBA")


def test_picture_is_drawn_once_and_cached(sandbox):
    product, variant = sandbox.goods()
    path = f"/pictures/{product.pid}/{variant.place}/front.png"

    first = sandbox.client.get(path)
    kept = list((sandbox.state.folder / "pictures").rglob("*.png"))
    second = sandbox.client.get(path)

    assert first.headers["Content-Type"] == "image/png"
    assert first.content == second.content
    assert len(kept) == 1
    image = picture_of(first.content)
    assert image.size == (900, 900)
    assert image.getpixel((2, 2))[3] == 0  # the background is transparent
    assert image.getpixel((450, 450))[3] > 0


@pytest.mark.parametrize(
    "path", ["/pictures/1/0/front.png", "/pictures/{pid}/15/front.png", "/pictures/{pid}/0/x.png"]
)
def test_unknown_picture_is_not_found(sandbox, path):
    product, _ = sandbox.goods()

    assert sandbox.client.get(path.format(pid=product.pid)).status_code == 404


def test_every_shape_can_be_drawn():
    shelf, drawn = Catalog(60, 7), {}
    for position in range(len(shelf)):
        product = shelf.at(position)
        drawn.setdefault(product.shape, product)

    for number, product in enumerate(drawn.values()):
        variant = product.variants[0] if product.variants else None
        image = picture_of(png(product, variant, angle=ANGLES[number % 4], seed=7))
        assert image.getchannel("A").getbbox() is not None, product.shape
    assert len(drawn) > 30


def test_models_and_colors_have_different_pictures():
    shelf = Catalog(160, 7)
    tubes = [shelf.at(p) for p in range(len(shelf)) if shelf.at(p).shape in {"tube", "pod_duo"}][:4]

    pictures = [
        png(product, variant, angle="front", seed=7)
        for product in tubes
        for variant in {each.color: each for each in product.variants}.values()
    ]

    assert len(set(pictures)) == len(pictures)


def test_order_page_can_advance_orders(sandbox):
    _, variant = sandbox.goods()
    number = sandbox.place("FL-1", variant)["data"]["orderId"]

    page = sandbox.client.get("/").text
    moved = sandbox.client.post("/control/advance", data={"cjOrderId": number, "to": "SHIPPED"})

    assert "FL-1" in page
    assert "Ship</button>" in page
    assert moved.status_code == 303
    assert "Deliver</button>" in sandbox.client.get("/").text


def test_long_body_is_rejected(sandbox):
    answer = sandbox.client.post("/control/faults", content=b"x" * 1_000_001)

    assert answer.status_code == 413


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_server_process_reports_ready_and_stops_on_signal(tmp_path, number):
    words = ["--port", "0", "--data", str(tmp_path), "--count", "5"]
    program = subprocess.Popen(
        [sys.executable, "-m", "storefront.dev.sandboxes.cj", *words],
        stdout=subprocess.PIPE,
        text=True,
    )
    with program.stdout:
        url = program.stdout.readline().removeprefix("ready ").strip()
    assert httpx.get(f"{url}/healthz", trust_env=False).text == "ok"

    program.send_signal(number)

    assert program.wait(timeout=15) == 0
    assert (tmp_path / "ledger.sqlite3").exists()
