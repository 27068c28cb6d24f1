"""Blobs in Azure Blob Storage."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobProperties, BlobServiceClient

from tidewatch.ports.blobs import BlobChanged, BlobExists, BlobInfo, BlobNotFound

WRITER = "writer"  # the metadata that tells one write from another


class AzureBlobs:
    """The caller makes the service client, and so decides on credentials, retries and timeouts."""

    def __init__(self, service: BlobServiceClient) -> None:
        self._service = service

    def put(
        self, container: str, name: str, data: bytes, *, if_absent: bool = False, if_match: str | None = None
    ) -> str:
        blob = self._service.get_blob_client(container, name)
        conditions: dict[str, Any] = {"overwrite": not if_absent}
        if if_match is not None:
            conditions |= {"etag": f'"{if_match}"', "match_condition": MatchConditions.IfNotModified}
        writer = uuid4().hex
        try:
            return _uploaded(self._service, blob, data, conditions | {"metadata": {WRITER: writer}})
        except AzureError as error:
            # The answer may have been lost; a repetition by the client then meets the very blob it wrote.
            stored = _properties(blob)
            if stored and (stored.metadata or {}).get(WRITER) == writer:
                return _etag(stored.etag)
            if if_absent and isinstance(error, (ResourceExistsError, ResourceModifiedError)):
                raise BlobExists(container, name) from None
            if if_match is not None and isinstance(error, (ResourceModifiedError, ResourceNotFoundError)):
                raise BlobChanged(container, name) from None
            raise

    def get(self, container: str, name: str) -> bytes:
        try:
            return self._service.get_blob_client(container, name).download_blob().readall()
        except ResourceNotFoundError:
            raise BlobNotFound(container, name) from None

    def stat(self, container: str, name: str) -> BlobInfo | None:
        properties = _properties(self._service.get_blob_client(container, name))
        return _info(properties) if properties else None

    def list(self, container: str, prefix: str = "") -> Iterator[BlobInfo]:
        found = self._service.get_container_client(container).list_blobs(name_starts_with=prefix or None)
        try:
            yield from map(_info, found)
        except ResourceNotFoundError:
            return

    def delete(self, container: str, name: str, *, if_match: str | None = None) -> None:
        conditions: dict[str, Any] = {}
        if if_match is not None:
            conditions = {"etag": f'"{if_match}"', "match_condition": MatchConditions.IfNotModified}
        try:
            self._service.get_blob_client(container, name).delete_blob(delete_snapshots="include", **conditions)
        except ResourceNotFoundError:
            return
        except ResourceModifiedError:
            raise BlobChanged(container, name) from None


def _uploaded(service: BlobServiceClient, blob: BlobClient, data: bytes, options: Mapping[str, Any]) -> str:
    try:
        return _etag(blob.upload_blob(data, **options)["etag"])
    except ResourceNotFoundError as error:
        if getattr(error, "error_code", "") != "ContainerNotFound" or "etag" in options:
            raise
    ensure_container(service, blob.container_name)
    return _etag(blob.upload_blob(data, **options)["etag"])


def ensure_container(service: BlobServiceClient, container: str) -> None:
    with suppress(ResourceExistsError):  # somebody else was faster
        service.create_container(container)


def _properties(blob: BlobClient) -> BlobProperties | None:
    try:
        return blob.get_blob_properties()
    except ResourceNotFoundError:
        return None


def _info(properties: BlobProperties) -> BlobInfo:
    return BlobInfo(properties.name, _etag(properties.etag), properties.size, properties.last_modified)


def _etag(etag: str) -> str:
    # Listings give it bare, headers in quotation marks.
    return etag.strip('"')
