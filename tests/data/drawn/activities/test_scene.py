"""Pictures of an activity: somebody is in them, and where they are says nothing about what they do."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sweep.config.seeds import derive_seed
from sweep.data.drawn.activities.activity import ALL_ACTIVITIES
from sweep.data.drawn.activities.figure import draw_outfit, dressed
from sweep.data.drawn.activities.place import place
from sweep.data.drawn.activities.scene import photograph
from sweep.data.drawn.palette import Floats

PER_CLASS = 14


def generator(*purpose: str | int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(derive_seed(0, *purpose)))


def drawn(name: str, index: int) -> Image.Image:
    rng = generator("drawn", name, index)
    return photograph(ALL_ACTIVITIES[name](rng), rng)


def border(picture: Image.Image) -> Floats:
    """The outermost ring of an 8 × 8 thumbnail."""
    small = np.asarray(picture.resize((8, 8), Image.Resampling.BOX), dtype=np.float64)
    ring = np.ones((8, 8), dtype=bool)
    ring[1:-1, 1:-1] = False
    return small[ring].ravel()


def test_the_border_of_a_picture_does_not_tell_the_activity() -> None:
    """The nearest mean of the other half's borders is hardly better than guessing, which is right in one of ten."""
    borders = np.array([[border(drawn(name, index)) for index in range(PER_CLASS)] for name in ALL_ACTIVITIES])
    means, tested = borders[:, ::2].mean(axis=1), borders[:, 1::2]
    distance = np.linalg.norm(tested[:, :, None, :] - means[None, None], axis=-1)
    right = (distance.argmin(axis=-1) == np.arange(len(ALL_ACTIVITIES))[:, None]).mean()
    assert right < 0.2


def test_places_differ_and_have_a_ground() -> None:
    places = [np.asarray(place((60, 50), 20.0, generator("place", seed)), dtype=np.float64) for seed in range(12)]
    assert np.std([picture.mean() for picture in places]) > 10.0
    assert np.mean([np.abs(picture[:15].mean(axis=(0, 1)) - picture[30:].mean(axis=(0, 1))).max() for picture in places]) > 25.0


@pytest.mark.parametrize("name", ALL_ACTIVITIES)
def test_another_pose_stands_in_the_very_same_picture(name: str) -> None:
    """Nothing but the person, what they use and their shadow changes, and that is about the picture's middle."""
    poses = [ALL_ACTIVITIES[pose](generator("pose", pose)) for pose in (name, "running" if name == "walking" else "walking")]
    for seed in range(3):
        first, second = (np.asarray(photograph(pose, generator("picture", seed)), dtype=np.float64) for pose in poses)
        changed = np.abs(first - second).max(axis=-1) > 12.0
        rows, columns = (side // 4 for side in changed.shape)
        assert changed[rows:-rows, columns:-columns].mean() > 0.05
        assert not changed[:12, :12].any() and not changed[:12, -12:].any()


def test_people_differ() -> None:
    skeleton = ALL_ACTIVITIES["walking"](generator("pose")).skeleton
    colours = [
        np.mean([solid.rgb for solid in dressed(skeleton, draw_outfit(generator("outfit", n)))], axis=0) for n in range(10)
    ]
    assert np.std(colours, axis=0).max() > 0.05


def test_light_and_exposure_vary_between_pictures() -> None:
    assert np.std([np.asarray(drawn("sitting", index)).mean() for index in range(12)]) > 8.0
