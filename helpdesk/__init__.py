"""The site: settings, server, clock, and what a technician does with them."""

import gc

# A start makes half a million objects that stay, and Python's collector would look through them
# again and again: a quarter of a start's processor time (2.5 s became 1.9). A server sets its own
# measure when it is ready (server.spare_the_collector).
gc.set_threshold(300_000, 20, 50)
