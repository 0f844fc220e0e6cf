"""The WSGI entry point of the Django application that the benchmarks compare with."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peer.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
