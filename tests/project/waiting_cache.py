"""A cache that is waited for, as one behind a network is."""

import gevent
from django.core.cache.backends.locmem import LocMemCache


class WaitingCache(LocMemCache):
    def get(self, key, default=None, version=None):
        gevent.sleep(0)
        return super().get(key, default, version)
