"""Numbers of the live pages, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

#: Seconds; from a push to one page up to a request that waited for a lock.
TIMES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

#: Open pages that listen, of all workers that live.
SOCKETS = Gauge("helpdesk_sockets_open", "Sockets of open pages.", multiprocess_mode="livesum")
PUSHES_SENT = Counter("helpdesk_pushes_sent", "Texts given to sockets.")
#: A socket that is behind is given the newest state when it has caught up.
PUSHES_DROPPED = Counter("helpdesk_pushes_dropped", "Texts not given to a socket that was behind.")
RENDER_SECONDS = Histogram(
    "helpdesk_render_seconds", "Drawing what changed of a topic, and sending it.", buckets=TIMES
)
