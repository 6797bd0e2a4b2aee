"""The least a server can do: on POST, send one text of the same size to every socket.

No framework, no database, no template; the same uvicorn with the same settings. Run as
``python -m bench.floor PORT BYTES``.
"""

import sys

import uvicorn

sockets: set = set()
text = ""


async def application(scope, receive, send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        sockets.add(send)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        sockets.discard(send)
    elif scope["type"] == "http":
        while (await receive()).get("more_body"):
            pass
        for each in list(sockets):
            await each({"type": "websocket.send", "text": text})
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


def serve(port: int, size: int) -> None:
    global text
    text = "x" * size
    uvicorn.run(
        application,
        port=port,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        access_log=False,
        log_level="warning",
        lifespan="off",
    )


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
