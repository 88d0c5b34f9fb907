"""What optimizers remember: made at the first step, for one vector, free of subnormal numbers."""

import numpy as np
import pytest

from tests.labref.optimizers.examples import EXAMPLES

with_state = pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - {"SGD"}))


def arrays(optimizer):
    """Return the optimizer's state, without the number of steps."""
    return {name: getattr(optimizer, name) for name in optimizer.state_names if name != "t"}


@with_state
def test_vectors_are_made_at_the_first_step(name):
    optimizer = EXAMPLES[name]()
    assert set(arrays(optimizer).values()) == {None}
    optimizer.step(np.ones(3), np.ones(3))
    assert {array.shape for array in arrays(optimizer).values()} == {(3,)}
    assert optimizer.t == 1


@with_state
@pytest.mark.parametrize("other", [np.ones(4), np.ones(3, np.float32)])
def test_parameters_of_another_shape_or_dtype_are_refused(name, other):
    optimizer = EXAMPLES[name]()
    optimizer.step(np.ones(3), np.ones(3))
    before = other.copy()
    with pytest.raises(ValueError, match=r"parameters: expected shape \(3,\) and dtype float64, "):
        optimizer.step(other, np.ones_like(other))
    np.testing.assert_array_equal(other, before)
    assert optimizer.t == 1


@pytest.mark.pitfall("P25")
@with_state
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_state_that_is_no_longer_fed_does_not_stay_subnormal(name, dtype):
    """0.9 times 4e-45 is 4e-45 again in float32: it would lie there, slow, for ever."""
    optimizer, w = EXAMPLES[name](), np.ones(64, dtype)
    tiny = np.finfo(dtype).tiny
    with np.errstate(under="ignore"):
        for scale in np.geomspace(1e-3, tiny / 8, 20):
            optimizer.step(w, np.full(64, scale, dtype))
        for _ in range(1500 if dtype == np.float32 else 9000):
            optimizer.step(w, np.zeros(64, dtype))
        while optimizer.t % 100:
            optimizer.step(w, np.zeros(64, dtype))
    for state, array in arrays(optimizer).items():
        assert not ((array != 0) & (np.abs(array) < tiny)).any(), state
    assert np.isfinite(w).all()
