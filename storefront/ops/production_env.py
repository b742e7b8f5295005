"""Production environment: run one command with production-like settings.

No value is an insecure default, and none is a real secret.

    python -m storefront.ops.production_env python manage.py check --deploy
"""

import os
import sys

from storefront.ops.environment import fresh_secrets, override

HOST = "shop.example"


def main(command: list[str]) -> None:
    env = override(os.environ, {**fresh_secrets(), **addresses()})
    os.execvpe(command[0], command, env)


def addresses() -> dict[str, str]:
    return {
        "ENVIRONMENT": "production",
        "DEBUG": "false",
        "ALLOWED_HOSTS": HOST,
        "PUBLIC_URL": f"https://{HOST}",
        "TRUSTED_PROXIES": "1",
        "CSRF_TRUSTED_ORIGINS": f"https://{HOST}",
        "DATABASE_URL": "postgres://fara:unused@db.example:5432/fara",
        "REDIS_URL": "redis://:unused@cache.example:6379/0",
        "SMTP_URL": "smtps://fara:unused@mail.example:465",
        "PAYMENT_GATEWAY": "stripe",
        "STRIPE_SECRET_KEY": "sk_live_unused",
        "STRIPE_WEBHOOK_SECRET": "whsec_unused",
        "SANDBOX_SUPPLIER_URL": "",
    }


if __name__ == "__main__":
    main(sys.argv[1:])
