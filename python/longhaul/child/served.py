"""One processor of the file: what it says about itself, and how it is called."""

from __future__ import annotations

import hashlib
import inspect
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Optional

from ..job import Job
from .codec import UnsupportedHint
from .docstring import parse_docstring
from .event_loop import finish
from .find_processors import NotServable, options_of
from .output_schema import output_schema
from .signature import Signature, signature_of


class Served:
    def __init__(self, name: str, target: Callable[..., Any], file: Path):
        self.name = name
        self.options = options_of(target)
        self._target = target
        self._file = file
        self._is_class = isinstance(target, type)
        self._function: Callable[..., Any] = target.run if self._is_class else target  # type: ignore[attr-defined]
        try:
            self.signature: Signature = signature_of(self._function, file.parent, method=self._is_class)
            self.output = output_schema(self.signature.return_hint, name)
        except UnsupportedHint as problem:
            raise NotServable(f"{name}: {problem}.") from problem

    def description(self) -> Dict[str, Any]:
        """A ProcessorDescription (packages/longhaul/src/processor/description.ts)."""
        said = parse_docstring(self._own_docstring() or self._function.__doc__)
        parameters = {**parse_docstring(self._function.__doc__).parameters, **said.parameters}
        digest = hashlib.sha256(self._file.read_bytes()).hexdigest()
        options = self.options
        optional = {
            "concurrency": options.concurrency,
            "timeout_ms": options.timeout_ms,
            "silence_ms": options.silence_ms,
            "max_attempts": options.max_attempts,
            "memory_bytes": options.memory_bytes,
            "accepts_checkpoints": options.accepts_checkpoints,
            "reuse": options.reuse,
            "bins": options.bins,
            "queue": options.queue,
        }
        return {
            "name": self.name,
            "version": options.version or f"0.0.0+dev.{digest[:12]}",
            "description": options.description if options.description is not None else said.summary,
            "input": self.signature.schema(parameters),
            "output": self.output,
            "runtime": f"python{sys.version_info.major}.{sys.version_info.minor}",
            "code_digest": digest,
            **{key: value for key, value in optional.items() if value is not None},
        }

    def set_up(self) -> None:
        """Makes the instance of a class and runs its `setup`. Raises what they raise."""
        if not self._is_class:
            return
        instance = self._target()
        self._function = instance.run
        setup = getattr(instance, "setup", None)
        if setup is not None:
            finish(setup())

    def call(self, input: Any, job: Job) -> Any:
        positional, named = self.signature.bind(input, job)
        return self._function(*positional, **named)

    @property
    def takes_job(self) -> bool:
        return self.signature.job_parameter is not None

    def _own_docstring(self) -> Optional[str]:
        # A dataclass is given a docstring that is only its signature.
        text = inspect.getdoc(self._target)
        return None if text is None or text.startswith(f"{self._target.__name__}(") else text
