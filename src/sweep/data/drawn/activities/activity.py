"""The ten activities. They come in pairs that a hurried eye confuses: the same posture, another limb or thing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sweep.data.drawn.activities.down import falling, lying
from sweep.data.drawn.activities.gait import running, walking
from sweep.data.drawn.activities.pose import Pose
from sweep.data.drawn.activities.seated import reading, sitting
from sweep.data.drawn.activities.upright import phoning, waving
from sweep.data.drawn.activities.working import lifting, mopping

ALL_ACTIVITIES: dict[str, Callable[[np.random.Generator], Pose]] = {
    "falling": falling,
    "lying": lying,
    "lifting": lifting,
    "mopping": mopping,
    "phoning": phoning,
    "waving": waving,
    "sitting": sitting,
    "reading": reading,
    "walking": walking,
    "running": running,
}
