"""What is kept about whoever is signed in, for themselves."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from classrooms.access import AccountRequest, account_required
from records import registry, telling
from records.registry import Person, Told


@require_safe
@account_required
def mine(request: AccountRequest) -> HttpResponse:
    told = _told(request.user, telling.SHOWN)
    context = {"groups": telling.shown(told), "left_out": telling.left_out_for_self()}
    return render(request, "account/kept.html", context)


@require_safe
@account_required
def download(request: AccountRequest) -> HttpResponse:
    about = {"name": request.user.name, "email": request.user.email}
    return telling.download(about, _told(request.user, registry.MOST), telling.left_out_for_self())


def _told(user: User, most: int) -> list[Told]:
    """Also of classes that they left; not of a name whose past is closed (classrooms.proof)."""
    open_ones = user.memberships.filter(sealed_before=None).order_by("pk")
    members = tuple(open_ones.values_list("pk", flat=True))
    person = Person(members=members, account=user.pk)
    return registry.tell(person, telling.reader_of_self(), most=most)
