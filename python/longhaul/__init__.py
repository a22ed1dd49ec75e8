"""Words for the authors of processors, of which a typed function needs none, and `Client` for who calls a service."""

import sys

if sys.version_info < (3, 9):
    raise ImportError("longhaul needs Python 3.9 or newer; %s is %s" % (sys.executable, sys.version.split()[0]))

# ruff: noqa: UP031, UP036 (an old Python must be able to read as far as the line above)
from typing import TYPE_CHECKING

from .errors import Cancelled, InvalidInputError, PermanentError, RetryableError
from .hints import File, Range
from .job import InputFile, Job
from .lazy_client import lookup as __getattr__  # noqa: F401 (Python asks it for names that are not here)
from .processor import processor
from .shard_layouts import mask_member

if TYPE_CHECKING:
    from .client import (
        Client,
        JobFailedError,
        Options,
        ServiceError,
        TransferError,
        UnreachableError,
        UploadClient,
        each,
    )

__all__ = [
    "Cancelled",
    "Client",
    "File",
    "InputFile",
    "InvalidInputError",
    "Job",
    "JobFailedError",
    "Options",
    "PermanentError",
    "Range",
    "RetryableError",
    "ServiceError",
    "TransferError",
    "UnreachableError",
    "UploadClient",
    "each",
    "mask_member",
    "processor",
]
__version__ = "0.1.0"
