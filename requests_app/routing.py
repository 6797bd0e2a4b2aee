from typing import Any

from django.urls import path

from requests_app.consumers import ClassroomConsumer

page = "ws/c/<slug:slug>/<slug:language>/"

consumer: Any = ClassroomConsumer.as_asgi()  # Django's path() knows only views

websocket_urlpatterns: list[Any] = [
    path(page, consumer),
    path(page + "board/", consumer, {"on_board": True}),
]
