"""Superset as `make bi` starts it: on this machine alone, nothing loaded from elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, FileSystemLoader

HOME = Path(os.environ.get("PLUMBLINE_BI", "build/bi")).resolve()

# Signs sessions; `make bi` makes one and keeps it.
SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
# What Superset keeps of itself: users, roles, dashboards. Where many work on it, another database by URL.
SQLALCHEMY_DATABASE_URI = os.environ.get("SUPERSET_METADATA", f"sqlite:///{HOME / 'superset.db'}")
SQLALCHEMY_TRACK_MODIFICATIONS = False
DATA_DIR = str(HOME)

# Rules of rows name the user who asks.
FEATURE_FLAGS = {"ENABLE_TEMPLATE_PROCESSING": True, "DASHBOARD_RBAC": True}
# What somebody saw is never shown to somebody else, nor after a publication.
CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
FILTER_STATE_CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 86_400}
EXPLORE_FORM_DATA_CACHE_CONFIG = FILTER_STATE_CACHE_CONFIG

# Nobody without a login, and no registration.
AUTH_USER_REGISTRATION = False
PREVENT_UNSAFE_DB_CONNECTIONS = True
WTF_CSRF_ENABLED = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
# Over plain http on loopback; behind a proxy with TLS say SUPERSET_HTTPS=1.
SESSION_COOKIE_SECURE = os.environ.get("SUPERSET_HTTPS") == "1"

# Nothing but this machine: pages may load from it alone.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'unsafe-eval'", "'strict-dynamic'"],
        "frame-ancestors": ["'self'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": SESSION_COOKIE_SECURE,
}

APP_NAME = "Plumbline"
ROW_LIMIT = 5_000
D3_FORMAT = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""]}


def FLASK_APP_MUTATOR(app: Any) -> None:  # noqa: N802 - the name that Superset asks for
    """Pages are as wide as the phone that shows them (templates/head_custom_extra.html)."""
    ours = FileSystemLoader(Path(__file__).with_name("templates"))
    app.jinja_loader = ChoiceLoader([ours, app.jinja_loader])
