"""Customers and orders for those who keep them."""

from django.contrib import admin

from orders.models import Customer, Event, Order, OrderLine


class OrderLineInline(admin.TabularInline):
    model = OrderLine
    raw_id_fields = ["book"]
    extra = 0


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ["pk", "customer", "status", "placed_at"]
    list_filter = ["status"]
    list_select_related = ["customer"]
    inlines = [OrderLineInline]


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):
    list_display = ["name", "city", "order_count"]

    def order_count(self, customer):
        return customer.orders.count()


@admin.register(Event)
class EventAdmin(admin.ModelAdmin):
    """The row that each event is about is asked for one by one."""

    list_display = ["verb", "subject", "happened_at"]
