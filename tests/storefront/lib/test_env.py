import os
import subprocess
import sys

import pytest
from django.conf import settings

from storefront.lib.env import InvalidSettingError, env_choice, env_keys, env_mailer


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("smtp://mail.example", {"port": 25}),
        ("smtps://mail.example", {"port": 465, "use_ssl": True}),
        ("smtp+starttls://mail.example", {"port": 587, "use_tls": True}),
        (
            "smtp+starttls://me:p%40ss@mail.example:2525",
            {"port": 2525, "use_tls": True, "username": "me", "password": "p@ss"},
        ),
    ],
)
def test_mail_server_scheme_sets_tls(monkeypatch, url, options):
    monkeypatch.setenv("SMTP_URL", url)

    found = env_mailer("SMTP_URL", "", backend="b")

    assert found["OPTIONS"] == {"host": "mail.example", "timeout": 10, **options}


def test_unknown_scheme_or_misspelled_environment_is_refused(monkeypatch):
    monkeypatch.setenv("SMTP_URL", "http://mail.example")
    monkeypatch.setenv("ENVIRONMENT", "prod")

    with pytest.raises(InvalidSettingError, match=r"smtp\+starttls://"):
        env_mailer("SMTP_URL", "", backend="b")
    with pytest.raises(InvalidSettingError, match="write local or production"):
        env_choice("ENVIRONMENT", "local", "production")


@pytest.mark.parametrize("value", ["abc", "a key, with words", f"{'x' * 43}=,{'y' * 40}"])
def test_a_key_that_cannot_encrypt_is_refused_by_name(monkeypatch, value):
    monkeypatch.setenv("FIELD_KEYS", value)

    with pytest.raises(InvalidSettingError, match="FIELD_KEYS: write keys of 32 random bytes"):
        env_keys("FIELD_KEYS")


def test_a_command_names_a_malformed_setting_without_a_traceback():
    environ = {**os.environ, "ENVIRONMENT": "local", "FIELD_KEYS": "abc"}
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=settings.BASE_DIR,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("FIELD_KEYS: write keys")
