"""What holds for every optimizer: steps in place, kept dtypes, complete state."""

import copy

import numpy as np
import pytest

import labref.optimizers
from labref.optimizers import Optimizer
from tests.labref.optimizers.examples import EXAMPLES

every_optimizer = pytest.mark.parametrize("name", EXAMPLES)
CURVATURE = np.array([0.5, 1.0, 2.0])


def start(dtype=np.float64):
    return np.array([1.0, -2.0, 0.5], dtype)


def gradient(w):
    """Gradient of the sum of curvature * w**2 / 2."""
    return (CURVATURE * w).astype(w.dtype)


def test_there_is_an_example_of_every_public_optimizer():
    optimizers = {
        name
        for name, thing in vars(labref.optimizers).items()
        if isinstance(thing, type) and issubclass(thing, Optimizer) and thing is not Optimizer
    }
    assert optimizers == {name.split(",")[0] for name in EXAMPLES}


@every_optimizer
def test_the_minimum_of_a_quadratic_is_found(name):
    optimizer, w = EXAMPLES[name](), start()
    for _ in range(2000):
        optimizer.step(w, gradient(w))
    assert np.abs(w).max() < 1e-2


@every_optimizer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_are_kept_and_the_gradient_is_left_alone(name, dtype):
    optimizer, w = EXAMPLES[name](), start(dtype)
    for _ in range(3):
        g = gradient(w)
        before = g.copy()
        optimizer.step(w, g)
        np.testing.assert_array_equal(g, before)
    assert w.dtype == dtype
    for state in optimizer.state_names:
        value = getattr(optimizer, state)
        assert not isinstance(value, np.ndarray) or value.dtype == dtype, state


@every_optimizer
def test_a_gradient_that_may_be_overwritten_gives_the_same_steps(name):
    careful, quick = EXAMPLES[name](), EXAMPLES[name]()
    w, v = start(), start()
    for _ in range(5):
        careful.step(w, gradient(w))
        quick.step(v, gradient(v), overwrite_gradient=True)
    np.testing.assert_array_equal(w, v)


@every_optimizer
def test_the_named_state_is_all_there_is(name):
    """Another optimizer with the same settings and this state goes on in the same way."""
    optimizer, w = EXAMPLES[name](), start()
    for _ in range(4):
        optimizer.step(w, gradient(w))
    other, v = EXAMPLES[name](), w.copy()
    for state in optimizer.state_names:
        setattr(other, state, copy.deepcopy(getattr(optimizer, state)))
    for _ in range(4):
        optimizer.step(w, gradient(w))
        other.step(v, gradient(v))
    np.testing.assert_array_equal(w, v)
