"""Each request carries the basket of its visitor."""

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.utils.functional import SimpleLazyObject

from orders.basket import Basket


class BasketMiddleware:
    sync_capable = True
    async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request):
        # The session is not looked at before somebody wants the basket.
        request.basket = SimpleLazyObject(lambda: Basket(request.session))
        return self.get_response(request)
