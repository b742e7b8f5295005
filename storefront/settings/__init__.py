"""Settings: read the environment, fall back to insecure defaults for local development."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from django.conf import global_settings
from django.utils.csp import CSP

from storefront.lib.env import (
    env_bool,
    env_choice,
    env_int,
    env_keys,
    env_list,
    env_mailer,
    env_postgres,
    env_str,
)
from storefront.settings import admin_theme, api, database, messages, payments, tracking
from storefront.settings.accounts import *  # noqa: F403 - each is named by allauth

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = Path(env_str("VAR_DIR", str(BASE_DIR / "var")))

ENVIRONMENT = env_choice("ENVIRONMENT", "local", "staging", "production")
IS_PRODUCTION = ENVIRONMENT == "production"
# The image never contains storefront/dev, whatever its ENVIRONMENT is.
HAS_DEV_TOOLS = ENVIRONMENT == "local" and (BASE_DIR / "storefront" / "dev").is_dir()
INSECURE_SECRET_KEY = "local-only-and-known-to-everybody-so-never-in-production"
SECRET_KEY = env_str("SECRET_KEY", INSECURE_SECRET_KEY)
# earlier keys: carts and sessions stay valid
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
DEBUG = env_bool("DEBUG", default=False)
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS") or LOCAL_HOSTS
PUBLIC_URL = env_str("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
SHOP_NAMES = env_list("SHOP_NAMES", "Fara")  # names of this shop in competitor price lists
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS") or [PUBLIC_URL]

_insecure_key_digest = hashlib.sha256(INSECURE_SECRET_KEY.encode()).digest()
INSECURE_FIELD_KEY = base64.urlsafe_b64encode(_insecure_key_digest).decode()
FIELD_KEYS = env_keys("FIELD_KEYS") or [INSECURE_FIELD_KEY]  # newest first

# External services
SANDBOX_SUPPLIER_URL = env_str("SANDBOX_SUPPLIER_URL", "http://127.0.0.1:8001")
STRIPE_API_URL, STRIPE_SECRET_KEY = payments.STRIPE_URL, payments.STRIPE_KEY
PAYMENT_GATEWAY, STRIPE_WEBHOOK_SECRET = payments.CHOSEN, payments.STRIPE_HOOK
TWILIO_API_URL, TWILIO_ACCOUNT_SID = messages.TWILIO_API_URL, messages.TWILIO_ACCOUNT_SID
TWILIO_AUTH_TOKEN, TWILIO_FROM = messages.TWILIO_AUTH_TOKEN, messages.TWILIO_FROM
MAIL_PROVIDER, MAIL_WEBHOOK_SECRET = messages.MAIL_PROVIDER, messages.MAIL_WEBHOOK_SECRET
PRODUCT_ALERT_HOLD_MIN = messages.PRODUCT_ALERT_HOLD_MIN
PRODUCT_ALERTS_PER_UNIT = messages.PRODUCT_ALERTS_PER_UNIT
REVIEW_REQUEST_DAYS = messages.REVIEW_REQUEST_DAYS
PRODUCT_ALERT_DAYS, PRICE_ALERT_PERCENT = (
    messages.PRODUCT_ALERT_DAYS,
    messages.PRICE_ALERT_PERCENT,
)
# The provider that follows parcels whose suppliers give no events; none without a key.
SEVENTEEN_TRACK_URL, SEVENTEEN_TRACK_KEY = tracking.URL, tracking.KEY
SENDCLOUD_URL = tracking.SENDCLOUD_URL
TRACKING_CALLS_PER_DAY, TRACKING_GRACE_MIN = tracking.CALLS_PER_DAY, tracking.GRACE_MIN
SUPPLIER_LINK_DAYS = env_int("SUPPLIER_LINK_DAYS", 365)  # a link to all orders of a supplier
PROBLEM_NEVER_ARRIVED_AFTER_DAYS = tracking.NEVER_ARRIVED_AFTER_DAYS
PROBLEM_REPORT_DAYS = tracking.PROBLEM_DAYS
# a class as in ``orders.tax.rates``; else the shop's own table
TAX_SERVICE = env_str("TAX_SERVICE", "")

# Networks that outbound HTTP may reach: suppliers choose the URLs of images and feeds. Local
# sandboxes use any port of this machine; production lists what it needs in its own network.
PRIVATE_NETWORKS_ALLOWED = env_list(
    "PRIVATE_NETWORKS_ALLOWED", "" if IS_PRODUCTION else "127.0.0.0/8,::1/128"
)
# Ports besides 80 and 443: numbers, or ranges such as 8000-8010.
OUTSIDE_PORTS_ALLOWED = env_list("OUTSIDE_PORTS_ALLOWED", "" if IS_PRODUCTION else "1024-65535")

# Compliance documents (suppliers.models.compliance) required of a supplier, and of products before
# they are sold.
VETTING_REQUIRED = env_list(
    "VETTING_REQUIRED", "steady_stock,shipping,returns,response_time,un_38_3,ce,rohs"
)
CERTIFICATES_FOR_LITHIUM = env_list("CERTIFICATES_FOR_LITHIUM", "un_38_3")
CERTIFICATES_FOR_EU = env_list("CERTIFICATES_FOR_EU", "ce,rohs")
# daily XML of the ECB or the Central Bank of Azerbaijan; empty: staff enter the rates
RATES_URL = env_list("RATES_URL")
# over a weekend the ECB's rates are a little over 72 h old
RATES_MAX_AGE_H = env_int("RATES_MAX_AGE_H", 96)
RATES_MAX_MOVE_PERCENT = env_int("RATES_MAX_MOVE_PERCENT", 5)  # per day, without approval

INSTALLED_APPS = [
    "storefront.dashboard",  # before unfold: its start page overrides unfold's
    "unfold.apps.BasicAppConfig",  # the site is ours: ``lib.staff.site``
    "unfold.contrib.filters",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    *("allauth", "allauth.account", "allauth.mfa", "django_htmx"),
    "rest_framework",
    "drf_spectacular",
    "storefront",
    "storefront.lib",
    "storefront.identity",
    "notifications",
    "storefront.accounts",
    "catalog",
    "suppliers",
    "orders",
    "shipping",
    "storefront.events",
    "storefront.sales_channels",
    "storefront.web",
    "storefront.supplier_portal",
    "storefront.api",
    "storefront.webhooks",
    "storefront.product_feeds",
    # before admin, whose forms list the models it adds
    *(["storefront.dev"] if HAS_DEV_TOOLS else []),
    "storefront.lib.staff.site.StaffSiteConfig",
]
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STAFF_PREFIX = "/admin/"  # of the paths of all staff pages
LOGIN_URL, LOGIN_REDIRECT_URL = "admin:login", "admin:index"  # of staff; customers have their own
AUTHENTICATION_BACKENDS = ["storefront.accounts.backends.GuardedBackend"]
# required of all staff
STAFF_SECOND_FACTOR = env_bool("STAFF_SECOND_FACTOR", default=IS_PRODUCTION)
# number of our proxies that append to X-Forwarded-For
TRUSTED_PROXIES = env_int("TRUSTED_PROXIES", 0)
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{rule}Validator"}
    for rule in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword")
]

MIDDLEWARE = [
    # Counts cached pages and refused requests too.
    "storefront.ops.metrics.requests.RequestMetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "storefront.lib.security.proxy_check.ProxyCheckMiddleware",
    # Finds the market, which the key of a cached page contains.
    "catalog.markets.middleware.MarketMiddleware",
    # Answers cached pages, with the headers of the first answer.
    "storefront.web.core.page_cache.PageCacheMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "storefront.dashboard.theme.csp.AdminPolicyMiddleware",
    "storefront.lib.security.request_text.RequestTextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "storefront.accounts.two_factor.middleware.TwoFactorMiddleware",
    "storefront.dashboard.login.middleware.StaffMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "storefront.web.account.view_as.ViewAsMiddleware",
    "storefront.web.core.errors.ErrorPageMiddleware",
]
if not IS_PRODUCTION:  # where the proxy compresses pages, and files are compressed when built
    MIDDLEWARE.insert(0, "django.middleware.gzip.GZipMiddleware")
ROOT_URLCONF = "storefront.dev.urls" if HAS_DEV_TOOLS else "storefront.urls"
WSGI_APPLICATION = "storefront.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        # Jinja renders the shop's pages in half the time of Django's engine.
        "NAME": "jinja",
        "BACKEND": "storefront.web.rendering.environment.LanguageBackend",
        "DIRS": [
            BASE_DIR / "storefront" / "web" / "templates",
            BASE_DIR / "storefront" / "supplier_portal" / "templates",
            BASE_DIR / "notifications" / "templates",
            *([BASE_DIR / "storefront" / "dev" / "templates"] if HAS_DEV_TOOLS else []),
        ],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "storefront.web.rendering.environment.environment",
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "storefront.web.core.context_processors.shop",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": {
        **env_postgres("DATABASE_URL", "postgres://fara@127.0.0.1:5432/fara"),
        "CONN_MAX_AGE": env_int("CONN_MAX_AGE", 600),
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": database.OPTIONS,
    }
}
REDIS_URL = env_str("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "storefront.lib.db.redis_cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "fara",
        # A page never waits for an unreachable Redis; it is rendered again.
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    }
}
PAGE_CACHE_S = env_int("PAGE_CACHE_S", 30)  # 0 disables the cache of anonymous pages

# The broker only wakes workers; the work is recorded in PostgreSQL.
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 900
# Long work has its own queues, so that no order waits behind a feed, and no image behind a hanging
# supplier. The first matching pattern applies.
CELERY_TASK_ROUTES = {
    # staff wait for price books and bulk edits; a hanging competitor source must not delay images
    "catalog.listings.tasks.*": {"queue": "syncs"},
    "catalog.price_books.tasks.*": {"queue": "syncs"},
    "catalog.bulk_edits.tasks.continue_edits": {"queue": "celery"},
    "catalog.bulk_edits.tasks.*": {"queue": "syncs"},
    "catalog.competitors.tasks.fetch_source": {"queue": "syncs"},
    # no order waits behind a claim, and nothing waits for reconciliation
    "orders.claims.tasks.*": {"queue": "syncs"},
    "orders.accounting.reconciliation.tasks.*": {"queue": "bulk"},
    # tasks that find due work do not wait behind that work
    "catalog.competitors.tasks.fetch_due_sources": {"queue": "celery"},
    "suppliers.compliance.tasks.watch_compliance_documents": {"queue": "celery"},
    "suppliers.inventory.tasks.*": {"queue": "celery"},
    "suppliers.catalog_files.tasks.continue_imports": {"queue": "celery"},
    "suppliers.catalog_files.tasks.run_import": {"queue": "syncs"},
    "suppliers.sync.tasks.start_due_syncs": {"queue": "celery"},
    "suppliers.sync.tasks.close_expired_runs": {"queue": "celery"},
    "catalog.*.tasks.*": {"queue": "bulk"},
    "suppliers.sync.tasks.sync*": {"queue": "syncs"},
    "suppliers.connections.tasks.run_health_check": {"queue": "syncs"},
    "suppliers.feed_mapping.tasks.fetch_sample": {"queue": "syncs"},
    "suppliers.onboarding.tasks.run_dry_run": {"queue": "syncs"},
    "suppliers.*.tasks.*": {"queue": "bulk"},
    "storefront.api.merchant.catalog.tasks.run_job": {"queue": "syncs"},
    "storefront.webhooks.tasks.subscribe": {"queue": "syncs"},
    "storefront.events.tasks.deliver": {"queue": "syncs"},  # a receiver may hang
    # a store that hangs delays no order of ours
    "storefront.sales_channels.connections.tasks.check_store": {"queue": "syncs"},
    "storefront.sales_channels.connections.tasks.subscribe": {"queue": "syncs"},
    "storefront.sales_channels.publishing.tasks.publish": {"queue": "syncs"},
    "storefront.sales_channels.drift.tasks.check_store": {"queue": "bulk"},
    "storefront.privacy.tasks.*": {"queue": "bulk"},
    "storefront.dashboard.tasks.re*": {"queue": "bulk"},  # refresh_figures, record_inbox
    "storefront.product_feeds.tasks.build": {"queue": "bulk"},
}
# Bulkhead: processes for syncs and orders of one supplier; half as many for webhooks or claims.
BULKHEAD_SLOTS_PER_SUPPLIER = env_int("BULKHEAD_SLOTS_PER_SUPPLIER", 2)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1000,
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    # A page never waits for an unreachable broker: by default kombu would sleep 6 s.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# Language and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("az", "Azərbaycanca")]
# Languages of the supplier portal and of e-mails to suppliers; the shop has only LANGUAGES.
SUPPLIER_LANGUAGES = [*LANGUAGES, ("de", "Deutsch"), ("tr", "Türkçe"), ("zh-hans", "简体中文")]
LOCALE_PATHS, FORMAT_MODULE_PATH = [BASE_DIR / "storefront" / "locale"], "storefront.locale.formats"
USE_I18N = USE_TZ = True
TIME_ZONE = CELERY_TIMEZONE = "UTC"

# Files
STATIC_URL, MEDIA_URL = "/static/", "/media/"
STATIC_ROOT = VAR_DIR / "static"  # built into the image
STYLES_DIR = VAR_DIR / "styles"  # the joined stylesheets, on their way there
MEDIA_ROOT = VAR_DIR / "media"
PRIVATE_ROOT = VAR_DIR / "private"  # no URL serves it
FEEDS_ROOT = VAR_DIR / "feeds"  # suppliers' files, fetched or uploaded; no URL serves them
# All folders that the shop writes to. All processes share them; containers by a volume each.
DATA_ROOTS = ["MEDIA_ROOT", "PRIVATE_ROOT", "FEEDS_ROOT"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": PRIVATE_ROOT, "file_permissions_mode": 0o600},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "storefront.web.rendering.stylesheet.StylesheetFinder",
]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not IS_PRODUCTION  # edits show at once

# Mail
SMTP_URL = env_str("SMTP_URL", "smtp://127.0.0.1:8025")
MAIL_FROM = DEFAULT_FROM_EMAIL = env_str("MAIL_FROM", "Fara <orders@fara.example>")
MAILBOX_DIR = VAR_DIR / "mail"  # mails received by the development mail server
MAILERS = {
    "default": env_mailer(
        "SMTP_URL", "smtp://127.0.0.1:8025", backend="notifications.senders.email.Backend"
    )
}

# Security
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "form-action": [CSP.SELF, *payments.pages()],
}
SECURE_REFERRER_POLICY, X_FRAME_OPTIONS = "same-origin", "DENY"
SESSION_COOKIE_HTTPONLY = SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "storefront.error_handlers.csrf_failed"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_PRODUCTION
# Browsers accept a cookie with this prefix only over HTTPS and from this host itself.
COOKIE_PREFIX = "__Host-" if IS_PRODUCTION else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
CART_COOKIE_NAME = f"{COOKIE_PREFIX}fara_cart"
SECURE_HSTS_SECONDS = 31_536_000 if IS_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_PRODUCTION
# Health checks come from inside, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
if IS_PRODUCTION:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# The staff page of a product with 48 pictures has some 600 fields.
DATA_UPLOAD_MAX_MEMORY_SIZE, DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000_000, 1_000
FILE_UPLOAD_HANDLERS = [
    "storefront.lib.security.upload_limits.UploadLimitHandler",
    *global_settings.FILE_UPLOAD_HANDLERS,
]

REST_FRAMEWORK, SPECTACULAR_SETTINGS = api.REST, api.DESCRIPTION
UNFOLD = admin_theme.UNFOLD

LOG_FORMAT = env_choice("LOG_FORMAT", "text", "json")
SENTRY_DSN = env_str("SENTRY_DSN", "")
OTEL_EXPORTER_OTLP_ENDPOINT = env_str("OTEL_EXPORTER_OTLP_ENDPOINT", "")
METRICS_TOKEN = env_str("METRICS_TOKEN", "")  # of Prometheus; without it, no /metrics in production

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "storefront.lib.log_format.LineFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
        "json": {"()": "storefront.lib.log_format.JsonFormatter"},
    },
    "filters": {"without_traceback": {"()": "storefront.lib.log_format.DropClientErrorTraceback"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if LOG_FORMAT == "json" else "line",
            "filters": ["without_traceback"],
        }
    },
    "root": {"handlers": ["console"], "level": env_str("LOG_LEVEL", "INFO")},
    "loggers": {name: {"level": "WARNING"} for name in ("httpx", "fontTools", "stripe")},
}
