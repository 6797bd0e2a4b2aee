from django.http import HttpResponse
from django.urls import path

app_name = "classrooms"


def v(r, **k):
    return HttpResponse("x")


urlpatterns = [
    path("", v, name="index"),
    path("c/<slug:slug>/waiting/", v, name="waiting"),
    path("c/<slug:slug>/leave/", v, name="leave"),
    path("c/<slug:slug>/manage/", v, name="people"),
]
