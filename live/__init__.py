"""The live pages' engine: hub, sockets, tickets. It knows no app, only topics (``live.topics``)."""
