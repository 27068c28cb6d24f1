"""Find the blobs that no event announced."""

from tidewatch.operations.receipts import RECEIPTS, receipt_name
from tidewatch.operations.shelf import BATCHES, LABELS
from tidewatch.operations.take_batch import take_batch
from tidewatch.operations.take_labels import take_labels
from tidewatch.operations.take_telemetry import TELEMETRY, take_telemetry
from tidewatch.ports import Ports


def patrol(ports: Ports, most: int = 200) -> int:
    """Take up to `most` batches, labels and telemetry files without a receipt, and say how many."""
    taken = 0
    for container, take in ((BATCHES, take_batch), (LABELS, take_labels), (TELEMETRY, take_telemetry)):
        receipts = {blob.name for blob in ports.blobs.list(RECEIPTS, f"{container}/")}
        for blob in list(ports.blobs.list(container)):
            if taken < most and receipt_name(container, blob.name, blob.etag) not in receipts:
                take(ports, blob.name, "timer")
                taken += 1
    return taken
