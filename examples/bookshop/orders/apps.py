"""The app of orders: its signal handlers are connected once it is ready."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self):
        from orders import signals

        signals.connect()
