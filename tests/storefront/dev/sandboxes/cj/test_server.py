"""The CJ sandbox's server: pictures, the order page, start and stop."""

import io
import signal
import socket
import subprocess
import sys

import httpx
import pytest
from PIL import Image

from storefront.dev.sandboxes.cj.endpoints.product_json import ANGLES
from storefront.dev.sandboxes.goods.catalog import Catalog
from storefront.dev.sandboxes.pictures import coloring


def picture_of(content):
    return Image.open(io.BytesIO(content)).convert("RGBA")


def test_picture_is_the_same_each_time(sandbox):
    product, variant = sandbox.goods()
    path = f"/pictures/{product.pid}/{variant.place}/front.png"

    first, second = sandbox.client.get(path), sandbox.client.get(path)

    assert first.headers["Content-Type"] == "image/png"
    assert first.content == second.content
    image = picture_of(first.content)
    assert image.size == (coloring.SIDE_PX, coloring.SIDE_PX)
    assert image.getpixel((2, 2))[3] == 0  # the background is transparent
    assert image.getpixel((360, 360))[3] > 0


@pytest.mark.parametrize(
    "path", ["/pictures/1/0/front.png", "/pictures/{pid}/15/front.png", "/pictures/{pid}/0/x.png"]
)
def test_unknown_picture_is_not_found(sandbox, path):
    product, _ = sandbox.goods()

    assert sandbox.client.get(path.format(pid=product.pid)).status_code == 404


def test_every_variant_has_a_look():
    shelf = Catalog(600, 7)
    products = [shelf.at(position) for position in range(len(shelf))]

    for product in products:
        for variant in product.variants or (None,):
            assert coloring.looks_of(product, variant), (product.shape, variant)
    assert len({product.shape for product in products}) > 30


def test_each_angle_and_color_has_its_picture():
    shelf = Catalog(160, 7)
    products = [shelf.at(position) for position in range(len(shelf))]
    strap = next(each for each in products if each.shape == "strap")  # drawn from one angle only
    light = max(
        (each for each in products if each.shape == "pod_duo"),
        key=lambda each: len({variant.color for variant in each.variants}),
    )
    by_color = {each.color: each for each in light.variants}

    pictures = [
        coloring.png(light, variant, angle="front", seed=7) for variant in by_color.values()
    ]

    assert len(set(pictures)) == len(pictures) > 1
    for product in (light, strap):
        for angle in ANGLES:
            image = picture_of(coloring.png(product, product.variants[0], angle=angle, seed=7))
            assert image.getchannel("A").getbbox() is not None


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


def test_a_request_that_the_client_did_not_end_is_not_answered(sandbox):
    url = sandbox.client.base_url
    with socket.create_connection((url.host, url.port), timeout=5) as client:
        client.sendall(b"POST /control/faults HTTP/1.1\r\nContent-Length: 9\r\n\r\n{")
        client.shutdown(socket.SHUT_WR)

        assert client.recv(1) == b""


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
