from typing import Any

from django.urls import path

from live import sockets

page: Any = sockets.page  # Django's path() knows only views
former_page: Any = sockets.former_page

websocket_urlpatterns: list[Any] = [
    path("ws/<slug:language>/", page),
    path("ws/c/<slug:slug>/<slug:language>/", former_page),
    path("ws/c/<slug:slug>/<slug:language>/board/", former_page),
]
