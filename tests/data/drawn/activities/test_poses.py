"""What tells an activity from its neighbour is there in every pose of it, and no pose hurts."""

from __future__ import annotations

import numpy as np
import pytest

from sweep.data.drawn.activities.activity import ALL_ACTIVITIES
from sweep.data.drawn.activities.pose import Pose
from sweep.data.drawn.activities.skeleton import ARM, LEG
from sweep.data.drawn.palette import Floats

POSES = 40


def poses(name: str) -> list[Pose]:
    return [ALL_ACTIVITIES[name](np.random.Generator(np.random.PCG64(seed))) for seed in range(POSES)]


def apart(one: Floats, other: Floats) -> float:
    return float(np.linalg.norm(one - other))


def things_at(pose: Pose) -> Floats:
    return np.concatenate([solid.centres for solid in pose.things])


@pytest.mark.parametrize("name", ALL_ACTIVITIES)
def test_bones_keep_their_lengths_and_nobody_sinks_into_the_ground(name: str) -> None:
    for pose in poses(name):
        for limbs, (upper, lower) in ((pose.skeleton.arms, ARM), (pose.skeleton.legs, LEG)):
            for limb in limbs:
                assert np.isclose(apart(limb.root, limb.joint), upper, atol=0.01)
                assert np.isclose(apart(limb.joint, limb.end), lower, atol=0.01)
        assert pose.skeleton.points()[:, 1].min() > 0.03


@pytest.mark.parametrize("name", ALL_ACTIVITIES)
def test_poses_of_an_activity_differ(name: str) -> None:
    first, *others = [pose.skeleton.points() - pose.skeleton.trunk.pelvis for pose in poses(name)]
    assert all(np.abs(first - other).max() > 0.03 for other in others)


@pytest.mark.parametrize("name", ["phoning", "waving", "walking", "lifting", "mopping"])
def test_who_is_on_their_feet_has_a_foot_on_the_ground(name: str) -> None:
    for pose in poses(name):
        assert min(float(joint[1]) for leg in pose.skeleton.legs for joint in (leg.end, leg.tip)) < 0.1


def test_who_phones_has_a_hand_at_the_ear_and_who_waves_has_one_away_from_the_head() -> None:
    for name, bound in (("phoning", (0.0, 0.25)), ("waving", (0.35, 1.0))):
        for pose in poses(name):
            hand = max((arm.end for arm in pose.skeleton.arms), key=lambda wrist: float(wrist[1]))
            assert bound[0] < apart(hand, pose.skeleton.trunk.head) < bound[1]
    for pose in poses("phoning"):
        assert min(apart(thing, pose.skeleton.trunk.head) for thing in things_at(pose)) < 0.2


def test_a_run_has_longer_strides_and_more_bent_arms_than_a_walk() -> None:
    def stride(pose: Pose) -> float:
        return apart(*(leg.end for leg in pose.skeleton.legs))

    def arm_bend(pose: Pose) -> float:
        return float(np.mean([apart(arm.root, arm.end) for arm in pose.skeleton.arms]))

    walks, runs = poses("walking"), poses("running")
    assert np.mean([stride(pose) for pose in runs]) > 1.3 * np.mean([stride(pose) for pose in walks])
    assert max(arm_bend(pose) for pose in runs) < min(arm_bend(pose) for pose in walks)


def test_who_reads_has_both_hands_at_a_book_and_who_sits_has_nothing_in_hand() -> None:
    for name, near in (("reading", True), ("sitting", False)):
        for pose in poses(name):
            trunk = pose.skeleton.trunk
            assert 0.45 < trunk.pelvis[1] < 0.65
            before_chest = trunk.neck + 0.35 * np.array([1.0, 0.0, 0.0]) - 0.2 * trunk.up
            assert (min(apart(thing, before_chest) for thing in things_at(pose)) < 0.25) is near
    for pose in poses("reading"):
        assert all(min(apart(thing, arm.tip) for thing in things_at(pose)) < 0.2 for arm in pose.skeleton.arms)


@pytest.mark.parametrize("name", ["lifting", "mopping"])
def test_both_hands_hold_what_is_lifted_or_pushed(name: str) -> None:
    for pose in poses(name):
        low, high = things_at(pose).min(axis=0) - 0.15, things_at(pose).max(axis=0) + 0.15
        for arm in pose.skeleton.arms:
            assert (low < arm.tip).all() and (arm.tip < high).all()


def test_who_lies_is_flat_and_who_falls_is_neither_flat_nor_upright() -> None:
    for pose in poses("lying"):
        assert abs(pose.skeleton.trunk.up[1]) < 0.2
    upright = [pose.skeleton.trunk.up[1] for pose in poses("falling")]
    assert max(upright) < 0.97 and np.median(upright) < 0.85 and min(upright) > -0.2
