"""The shop in containers: run the steps of the Dockerfile and the services of compose.

It needs root, and a machine that allows mount namespaces; elsewhere it fails with the reason.
Building the image takes minutes. Daily, test_production_image.py starts what the image holds,
test_compose.py compares the volumes and read-only file systems of the services, and test_checks.py
starts each process with a folder that it cannot write to.
"""

import os
import secrets
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from storefront.dev.runtime.ports import HOST, free_port
from storefront.ops import production_env
from storefront.ops.environment import fresh_secrets
from tests.support import containers
from tests.support.containers import Image
from tests.support.waiting import eventually

pytestmark = pytest.mark.full

SHELL = ("python", "manage.py", "shell", "--no-imports", "-c")
OPEN = """
from catalog.models import Channel
from storefront.identity.models import ShopIdentity
ShopIdentity.objects.create(
    pk=1, name="Fara", company="Fara Ltd", address="Harbor Street 1", email="help@fara.shop",
    phone="+49 30 1234",
)
Channel.objects.create(
    code="shop", name="Fara", currency="EUR", default_country="DE", countries=["DE"],
    is_storefront=True,
)
"""
UPLOAD = """
from django.utils import timezone
from suppliers.connections import file_sources
from suppliers.connectors.cj.product_list import CachedList
from suppliers.models import Connection, Supplier
supplier = Supplier.objects.create(code="files", name="Files", adapter="feed", currency="EUR")
Connection.objects.create(supplier=supplier, base_url="", options={"via": "upload"})
file_sources.store_upload(
    supplier=supplier, content="products", name="full.csv", chunks=[b"sku\\n1\\n"], actor="staff",
    now=timezone.now(),
)
list(CachedList(folder=file_sources.supplier_folder(supplier), address="a").cache(iter([])))
"""
READ = """
from suppliers.connections import file_sources
from suppliers.connectors.cj.product_list import CachedList
from suppliers.models import FeedUpload
upload = FeedUpload.objects.select_related("supplier").get()
folder = file_sources.supplier_folder(upload.supplier)
print((folder / "uploads" / upload.storage_name).read_bytes())
print("list kept:", CachedList(folder=folder, address="a").fetched_at() is not None)
"""
WRITE = """
import pathlib
for folder in ("/app", "/app/var", "/app/storefront", "/venv", "/etc", "/usr", "/"):
    try:
        pathlib.Path(folder, "written").write_text("")
    except OSError as error:
        print(error.strerror)
"""
HTTPS = {"Host": production_env.HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "8.8.8.8"}


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    if reason := containers.why_not():
        pytest.fail(reason)  # a skipped test would hide that the image is untested
    folder = tmp_path_factory.mktemp("image")
    for each in (folder, *folder.parents[:2]):
        each.chmod(0o755)  # the image's user must traverse it
    image = Image(folder)
    image.build()
    return image


@pytest.fixture(scope="module")
def database():
    """Return the URLs of an empty database, for its owner and the app."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    name = f"image_{secrets.token_hex(4)}"
    database, role = sql.Identifier(name), sql.Identifier(f"{name}_app")
    at = f"{parts.hostname}:{parts.port}/{name}"
    with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(database))
        yield {
            "owner": parts._replace(path=f"/{name}").geturl(),
            "app": f"postgres://{name}_app:{secrets.token_hex(8)}@{at}",
        }
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
        server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))


@pytest.fixture(scope="module")
def redis_of_compose(tmp_path_factory):
    with containers.started_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="module")
def start(image, database, redis_of_compose):
    """Start a command as a container of a compose service, in production."""
    given = {**fresh_secrets(), **production_env.addresses()}
    given |= {"POSTGRES_PASSWORD": "unused", "POSTGRES_APP_PASSWORD": "unused"}
    given |= {"REDIS_PASSWORD": "unused", "MAIL_FROM": "Fara <orders@shop.example>"}
    running = []

    def run(service, command, **options):
        env = image.environment(service, given)
        owner_or_app = "owner" if service == "migrate" else "app"
        env |= {"DATABASE_URL": database[owner_or_app], "REDIS_URL": redis_of_compose}
        if "APP_DATABASE_URL" in env:
            env["APP_DATABASE_URL"] = database["app"]
        running.append(image.start(service, command, env, **options))
        return running[-1]

    words = image.services["migrate"]["command"]
    run("migrate", [word.replace("$$", "$") for word in words]).check()
    run("web", [*SHELL, OPEN]).check()
    yield run
    for container in running:
        container.stop()


@pytest.fixture(scope="module")
def web(image, start):
    """Start the web server as the image does, and return its URL."""
    port = free_port()
    command = [str(port) if word == "8000" else word for word in image.command]
    command[command.index("--host") + 1] = HOST
    command[command.index("--workers") + 1] = "1"
    container = start("web", command)
    url = f"http://{HOST}:{port}"
    eventually(
        lambda: not container.is_running() or get(f"{url}/healthz")[0] == 200,
        within_s=90,
        every_s=0.5,
    )
    assert container.is_running(), container.said
    return url


def get(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=HTTPS), timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def test_uploaded_file_is_readable_in_another_container(start):
    start("web", [*SHELL, UPLOAD]).check()

    output = start("syncs", [*SHELL, READ]).check()

    assert r"b'sku\n1\n'" in output
    assert "list kept: True" in output


def test_container_is_otherwise_read_only(start):
    output = start("worker", ["python", "-c", WRITE]).check()

    assert output.splitlines() == ["Read-only file system"] * 7


def test_container_without_one_of_its_volumes_does_not_start(start):
    output = start("web", ["python", "-c", "import storefront.wsgi"], without=["feeds"]).fail()

    assert "FEEDS_ROOT is not writable: Read-only file system" in output


def test_shop_is_served_and_ready_once_workers_and_beat_run(start, image, web):
    status, page = get(f"{web}/en/")
    assert (status, "Fara" in page) == (200, True), page
    assert get(f"{web}/en/search/?q=headlamp")[0] == 200
    assert get(f"{web}/admin/login/")[0] == 200
    status, output = get(f"{web}/readyz")
    assert (status, '"beat": "silent"' in output) == (503, True)

    worker = image.services["worker"]["command"].copy()
    worker[worker.index("--queues") + 1] = "celery,syncs,bulk"
    worker[worker.index("--concurrency") + 1] = "1"
    processes = [start("worker", worker), start("beat", image.services["beat"]["command"])]

    eventually(
        lambda: get(f"{web}/readyz")[0] == 200 or not all(p.is_running() for p in processes),
        within_s=90,
        every_s=0.5,
    )
    assert [process.said for process in processes if not process.is_running()] == []
