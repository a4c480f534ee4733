"""Everything but the live stream and the held boards is answered here, in threads."""

import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

if settings.SECRET_KEY == settings.DEVELOPMENT_KEY and not settings.DEBUG:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set: sessions signed with the published development key can be forged."
    )

application = get_wsgi_application()
