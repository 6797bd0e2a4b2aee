from django.urls import path

from requests_app.consumers import ClassroomConsumer

page = "ws/c/<slug:slug>/<slug:language>/"

websocket_urlpatterns = [
    path(page, ClassroomConsumer.as_asgi()),
    path(page + "board/", ClassroomConsumer.as_asgi(), {"on_board": True}),
]
