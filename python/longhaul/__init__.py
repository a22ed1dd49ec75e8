"""Words for the authors of processors. An unmodified typed function needs none of them."""

import sys

if sys.version_info < (3, 9):
    raise ImportError("longhaul needs Python 3.9 or newer; %s is %s" % (sys.executable, sys.version.split()[0]))

# ruff: noqa: UP031, UP036 (an old Python must be able to read as far as the line above)
from .errors import Cancelled, InvalidInputError, PermanentError, RetryableError
from .hints import File, Range
from .job import InputFile, Job
from .processor import processor

__all__ = [
    "Cancelled",
    "File",
    "InputFile",
    "InvalidInputError",
    "Job",
    "PermanentError",
    "Range",
    "RetryableError",
    "processor",
]
__version__ = "0.1.0"
