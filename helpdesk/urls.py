from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from helpdesk import health

handler404 = "helpdesk.views.not_found"
handler500 = "helpdesk.views.server_error"

urlpatterns = [
    path("", include("resources.urls")),
    path("", include("classrooms.urls")),
    path("c/<slug:slug>/", include("requests_app.urls")),
    path("c/<slug:slug>/", include("coaching.urls")),
    path("", include("checkins.urls")),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("accounts.entrance")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
if settings.DEMO:
    urlpatterns.insert(0, path("demo/", include("demo.urls")))
