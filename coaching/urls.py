"""Below ``c/<slug>/``."""

from django.urls import path

from coaching import views

app_name = "coaching"

urlpatterns = [
    path("coach/", views.coach, name="coach"),
    path("coach/feel/", views.feel, name="feel"),
    path("coach/next-one/", views.look_ahead, name="look_ahead"),
    path("coach/resources/<int:pk>/", views.use_resource, name="use_resource"),
    path("describe/<slug:card>/", views.describe, name="describe"),
    path("tips/hide/", views.hide_tips, name="hide_tips"),
]
