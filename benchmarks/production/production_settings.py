"""The bookshop as it runs in production; without Mercury where BENCHMARK_BARE is set."""

import os

from bookshop.settings import *

DEBUG = False

if os.environ.get("BENCHMARK_BARE"):
    INSTALLED_APPS = [app for app in INSTALLED_APPS if not app.startswith("mercury")]
    MIDDLEWARE = [each for each in MIDDLEWARE if not each.startswith("mercury")]
