from django.urls import path

from requests_app.consumers import ClassroomConsumer

websocket_urlpatterns = [path("ws/c/<slug:slug>/<slug:language>/", ClassroomConsumer.as_asgi())]
