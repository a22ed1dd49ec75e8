"""Words for the authors of processors. An unmodified typed function needs none of them."""

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
