"""A ticket shop of pretix: n items, orders, vouchers and check-in lists, seen by its owner and by a buyer."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Dict, List

DISTRIBUTION = "pretix"

PASSWORD = "mercury"
CONTROL = "/control/event/acme/fair/"


def populate(n: int) -> None:
    from django.utils.timezone import now
    from django_scopes import scopes_disabled
    from pretix.base.models import Event, Organizer, Team, User

    with scopes_disabled():
        owner = User.objects.create_superuser("owner@example.org", PASSWORD)
        organizer = Organizer.objects.create(name="Acme", slug="acme")
        team = Team.objects.create(organizer=organizer, name="All", all_events=True)
        _allow_all(team)
        team.members.add(owner)
        for number in range(n):
            Event.objects.create(
                organizer=organizer,
                name=f"Event {number}",
                slug=f"event-{number}",
                date_from=now() + timedelta(days=number + 10),
                live=True,
                is_public=True,
                plugins="pretix.plugins.banktransfer",
            )
        event = Event.objects.create(
            organizer=organizer,
            name="Fair",
            slug="fair",
            date_from=now() + timedelta(days=5),
            live=True,
            is_public=True,
            plugins="pretix.plugins.banktransfer,pretix.plugins.checkinlists,pretix.plugins.sendmail",
        )
        _sell(event, owner, n)


def _allow_all(team: Any) -> None:
    for field in team._meta.get_fields():
        if field.name.startswith("can_") or field.name in ("all_event_permissions", "all_organizer_permissions"):
            setattr(team, field.name, True)
    team.save()


def _sell(event: Any, owner: Any, n: int) -> None:
    items = [_item(event, number, n) for number in range(n)]
    for number in range(n):
        _order(event, owner, items, number)
        event.vouchers.create(code=f"VOUCHER{number}", item=items[number])
        checkin_list = event.checkin_lists.create(name=f"Gate {number}", all_products=False)
        checkin_list.limit_products.add(items[number])
        event.tax_rules.create(name=f"Tax {number}", rate=Decimal("7.00"))


def _item(event: Any, number: int, n: int) -> Any:
    category = event.categories.create(name=f"Category {number}", position=number)
    item = event.items.create(
        name=f"Ticket {number}", default_price=Decimal("23.00"), category=category, admission=True
    )
    variations = [item.variations.create(value=f"Size {size}") for size in range(n)]
    quota = event.quotas.create(name=f"Quota {number}", size=100)
    quota.items.add(item)
    quota.variations.add(*variations)
    question = event.questions.create(question=f"Question {number}", type="S")
    question.items.add(item)
    return item


def _order(event: Any, owner: Any, items: List[Any], number: int) -> None:
    from django.utils.timezone import now
    from pretix.base.models import Checkin, Order, OrderPayment, OrderPosition

    order = Order.objects.create(
        event=event,
        code=f"ORD{number:02}",
        email=f"buyer{number}@example.org",
        status=Order.STATUS_PAID,
        datetime=now(),
        expires=now() + timedelta(days=10),
        total=Decimal(23 * len(items)),
        locale="en",
        sales_channel=event.organizer.sales_channels.get(identifier="web"),
    )
    for place, item in enumerate(items):
        position = OrderPosition.objects.create(
            order=order,
            item=item,
            variation=item.variations.first(),
            price=Decimal("23.00"),
            positionid=place + 1,
            attendee_name_parts={"_scheme": "full", "full_name": f"Buyer {place}"},
        )
        for checkin_list in event.checkin_lists.all()[:1]:
            Checkin.objects.create(position=position, list=checkin_list, datetime=now())
    order.payments.create(
        provider="banktransfer", state=OrderPayment.PAYMENT_STATE_CONFIRMED, amount=order.total, payment_date=now()
    )
    order.log_action("pretix.event.order.placed", user=owner)


def sign_in(client: Any) -> None:
    from pretix.base.models import User

    client.force_login(User.objects.get(email="owner@example.org"))
    session = client.session
    session["pretix_auth_login_time"] = 2**40
    session["pretix_auth_long_session"] = True
    session.save()


PAGES: Dict[str, str] = {
    "control: dashboard": "/control/",
    "control: events": "/control/events/",
    "control: organizers": "/control/organizers/",
    "control: organizer": "/control/organizer/acme/",
    "control: teams": "/control/organizer/acme/teams",
    "control: event": CONTROL,
    "control: items": f"{CONTROL}items/",
    "control: categories": f"{CONTROL}categories/",
    "control: quotas": f"{CONTROL}quotas/",
    "control: questions": f"{CONTROL}questions/",
    "control: orders": f"{CONTROL}orders/",
    "control: order": f"{CONTROL}orders/ORD00/",
    "control: order change": f"{CONTROL}orders/ORD00/change",
    "control: overview": f"{CONTROL}orders/overview/",
    "control: export": f"{CONTROL}orders/export/",
    "control: vouchers": f"{CONTROL}vouchers/",
    "control: check-in lists": f"{CONTROL}checkinlists/",
    "control: tax rules": f"{CONTROL}settings/tax/",
    "control: payment": f"{CONTROL}settings/payment",
    "control: search": "/control/search/orders/?query=buyer",
    "shop: organizer": "/acme/",
    "shop: event": "/acme/fair/",
    "shop: order": "/acme/fair/order/ORD00/{secret}/",
    "api: events": "/api/v1/organizers/acme/events/",
    "api: items": "/api/v1/organizers/acme/events/fair/items/",
    "api: orders": "/api/v1/organizers/acme/events/fair/orders/",
    "api: positions": "/api/v1/organizers/acme/events/fair/orderpositions/",
    "api: quotas": "/api/v1/organizers/acme/events/fair/quotas/?with_availability=true",
    "api: check-in lists": "/api/v1/organizers/acme/events/fair/checkinlists/",
    "api: vouchers": "/api/v1/organizers/acme/events/fair/vouchers/",
}


def address(page: str) -> str:
    from django_scopes import scopes_disabled
    from pretix.base.models import Order

    with scopes_disabled():
        return PAGES[page].format(secret=Order.objects.get(code="ORD00").secret)
