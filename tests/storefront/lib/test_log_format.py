import io
import json
import logging

import pytest
from django.conf import settings

from storefront.accounts.models import User
from storefront.lib import log_format
from storefront.wsgi import application
from tests.factories.catalog import make_channel

pytestmark = pytest.mark.django_db
TOKEN = "kqTz0a-LwT2mXv4Rb8Nc_1Yd6KZq7LwT2mXv4Rb8Nc1"
FORGED = "2026-11-28 22:00:00,000 INFO django.request: forged"


@pytest.fixture
def lines():
    """Return the console output, formatted by the settings."""
    stream = io.StringIO()
    formatter = settings.LOGGING["formatters"]["line"]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log_format.LineFormatter(formatter["format"], style="{"))
    assert formatter["()"] == f"{log_format.__name__}.LineFormatter"
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["without_traceback"]
    handler.addFilter(log_format.DropClientErrorTraceback())
    logging.getLogger().addHandler(handler)
    yield lambda: stream.getvalue().splitlines()
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize(
    "path",
    [
        f"/en/orders/FL-261124-7K3QX/{TOKEN}/",
        f"/en/supplier/FL-261124-7K3QX-1/{TOKEN}/",
        f"/api/v1/carts/{TOKEN}/",
        f"/api/v1/orders/FL-261124-7K3QX/{TOKEN}/tracking/",
        "/en/nowhere/c9-cwx3ab-8f2b4a6c8e0f2b4a6c8e0f2b4a6c8e0f/",  # of a password reset
        "/en/account/confirm/MTI:1vPQxk:Zq7LwT2mXv4Rb8Nc1Yd6KZq7LwT2mXv4/nowhere/",
        "/en/account/email/stop/8f2b4a6c8e0f2b4a6c8e0f2b4a6c8e0f/nowhere/",
    ],
)
def test_refused_request_is_logged_without_its_key(client, lines, path):
    assert client.get(path).status_code >= 400  # 503 if no channel is open

    [line] = [line for line in lines() if " django.request: " in line]
    assert not any(TOKEN in line for line in lines())
    key = max(path.split("/"), key=len)
    assert key not in line
    assert key[:12] not in line
    assert line.endswith(path.replace(key, "…"))


def test_oversized_form_is_refused_with_a_message_and_one_log_line(client, lines):
    text = "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)

    answer = client.post(
        "/en/cart/add/", f"listing={text}", content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code == 413
    assert "This form contains too much text." in answer.content.decode()
    assert len(lines()) == 1


def test_missing_permission_is_logged_without_a_traceback(client, lines):
    make_channel()
    client.force_login(User.objects.create_user("a@example.org", "x", is_staff=True))

    assert client.get("/admin/orders/order/").status_code == 403
    assert any("Permission denied" in line for line in lines())
    assert not any(line.startswith("    ") for line in lines())


@pytest.mark.parametrize("control", ["\n", "\r", "\x1b[2K", "\x85", "\u2028", "\u202e", "\x00"])
def test_path_cannot_start_a_log_line(lines, control):
    logging.getLogger("storefront.web").error("closed at %s", f"/en/x{control}{FORGED}/y/")

    [line] = lines()
    assert control[0] not in line
    assert FORGED in line


def test_line_feed_in_a_path_is_escaped(client, lines):
    client.post("/en/orders/x%0A" + FORGED.replace(" ", "%20") + "/y/cancel/")
    client.get("/en/p/oddfell-newel-160-solar-lantern-with-hook/")

    assert not any(line.startswith(FORGED) for line in lines())
    assert any(FORGED in line for line in lines())
    assert any("/en/p/oddfell-newel-160-solar-lantern-with-hook/" in line for line in lines())


def test_error_with_untrusted_lines_is_indented(lines):
    try:
        raise ValueError(f"no\n{FORGED}\n/carts/{TOKEN}/")  # noqa: TRY301
    except ValueError:
        logging.getLogger("storefront.api").exception("bug in GET /api/v1/carts/%s/", TOKEN)

    first, *trace = lines()
    assert "bug in GET /api/v1/carts/…/" in first
    assert all(line.startswith("    ") for line in trace)
    assert TOKEN not in "".join(trace)


@pytest.mark.parametrize(
    ("sent", "written"), [("7f3c-91", " [7f3c-91]"), ("a b", ""), ("x" * 65, "")]
)
def test_lines_contain_the_request_id(lines, rf, sent, written):
    request = rf.get("/en/nowhere/", headers={"x-request-id": sent})
    b"".join(application(request.environ, lambda *_: None))

    [line] = [line for line in lines() if " django.request: " in line]
    assert line.endswith(f"/en/nowhere/{written}")
    assert log_format.current_id.get() == ""


def test_json_line_names_the_task_and_its_records_and_hides_keys():
    formatter = log_format.JsonFormatter()
    log_format.use_task(task_id="t-1", task=None, kwargs={"order_id": 7, "reason": "secret"})
    with pytest.raises(ValueError, match="forged") as caught:
        int(f"/en/orders/FL-1/{TOKEN}/\nforged")
    error = (caught.type, caught.value, caught.tb)
    record = logging.LogRecord("a", logging.ERROR, "", 0, "no %s", ("stock",), error)
    line = formatter.format(record)
    log_format.forget_task()

    entry = json.loads(line)
    assert "\n" not in line
    assert TOKEN not in line
    assert entry["message"] == "no stock"
    assert (entry["task_id"], entry["order_id"]) == ("t-1", 7)
    assert "reason" not in entry
    assert "ValueError" in entry["error"]
    assert "task_id" not in json.loads(formatter.format(record))
