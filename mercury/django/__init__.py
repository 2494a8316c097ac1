"""Mercury for Django: the app, the middleware, and the signal for finished units of work.

INSTALLED_APPS = [..., "mercury.django"]
MIDDLEWARE = ["mercury.django.middleware.MercuryMiddleware", ...]
"""
