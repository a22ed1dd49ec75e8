"""`memory='6 GB'`: the process cannot take more, so Python raises MemoryError where a machine would start to swap."""

from __future__ import annotations

from typing import Optional


def limit_memory(limit_bytes: Optional[int]) -> None:
    """Bounds private writable memory, not address space: GPU and mmap code reserves far more than it uses."""
    if limit_bytes is None:
        return
    try:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        soft = limit_bytes if hard == resource.RLIM_INFINITY else min(limit_bytes, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
    except (ImportError, OSError, ValueError):
        pass  # the supervisor watches memory as well
