"""Every setting of the project, once. The environment overrides; the defaults run on a laptop."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import environ

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = Path(env.str("STATE_DIR", default=str(BASE_DIR / ".state" / "local")))

DEVELOPMENT_KEY = "development-only: config.wsgi refuses to serve with this key unless DEBUG is on"
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default=DEVELOPMENT_KEY)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# Where the public finds this site: private links in mails begin with it.
SITE_URL = env.str("SITE_URL", default="http://localhost:8000")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# The newest key encrypts, all of them decrypt (MultiFernet); comma separated, newest first. Empty: derived from SECRET_KEY.
IDENTITY_KEYS = env.list("IDENTITY_KEYS", default=[])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "race",
    "timing",
    "results",
    "ui",
    "seeds",
]
MIDDLEWARE = [
    "config.nul.refuse_nul",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- the record -------------------------------------------------------------------------------------------------
DATABASE_URL = env.str("DATABASE_URL", default="postgresql://localhost/daguguan")
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
DATABASES["default"].setdefault("OPTIONS", {})
# A lock that is waited for longer than this is a fault, not patience (facts: long transactions block writers).
DATABASES["default"]["OPTIONS"]["options"] = (
    "-c synchronous_commit=on -c lock_timeout=10s -c statement_timeout=120s -c idle_in_transaction_session_timeout=60s"
)
# Only the fixed statements of race.rows are prepared; the ORM puts its values into the text.
DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 0
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- the doorbell -----------------------------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="redis://localhost:6379/0")


def broker_url(redis_url: str) -> str:
    """Celery's broker lives one database above the live data, so that emptying one never hides a fault of the other."""
    parts = urlsplit(redis_url)
    if parts.scheme == "unix":
        number = int(parse_qs(parts.query).get("db", ["0"])[0]) + 1
        return f"redis+socket://{parts.path}?virtual_host={number}"
    return parts._replace(path=f"/{int(parts.path.strip('/') or 0) + 1}").geturl()


CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=broker_url(REDIS_URL))
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 100
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_ROUTES = {
    "results.tasks.refresh": {"queue": "live"},
    "timing.tasks.ingest": {"queue": "ingest"},
    "results.tasks.sweep": {"queue": "live"},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than the longest task, so that a slow task is never started twice; restores are looked for every 5 s
    # (the library's own default is every 100 s).
    "visibility_timeout": 120,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 0.5,
    "socket_keepalive": True,
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0.05,
    "interval_max": 0.1,
}
# A doorbell that cannot ring must not hold up an acknowledgement: publishing gives up at once, the sweep rings again.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "results.tasks.sweep", "schedule": 1.0, "options": {"queue": "live", "expires": 5}},
    "tend": {"task": "race.tasks.tend", "schedule": 2.0, "options": {"expires": 5}},
    "forget": {"task": "race.tasks.forget", "schedule": 3600.0, "options": {"expires": 3600}},
    "drop-old-uploads": {"task": "timing.tasks.drop_old_uploads", "schedule": 3600.0, "options": {"expires": 3600}},
}

# --- people -----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "race.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
# An account from an address: a whole venue shares one, and nobody elsewhere shall be able to lock the office out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/api/docs/"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
HTTPS = env.bool("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}

# --- money and messages -----------------------------------------------------------------------------------------
# WeChat Pay is offered where the first five are set; PRIVATE_KEY is the text of the merchant's key.
WECHATPAY = {
    "MCHID": env.str("WECHATPAY_MCHID", default=""),
    "APPID": env.str("WECHATPAY_APPID", default=""),
    "PRIVATE_KEY": env.str("WECHATPAY_PRIVATE_KEY", default="", multiline=True),
    "CERT_SERIAL_NO": env.str("WECHATPAY_CERT_SERIAL_NO", default=""),
    "APIV3_KEY": env.str("WECHATPAY_APIV3_KEY", default=""),
    "PUBLIC_KEY": env.str("WECHATPAY_PUBLIC_KEY", default="", multiline=True),
    "PUBLIC_KEY_ID": env.str("WECHATPAY_PUBLIC_KEY_ID", default=""),
    "TYPE": env.str("WECHATPAY_TYPE", default=""),
}
EMAIL_URL = env.str("EMAIL_URL", default="consolemail://")
vars().update(env.email_url_config(EMAIL_URL))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="entries@localhost")
# The class that takes text messages: race.postbox has the one that only prints them.
SMS_PROVIDER = env.str("SMS_PROVIDER", default="race.postbox.ConsoleSms")

# --- words ------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- files ------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_ROOT.joinpath("staticfiles.json").exists()
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not STATIC_ROOT.joinpath("staticfiles.json").exists()
# Ten weekends of reads. Parsing takes ten times its size of a worker's memory, and ten seconds.
DELIVERY_LIMIT = env.int("DELIVERY_LIMIT", default=64 * 1024 * 1024)
BODY_LIMIT = env.int("BODY_LIMIT", default=1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = DELIVERY_LIMIT
# A team of 200 is a grid of some thousand cells.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 6000

# --- the interface for machines ---------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "race.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    # Deny by default: a resource that names no permission of its own answers 403 to everybody but administrators.
    "DEFAULT_PERMISSION_CLASSES": ["race.permissions.AdministratorOnly"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["race.api.parsing.Json"],
    "DEFAULT_PAGINATION_CLASS": "race.api.paging.Paging",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_standardized_errors.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.api.exception_handler",
    "DEFAULT_THROTTLE_RATES": {"time_travel": "60/min"},
    # Who asks is who connects, unless a proxy of ours says otherwise: a header of the client's own counts for nothing.
    "NUM_PROXIES": 1 if env.bool("BEHIND_PROXY", default=False) else 0,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
# Forms of entering a minute from one address, in each web process: a whole venue, or a mobile network, shares one.
ENTRIES_PER_ADDRESS = env.int("ENTRIES_PER_ADDRESS", default=600)
SPECTACULAR_SETTINGS = {
    "TITLE": "Cycling race weekend API",
    "DESCRIPTION": "Everything a screen can do: races, start lists, sign-on, guns, chip deliveries, rulings, live boards.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "ENUM_NAME_OVERRIDES": {
        "CommuniqueKind": "results.models.publication.Communique.Kind",
        "ProtestStepKind": "results.models.protest.ProtestStep.Kind",
    },
}

# --- the line ---------------------------------------------------------------------------------------------------
GATEWAY_HOST = env.str("GATEWAY_HOST", default="127.0.0.1")
GATEWAY_NAME = env.str("GATEWAY_NAME", default="DAGUGUAN")

# --- what it says of itself -------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"secrets": {"()": "config.secrets_in_logs.Hidden"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["secrets"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"django.request": {"level": "ERROR"}, "axes": {"level": "WARNING"}, "httpx": {"level": "WARNING"}},
}
