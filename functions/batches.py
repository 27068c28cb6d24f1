"""When data lands."""

import azure.functions as func

from tidewatch.compose import house

blueprint = func.Blueprint()
STORAGE = "TidewatchStorage"


@blueprint.function_name("batch_landed")
@blueprint.blob_trigger("blob", "batches/{name}", STORAGE, source=func.BlobSource.EVENT_GRID)
def batch_landed(blob: func.InputStream) -> None:
    from tidewatch.operations.take_batch import take_batch  # noqa: PLC0415 - numpy, pyarrow

    take_batch(house(), _name(blob))


@blueprint.function_name("labels_landed")
@blueprint.blob_trigger("blob", "labels/{name}", STORAGE, source=func.BlobSource.EVENT_GRID)
def labels_landed(blob: func.InputStream) -> None:
    from tidewatch.operations.take_labels import take_labels  # noqa: PLC0415 - numpy, pyarrow

    take_labels(house(), _name(blob))


def _name(blob: func.InputStream) -> str:
    """The blob's name inside its container."""
    return str(blob.name).partition("/")[2]
