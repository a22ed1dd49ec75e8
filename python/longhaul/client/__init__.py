"""A longhaul service from Python: `from longhaul import Client`. Standard library only."""

from .actions import ActionAnswer
from .client import Client
from .errors import ClientError, JobFailedError, ServiceError, TransferError, UnreachableError
from .follow import Update
from .mapping import Item, each
from .outputs import Output, OutputFiles, Outputs
from .portal import UploadClient
from .remote_job import Problem, RemoteJob
from .submission import Options
from .upload import Upload

__all__ = [
    "ActionAnswer",
    "Client",
    "ClientError",
    "Item",
    "JobFailedError",
    "Options",
    "Output",
    "OutputFiles",
    "Outputs",
    "Problem",
    "RemoteJob",
    "ServiceError",
    "TransferError",
    "UnreachableError",
    "Update",
    "Upload",
    "UploadClient",
    "each",
]
