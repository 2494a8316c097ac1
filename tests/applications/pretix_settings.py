"""pretix as its own tests run it, on a database file of this process, with Mercury's middleware first."""

import os
import tempfile

_folder = tempfile.mkdtemp(prefix="mercury-pretix-")
os.environ["DATA_DIR"] = _folder

from pretix.testutils.settings import *
from pretix.testutils.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE

DEBUG = False
ALLOWED_HOSTS = ["*"]
DATABASES["default"].update(ENGINE="django.db.backends.sqlite3", NAME=os.path.join(_folder, "pretix.sqlite3"))
DATABASES["default"]["TEST"] = {"NAME": DATABASES["default"]["NAME"]}
INSTALLED_APPS = [*INSTALLED_APPS, "mercury.django"]
MIDDLEWARE = ["mercury.django.middleware.MercuryMiddleware", *MIDDLEWARE]
