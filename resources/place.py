"""Where a page stands: in a class, in a school as a whole, or nowhere yet.

The same pages serve both; a Place knows what belongs to it and how its pages are called.
Everything that an address names is looked up through it, so that whatever is not here
does not exist (404).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from classrooms.access import (
    device_keys,
    digest,
    manager_required,
    member_required,
    school_admin_required,
)
from classrooms.models import Classroom, Device, Membership, School
from resources.models import Contact, Entry, Pathway, today_in


@dataclass(frozen=True)
class Place:
    """A class of a school, or with ``classroom`` None the whole school.

    Without a school too it is a visitor whom no class remembers.
    """

    school: School | None = None
    classroom: Classroom | None = None

    def url(self, verb: str, *args) -> str:
        """The address of a page of ``resources`` here."""
        if self.classroom is not None:
            return reverse(f"resources:{verb}", args=[self.classroom.slug, *args])
        url = reverse(f"resources:school_{verb}", args=args)
        return f"{url}?school={self.school.pk}" if self.school is not None else url

    @property
    def own_school(self) -> School:
        """The school of a page that there is only in one."""
        if self.school is None:
            raise Http404
        return self.school

    # What anybody here may see

    def shelf(self):
        """Entries that are published and reviewed."""
        if self.school is None:
            return Entry.objects.none()
        entries = Entry.objects.for_class(self.school, self.classroom)
        return entries.current(today_in(self.school))

    def pathways(self):
        """Published pathways with their steps, in the order of their kinds."""
        if self.school is None:
            return Pathway.objects.none()
        shown = self.school.pathways.filter(published_at__isnull=False)
        return shown.prefetch_related("steps").order_by("pk")

    def contacts(self):
        """The school's crisis contacts; where it has none, the server's."""
        own = self.school.contacts.all() if self.school is not None else Contact.objects.none()
        return own if own.exists() else Contact.objects.filter(school=None)

    def find_entry(self, pk: int) -> Entry:
        return get_object_or_404(self.shelf(), pk=pk)

    def find_pathway(self, pk: int) -> Pathway:
        return get_object_or_404(self.pathways(), pk=pk)

    # What whoever sets it up may see

    def own_entries(self):
        """Drafts and expired ones too: the class's own, or the school's."""
        return Entry.objects.filter(school=self.school, classroom=self.classroom)

    def find_own_entry(self, pk: int) -> Entry:
        return get_object_or_404(self.own_entries(), pk=pk)

    def find_own_pathway(self, pk: int) -> Pathway:
        return get_object_or_404(Pathway, school=self.school, pk=pk)

    def find_own_contact(self, pk: int) -> Contact:
        return get_object_or_404(Contact, school=self.school, pk=pk)


class PlacedRequest(HttpRequest):
    """A request that came in by one of the doors below."""

    place: Place
    membership: Membership | None
    htmx: HtmxDetails


View = Callable[..., HttpResponse]


def _in_class(door: Callable[[View], View]) -> Callable[[View], View]:
    def wrap(view: View) -> View:
        @wraps(view)
        def placed(request, *args, **kwargs):
            classroom = request.membership.classroom
            request.place = Place(classroom.school, classroom)
            return view(request, *args, **kwargs)

        return door(placed)

    return wrap


#: For pages of a class: anybody in it, or those who set it up.
for_members = _in_class(member_required)
for_managers = _in_class(manager_required)


def for_school_admins(view: View) -> View:
    @wraps(view)
    def placed(request, *args, **kwargs):
        request.place = Place(request.school)
        return view(request, *args, **kwargs)

    return school_admin_required(placed)


def for_visitors(view: View) -> View:
    """For pages without a class: the school is the one of a class that remembers this browser."""

    @wraps(view)
    def placed(request, *args, **kwargs):
        schools = _schools_of(request)
        wanted = request.GET.get("school", "")
        picked = [school for school in schools if wanted in ("", str(school.pk))]
        if wanted and not picked:
            raise Http404
        request.place = Place(picked[0] if picked else None)
        request.schools = schools
        if not picked:
            return view(request, *args, **kwargs)
        with timezone.override(picked[0].time_zone):
            return view(request, *args, **kwargs)

    return placed


def _schools_of(request: HttpRequest) -> list[School]:
    """Schools in which somebody is, by account or by this browser; also of classes put away."""
    keys = [digest(key) for key in device_keys(request.COOKIES).values()]
    devices = Device.objects.filter(key_digest__in=keys, approved_at__isnull=False)
    members = [*devices.values_list("membership", flat=True)]
    present = Membership.objects.present()
    mine = present.filter(pk__in=members)
    if request.user.is_authenticated:
        mine = mine | present.filter(user=request.user)
    found = School.objects.filter(classrooms__memberships__in=mine)
    if request.user.is_authenticated:
        found = found | School.objects.filter(admins__user=request.user)
    return list(found.distinct().order_by("pk"))
