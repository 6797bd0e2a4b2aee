from django.urls import path
from django.http import HttpResponse
app_name = "classrooms"
v = lambda r, **k: HttpResponse("x")
urlpatterns = [path("", v, name="index"), path("c/<slug:slug>/waiting/", v, name="waiting"), path("c/<slug:slug>/leave/", v, name="leave"), path("c/<slug:slug>/manage/", v, name="people")]
