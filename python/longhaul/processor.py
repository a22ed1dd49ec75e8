"""`@processor`: a declaration. It returns what it decorates, so the function stays callable as before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Callable, Mapping, Optional, Sequence, Tuple, TypeVar, Union, overload

from .units import bytes_of, milliseconds

MARK = "__longhaul_processor__"
Target = TypeVar("Target", bound=Callable[..., Any])


@dataclass(frozen=True)
class Options:
    """What the author said beside the code."""

    name: Optional[str] = None
    version: Optional[str] = None
    description: Optional[str] = None
    queue: Optional[str] = None
    concurrency: Optional[int] = None
    max_attempts: Optional[int] = None
    timeout_ms: Optional[int] = None
    silence_ms: Optional[int] = None
    memory_bytes: Optional[int] = None
    accepts_checkpoints: Optional[Tuple[str, ...]] = None
    reuse: Optional[bool] = None
    bins: Optional[bool] = None
    gpu: Optional[int] = None
    threads: Optional[int] = None


@overload
def processor(target: Target) -> Target: ...


@overload
def processor(
    *,
    name: Optional[str] = None,
    version: Optional[str] = None,
    description: Optional[str] = None,
    queue: Optional[str] = None,
    concurrency: Optional[int] = None,
    retry: Union[int, Mapping[str, int], None] = None,
    timeout: Union[str, timedelta, None] = None,
    silence: Union[str, timedelta, None] = None,
    memory: Optional[str] = None,
    accepts_checkpoints: Optional[Sequence[str]] = None,
    reuse: Optional[bool] = None,
    bins: Optional[bool] = None,
    gpu: Optional[int] = None,
    threads: Optional[int] = None,
) -> Callable[[Target], Target]: ...


def processor(
    target: Any = None,
    *,
    name: Optional[str] = None,
    version: Optional[str] = None,
    description: Optional[str] = None,
    queue: Optional[str] = None,
    concurrency: Optional[int] = None,
    retry: Union[int, Mapping[str, int], None] = None,
    timeout: Union[str, timedelta, None] = None,
    silence: Union[str, timedelta, None] = None,
    memory: Optional[str] = None,
    accepts_checkpoints: Optional[Sequence[str]] = None,
    reuse: Optional[bool] = None,
    bins: Optional[bool] = None,
    gpu: Optional[int] = None,
    threads: Optional[int] = None,
) -> Any:
    """Marks a function, or a class with `run` (and perhaps `setup`), as a processor.

    timeout: how long one attempt may take: '14 h'.  silence: how long it may show no sign of life: '10 min'.
    memory: limit of the process: '6 GB'.  retry: attempts when the code raises, 1 where nothing is said.
    concurrency: attempts at once in the whole fleet.  version: what results are recorded with, else a digest.
    accepts_checkpoints: other versions whose checkpoints this one continues from: ["1.0"], or ["*"] for any.
    reuse: whether a result may stand for a later request of the same: True for every request, False never.
    bins: it works on bins of files (`job.inputs[n].bin`), and its batch jobs are told in the words of system B.
    """
    attempts = retry.get("attempts") if isinstance(retry, Mapping) else retry
    for of, count in (("concurrency", concurrency), ("retry", attempts)):
        if count is not None and (not isinstance(count, int) or count < 1):
            raise ValueError(f"{of}={count!r} must be a whole number of at least 1")
    options = Options(
        name=name,
        version=version,
        description=description,
        queue=queue,
        concurrency=concurrency,
        max_attempts=attempts,
        timeout_ms=None if timeout is None else milliseconds(timeout, "timeout"),
        silence_ms=None if silence is None else milliseconds(silence, "silence"),
        memory_bytes=None if memory is None else bytes_of(memory, "memory"),
        accepts_checkpoints=None if accepts_checkpoints is None else tuple(accepts_checkpoints),
        reuse=reuse,
        bins=bins,
        gpu=gpu,
        threads=threads,
    )

    def mark(decorated: Target) -> Target:
        if not callable(decorated):
            raise TypeError(f"@processor goes on a function or a class, not on {decorated!r}")
        setattr(decorated, MARK, options)
        return decorated

    return mark if target is None else mark(target)
