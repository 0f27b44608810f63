"""A batch that is too large for the device's memory goes through the network in parts, whose gradients add up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor, nn, tensor_split
from torch.nn.modules.batchnorm import _BatchNorm

from sweep.training.failure import is_out_of_memory


def fewest_pictures(network: nn.Module) -> int:
    """At once: BatchNorm has no statistics of a single picture."""
    return 2 if any(isinstance(module, _BatchNorm) for module in network.modules()) else 1


def parts(pictures: Tensor, labels: Tensor, most: int | None, fewest: int) -> Iterator[tuple[Tensor, Tensor]]:
    """A batch `(B, ...)` with its labels in equal parts, give or take a picture, of at most `most` pictures; None is no limit.

    A part of less than `fewest` is avoided, were it by one picture more than `most` in another. BatchNorm sees each part by
    itself: its statistics are those of the parts.
    """
    if most is None or len(pictures) <= most:
        yield pictures, labels
        return
    num_parts = max(1, min(-(-len(pictures) // most), len(pictures) // fewest))
    yield from zip(tensor_split(pictures, num_parts), tensor_split(labels, num_parts), strict=True)


def largest_that_fits(step: Callable[[int], None], largest_batch: int) -> int | None:
    """Of how many pictures the device takes a training step, found by halving `largest_batch`; None: of all of them.

    `step` trains on so many pictures. Where not even one fits it is 1, and the trial will fail with the device's words.
    """
    num_pictures = largest_batch
    while num_pictures > 1 and not _fits(step, num_pictures):
        num_pictures = (num_pictures + 1) // 2
    return None if num_pictures == largest_batch else num_pictures


def _fits(step: Callable[[int], None], num_pictures: int) -> bool:
    try:
        step(num_pictures)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        return False
    return True
