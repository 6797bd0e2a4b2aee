"""Hostile input of every kind against the real server: none of it may break an answer.

``FUZZ_SEED`` chooses other input, ``FUZZ_ROUNDS`` how much of it. A failure tells the seed, the
round and the very bytes that were sent.
"""

import os

SEED = int(os.environ.get("FUZZ_SEED", "1"))
ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "1"))
