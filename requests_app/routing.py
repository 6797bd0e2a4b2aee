from typing import Any

from django.urls import path

from requests_app.sockets import class_page

where = "ws/c/<slug:slug>/<slug:language>/"

page: Any = class_page  # Django's path() knows only views

websocket_urlpatterns: list[Any] = [
    path(where, page),
    path(where + "board/", page, {"on_board": True}),
]
