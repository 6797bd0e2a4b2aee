"""A file that only a passphrase opens, written and read piece by piece in little memory.

The key comes from scrypt with a salt of the file's own; the pieces are sealed by AES-256-GCM in the
manner of STREAM (as age has it): each is bound to its place, and the last one is marked. So a byte
that was changed, moved, added or cut off is noticed.
"""

import os
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from helpdesk.operate import Refusal

MAGIC = b"helpdesk backup 1\n"
SALT = 16
#: scrypt's cost as a power of two, in the file's head: 128 MiB and half a second.
COST = 17
#: What is not believed: a strange file must not take all memory.
HIGHEST_COST = 20
PIECE = 64 * 1024
#: Bytes that AES-GCM adds to a piece.
TAG = 16


class Sealing:
    """Writes into ``file`` what nobody reads without ``passphrase``; ``finish`` must be called."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        self.file = file
        self.head = MAGIC + bytes([COST]) + os.urandom(SALT)
        self.box = AESGCM(_key(passphrase, self.head))
        self.waiting = bytearray()
        self.number = 0
        file.write(self.head)

    def write(self, data: bytes) -> None:
        self.waiting += data
        while len(self.waiting) > PIECE:  # never the last one
            self._put(bytes(self.waiting[:PIECE]), last=False)
            del self.waiting[:PIECE]

    def finish(self) -> None:
        self._put(bytes(self.waiting), last=True)

    def _put(self, piece: bytes, *, last: bool) -> None:
        self.file.write(self.box.encrypt(_nonce(self.number, last=last), piece, self.head))
        self.number += 1


def unsealed(file: BinaryIO, passphrase: str) -> Iterator[bytes]:
    """What was sealed, piece by piece. Only after the last one is it known to be whole.

    Raises Refusal where it is no such file, or cannot be opened.
    """
    head = file.read(len(MAGIC) + 1 + SALT)
    if len(head) < len(MAGIC) + 1 + SALT or not head.startswith(MAGIC):
        raise Refusal("This is no backup of helpdesk (or of a newer one): choose another file.")
    if head[len(MAGIC)] > HIGHEST_COST:
        raise Refusal("The beginning of this backup is damaged: choose another file.")
    box = AESGCM(_key(passphrase, head))
    piece, number = file.read(PIECE + TAG), 0
    while True:
        following = file.read(PIECE + TAG)
        try:
            yield box.decrypt(_nonce(number, last=not following), piece, head)
        except InvalidTag:
            raise Refusal(_not_opened(number)) from None
        if not following:
            return
        piece, number = following, number + 1


def _not_opened(number: int) -> str:
    if number == 0:
        return "The backup does not open: it has another passphrase, or the file is damaged."
    return (
        f"The backup is damaged or cut short, {number * (PIECE + TAG)} bytes from its beginning:"
        " choose another one."
    )


@lru_cache(4)  # a file is opened more than once, to be looked through before it is used
def _key(passphrase: str, head: bytes) -> bytes:
    cost, salt = head[len(MAGIC)], head[-SALT:]
    return Scrypt(salt=salt, length=32, n=2**cost, r=8, p=1).derive(passphrase.encode())


def _nonce(number: int, *, last: bool) -> bytes:
    """The key belongs to this one file, so that a number is enough."""
    return number.to_bytes(11, "big") + bytes([last])
