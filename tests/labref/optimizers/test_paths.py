"""Following an optimizer on a function."""

import numpy as np
import pytest

from labref.optimizers import SGD, trajectory


def test_the_path_is_the_steps_written_down():
    path = trajectory(lambda w: 2 * w, [1.0, -2.0], SGD(0.25), 3)
    np.testing.assert_array_equal(path, [[1, -2], [0.5, -1], [0.25, -0.5], [0.125, -0.25]])


def test_float32_is_kept_and_the_start_is_not_changed():
    start = np.ones(2, np.float32)
    assert trajectory(lambda w: w, start, SGD(0.5), 2).dtype == np.float32
    np.testing.assert_array_equal(start, [1, 1])


def test_a_gradient_function_may_change_what_it_gets():
    def gradient(w):
        w *= 2
        return w

    np.testing.assert_array_equal(trajectory(gradient, [1.0], SGD(0.25), 1), [[1], [0.5]])


def test_a_path_that_leaves_the_numbers_ends_before():
    path = trajectory(lambda w: -(w**3), [10.0], SGD(1.0), 50)
    assert 1 < len(path) < 20
    assert np.isfinite(path).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((lambda w: w, [[1.0]], SGD(1.0), 1), r"w0: expected shape \(n,\), got \(1, 1\)"),
        ((lambda w: w, [np.nan], SGD(1.0), 1), r"w0: expected finite numbers"),
        ((lambda w: w, [1.0], SGD(1.0), 0), r"steps: expected at least 1, got 0"),
        ((lambda w: [1.0, 2.0], [1.0], SGD(1.0), 1), r"gradient\(w\): expected shape \(1,\)"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        trajectory(*arguments)
