import os
import subprocess
import sys
from pathlib import Path

import pytest

from storefront import checks, settings

ROOT = Path(__file__).resolve().parents[2]
INSECURE_DEFAULTS = {"SECRET_KEY", "FIELD_KEYS", "ALLOWED_HOSTS", "PUBLIC_URL", "TRUSTED_PROXIES"}
INSECURE_DEFAULTS |= {"PAYMENT_GATEWAY", "SANDBOX_SUPPLIER_URL", "SMTP_URL"}
WEB = [sys.executable, "-c", "import storefront.wsgi"]
WORKER = [sys.executable, "-m", "celery", "-A", "storefront", "worker", "--pool", "solo"]
BEAT = [sys.executable, "-m", "celery", "-A", "storefront.beat", "beat"]


def start(command, folder, **environ):
    """Start a process in its own folder: beat writes and deletes files in its working directory."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        command,
        cwd=folder,
        env={**kept, **environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_passwords_are_hashed_by_a_slow_function():
    assert settings.PASSWORD_HASHERS[0].endswith(".ScryptPasswordHasher")


@pytest.mark.parametrize("command", [WEB, WORKER, BEAT], ids=["web", "worker", "beat"])
def test_each_process_refuses_insecure_defaults_and_an_unwritable_folder(command, tmp_path):
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "feeds").write_text("no folder")
    given = {"DEBUG": "true", "STAFF_SECOND_FACTOR": "false"}
    place = {"ENVIRONMENT": "production", "VAR_DIR": str(tmp_path / "var")}

    refused = start(command, tmp_path, **place, **given)

    assert refused.returncode == 1
    named = {name for name in [*INSECURE_DEFAULTS, *given] if f"{name} still has" in refused.stderr}
    assert named == {*INSECURE_DEFAULTS, *given}
    assert "FEEDS_ROOT is not writable" in refused.stderr
    assert "MEDIA_ROOT" not in refused.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "x"),
        ("SECRET_KEY", "x" * 60),
        ("SECRET_KEY_FALLBACKS", "short"),
        ("PUBLIC_URL", "http://shop.example"),
        ("SMTP_URL", "smtp://user:password@mail.example:25"),
        ("MAIL_FROM", "Our shop"),
        ("SEVENTEEN_TRACK_URL", "http://api.example"),
    ],
)
def test_production_refuses_weak_values(settings, name, value):
    settings.IS_PRODUCTION = True
    settings.PUBLIC_URL = "https://shop.example"
    settings.SMTP_URL = "smtp+starttls://user:password@mail.example:587"
    settings.SECRET_KEY = "0123456789" * 5
    settings.SEVENTEEN_TRACK_KEY = "a key"
    assert checks.refuse_weak_values() == []

    setattr(settings, name, [value] if name == "SECRET_KEY_FALLBACKS" else value)

    (found,) = checks.refuse_weak_values()
    assert found.msg.startswith(name.removesuffix("_FALLBACKS"))


def test_data_folder_check_leaves_no_file(settings):
    assert checks.check_data_folders() == []
    assert list(settings.FEEDS_ROOT.iterdir()) == []


@pytest.mark.parametrize(
    ("key", "secret", "missing"),
    [
        ("sk_test_1", " ", {"STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"}),
        ("rk_live_1", "whsec_1", set()),
    ],
)
def test_production_needs_live_stripe_keys_and_a_webhook_secret(settings, key, secret, missing):
    settings.IS_PRODUCTION, settings.PAYMENT_GATEWAY = True, "stripe"
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = key, secret

    found = {each.msg.partition(" ")[0] for each in checks.refuse_insecure_defaults()}

    assert {name for name in found if name.startswith("STRIPE")} == missing


@pytest.mark.parametrize(
    ("account", "token", "url", "refused"),
    [
        ("", "", "https://api.example", set()),
        ("AC1", "t", "https://api.example", set()),
        ("AC1", "", "https://api.example", {"TWILIO_AUTH_TOKEN"}),
        ("AC1", "t", "http://api.example", {"TWILIO_API_URL"}),
    ],
)
def test_production_needs_a_complete_sms_account_or_none(settings, account, token, url, refused):
    settings.IS_PRODUCTION = True
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = account, token
    settings.TWILIO_FROM, settings.TWILIO_API_URL = account and "+15005550006", url

    found = {each.msg.partition(" ")[0] for each in checks.refuse_insecure_defaults()}

    assert {name for name in found if name.startswith("TWILIO")} == refused
