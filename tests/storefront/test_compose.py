"""The compose file and Dockerfile, checked as text: these tests run no containers."""

import re
from pathlib import Path

import pytest
import redis
import yaml

from storefront import settings as conf
from suppliers.resilience.bulkheads import BulkheadKind, slot_count
from tests.support import containers

APP_SERVICES = ("web", "worker", "syncs", "bulk", "beat")
ONE_SHOT = "migrate"
SECRET = re.compile(r"SECRET|PASSWORD|KEY|TOKEN")


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load(Path("docker-compose.yml").read_text())["services"]


def test_all_services_are_defined(services):
    assert set(services) == {*APP_SERVICES, "postgres", "redis", ONE_SHOT}
    for name in set(services) - {ONE_SHOT}:
        assert services[name]["healthcheck"]["test"], name
    healthy, done = ({"condition": f"service_{so}"} for so in ("healthy", "completed_successfully"))
    for name in APP_SERVICES:
        needed = {ONE_SHOT: done, "postgres": healthy, "redis": healthy}
        assert services[name]["depends_on"] == needed


def test_images_are_pinned_to_the_patch_release(services):
    lines = Path("Dockerfile").read_text().splitlines()
    images = [line.split()[1] for line in lines if line.startswith("FROM ")]
    images += [services[name]["image"] for name in ("postgres", "redis")]

    assert len(images) == 5
    for image in images:
        assert re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?(-[a-z]+)+", image), image


def test_no_secret_is_in_the_file_and_missing_ones_are_required(services):
    values = {
        (service, name): str(value)
        for service, described in services.items()
        for name, value in described.get("environment", {}).items()
        if SECRET.search(name) or "://" in str(value)
    }
    assert len(values) > 5
    for place, value in values.items():
        assert re.search(r"\$\{\w+:(\?Set .+|-)\}", value), place
        left = re.sub(r"\$\{[^}]*\}", "", value)  # the part that no variable replaces
        assert not left or re.fullmatch(
            r"(postgres://fara(_app)?:@|redis://:@)[a-z]+:\d+/\w+", left
        ), place


def test_only_migrate_connects_as_the_owner_of_the_database(services):
    users = {
        name: re.match(r"postgres://(\w+):", services[name]["environment"]["DATABASE_URL"])[1]
        for name in (*APP_SERVICES, ONE_SHOT)
    }
    owner = services["postgres"]["environment"]["POSTGRES_USER"]

    assert {name for name, user in users.items() if user == owner} == {ONE_SHOT}
    assert {users[name] for name in APP_SERVICES} == {"fara_app"}
    assert "grant_app_role" in services[ONE_SHOT]["command"][-1]


def test_containers_are_read_only_and_gain_no_privileges(services):
    for name, described in services.items():
        assert described["read_only"] is True, name
        assert "no-new-privileges:true" in described["security_opt"], name


def test_every_data_folder_is_a_shared_volume():
    described = yaml.safe_load(Path("docker-compose.yml").read_text())
    paths = {name: value for name, value in vars(conf).items() if isinstance(value, Path)}
    ours = set(conf.DATA_ROOTS)
    inside = {name: Path("/app") / paths[name].relative_to(conf.BASE_DIR) for name in ours}

    written = {n for n, path in paths.items() if path.is_relative_to(conf.VAR_DIR)}
    # The image is built with the static files, and production has no mailbox.
    assert written - ours == {"VAR_DIR", "STATIC_ROOT", "STYLES_DIR", "MAILBOX_DIR"}
    mounts = {f"{path.name}:{path}" for path in inside.values()}
    for name in (*APP_SERVICES, ONE_SHOT):
        assert set(described["services"][name]["volumes"]) == mounts, name
    assert {path.name for path in inside.values()} <= set(described["volumes"])
    made = next(
        line for line in Path("Dockerfile").read_text().splitlines() if "install -d" in line
    )
    assert {str(path) for path in inside.values()} <= set(made.split())


def sources():
    paths = [path for app in containers.APPS for path in Path(app).rglob("*.py")]
    return [path for path in paths if not path.is_relative_to("storefront/dev")]


def test_data_folders_are_read_from_the_settings_only():
    reading = [str(path) for path in sources() if "VAR_DIR" in path.read_text()]
    assert reading == ["storefront/settings/__init__.py"]


def names_read_by_the_code():
    calls = re.compile(r'(?:env_\w+\(|environ(?:\.get\(|\[))\s*"(?!HTTP_)([A-Z][A-Z0-9_]*)"')
    return {name for path in sources() for name in calls.findall(path.read_text())}


def documented(heading):
    """Return the variables of one table of the documentation."""
    text = Path("docs/settings.md").read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([A-Z0-9_]+)`", row)]


def test_every_setting_is_in_the_compose_file_and_documented(services):
    passed = set().union(*(services[name]["environment"] for name in (*APP_SERVICES, ONE_SHOT)))
    shop, development = documented("Settings of a shop"), documented("Development and tests")
    assert len(names_read_by_the_code()) > 30

    assert names_read_by_the_code() == {*shop, *development}
    assert passed == set(shop)
    assert len(set(shop) | set(development)) == len(shop) + len(development)
    text = Path("docker-compose.yml").read_text()
    variables = set(re.findall(r"(?<!\$)\$\{(\w+)[:?}-]", text)) - {"NAME"}
    assert variables - set(shop) == set(documented("Variables of docker-compose.yml"))


def test_image_has_the_programs_of_the_database_server(services):
    image = services["postgres"]["image"]
    major = re.match(r"postgres:(\d+)\.", image)[1]
    text = Path("Dockerfile").read_text()

    assert f"FROM {image} AS database" in text
    assert f"/usr/lib/postgresql/{major}/bin/pg_dump" in text


def test_image_does_not_run_as_root():
    lines = Path("Dockerfile").read_text().splitlines()
    last_stage = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM ")) :]

    assert "USER fara" in last_stage
    assert any(line.startswith("HEALTHCHECK ") for line in last_stage)


@pytest.mark.parametrize("private", [".*", "var/"])
def test_local_files_stay_out_of_the_image(private):
    assert private in Path(".dockerignore").read_text().splitlines()


def concurrency(service):
    words = service["command"]
    return int(words[words.index("--concurrency") + 1])


def test_every_queue_has_a_worker_of_which_a_supplier_occupies_at_most_half(services, settings):
    slots = re.search(r":-(\d+)", services["web"]["environment"]["BULKHEAD_SLOTS_PER_SUPPLIER"])[1]
    settings.BULKHEAD_SLOTS_PER_SUPPLIER = int(slots)
    limits = {
        "worker": slot_count(BulkheadKind.ORDERS) + slot_count(BulkheadKind.EVENTS),
        "syncs": slot_count(BulkheadKind.SYNCS) + slot_count(BulkheadKind.CLAIMS),
    }

    for name, slots in limits.items():
        assert concurrency(services[name]) >= 2 * slots
    assert concurrency(services["bulk"]) > 1, "one process may be busy with pictures"
    queues = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {"celery"}
    commands = [each.get("command", []) for each in services.values()]
    served = {words[words.index("--queues") + 1] for words in commands if "--queues" in words}
    assert served == queues


def test_full_redis_evicts_pages_and_no_task(tmp_path):
    with containers.started_redis(tmp_path, maxmemory="8mb") as url:
        store = redis.Redis.from_url(url)
        for number in range(100):
            store.lpush("celery", f"task {number}")
        for number in range(200):
            store.set(f"page:{number}", b"x" * 130_000, ex=30)

        assert store.llen("celery") == 100
        assert 0 < len(store.keys("page:*")) < 100
