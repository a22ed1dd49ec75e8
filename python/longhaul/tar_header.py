"""Headers of a ustar archive that say nothing about when, where or by whom it was made.

Not `tarfile`: its bytes differ between versions of Python, and the same members must make the same archive.
"""

from __future__ import annotations

from typing import Tuple

from .errors import PermanentError

BLOCK_BYTES = 512
# GNU tar's record: archives end on a multiple of it.
RECORD_BYTES = 20 * BLOCK_BYTES
_LARGEST = 0o77777777777


def tar_header(name: str, size: int) -> bytes:
    """A plain file: mode 0644, mtime, uid and gid 0, no names of users."""
    if size > _LARGEST:
        raise PermanentError(f"{name}: a tar member holds at most {_LARGEST} bytes.")
    prefix, rest = _split(name)
    fields = [
        rest.ljust(100, b"\0"),
        b"0000644\0" + b"0000000\0" + b"0000000\0",  # mode, uid, gid
        b"%011o\0" % size,
        b"00000000000\0",  # mtime
        b" " * 8,  # the checksum is summed over blanks
        b"0".ljust(101, b"\0"),  # a plain file, linked to nothing
        b"ustar\x0000".ljust(72, b"\0"),  # and no user or group
        b"0000000\0" + b"0000000\0",  # devmajor, devminor
        prefix.ljust(167, b"\0"),
    ]
    header = b"".join(fields)
    return header[:148] + b"%06o\0 " % sum(header) + header[156:]


def parse_header(header: bytes) -> Tuple[str, int]:
    """Name and size of the member that a header of ours begins."""
    if header[257:262] != b"ustar":
        raise ValueError("The shard to go on with is damaged: a header of a member was expected.")
    prefix, name = (field.split(b"\0", 1)[0] for field in (header[345:500], header[:100]))
    whole = prefix + b"/" + name if prefix else name
    return whole.decode("utf-8", "surrogateescape"), int(header[124:135], 8)


def padding(size: int, block: int = BLOCK_BYTES) -> int:
    return -size % block


def _split(name: str) -> Tuple[bytes, bytes]:
    """ustar holds 100 bytes of name and 155 of folders before it."""
    whole = name.encode("utf-8", "surrogateescape")
    if len(whole) <= 100:
        return b"", whole
    at = whole.find(b"/")
    while at != -1:
        if 0 < at <= 155 and 0 < len(whole) - at - 1 <= 100:
            return whole[:at], whole[at + 1 :]
        at = whole.find(b"/", at + 1)
    raise PermanentError(f"{name}: a tar member's name holds at most 100 bytes, and 155 of folders before it.")
