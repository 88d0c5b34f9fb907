"""Test surfaces: derivatives, minima, points and grids."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from labref.gradcheck import numerical_gradient, relative_error
from labref.surfaces import BEALE, BOWL, PRODUCT, ROSENBROCK, SADDLE, SURFACES, valley

every_surface = pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES.keys())
points = st.tuples(st.floats(-3, 3), st.floats(-3, 3)).map(np.array)


@every_surface
@given(w=points)
def test_the_gradient_agrees_with_central_differences(surface, w):
    numerical = numerical_gradient(lambda v: float(surface.value(v)), w)
    np.testing.assert_allclose(surface.gradient(w), numerical, 1e-6, 1e-5)


@every_surface
@given(w=points)
def test_the_hessian_agrees_with_central_differences(surface, w):
    rows = [numerical_gradient(lambda v, i=i: float(surface.gradient(v)[i]), w) for i in (0, 1)]
    np.testing.assert_allclose(surface.hessian(w), rows, 1e-6, 1e-5)


@given(w=points)
def test_rosenbrock_is_the_one_of_scipy(w):
    np.testing.assert_allclose(ROSENBROCK.value(w), optimize.rosen(w), 1e-12)
    np.testing.assert_allclose(ROSENBROCK.gradient(w), optimize.rosen_der(w), 1e-12, 1e-11)
    np.testing.assert_allclose(ROSENBROCK.hessian(w), optimize.rosen_hess(w), 1e-12, 1e-11)


def test_beale_has_its_published_values():
    assert BEALE.value([1.0, 1.0]) == 14.203125
    assert BEALE.value([0.0, 5.0]) == 1.5**2 + 2.25**2 + 2.625**2
    assert BEALE.value([3.0, 0.5]) == 0


@every_surface
def test_the_minimum_is_a_minimum_or_there_is_none(surface):
    if surface.minimum is None:
        assert np.linalg.eigvalsh(surface.hessian([0.0, 0.0]))[0] < 0
        return
    np.testing.assert_array_equal(surface.gradient(surface.minimum), 0)
    assert surface.value(surface.minimum) == 0
    assert np.linalg.eigvalsh(surface.hessian(surface.minimum))[0] > 0


@every_surface
def test_start_and_minimum_are_inside_the_plot(surface):
    low_x, high_x, low_y, high_y = surface.plot_range
    for x, y in (surface.start, surface.minimum or surface.start):
        assert low_x <= x <= high_x
        assert low_y <= y <= high_y
    assert np.abs(surface.gradient(surface.start)).max() > 0


@every_surface
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_grid_holds_what_its_points_give(surface, dtype):
    xs, ys = np.linspace(-2, 2, 4, dtype=dtype), np.linspace(-1, 2, 3, dtype=dtype)
    grid = np.stack(np.meshgrid(xs, ys))
    value, gradient, hessian = surface.value(grid), surface.gradient(grid), surface.hessian(grid)
    assert (value.shape, gradient.shape, hessian.shape) == ((3, 4), (2, 3, 4), (2, 2, 3, 4))
    assert value.dtype == gradient.dtype == hessian.dtype == dtype
    rtol = 1e-4 if dtype == np.float32 else 1e-12
    for i, j in np.ndindex(3, 4):
        w = np.array([xs[j], ys[i]])
        np.testing.assert_allclose(value[i, j], surface.value(w), rtol)
        np.testing.assert_allclose(gradient[:, i, j], surface.gradient(w), rtol, 1e-4)
        np.testing.assert_allclose(hessian[:, :, i, j], surface.hessian(w), rtol, 1e-4)


@every_surface
def test_the_objective_gives_value_and_gradient_and_leaves_w_alone(surface):
    w = np.array([0.5, -0.25])
    value, gradient = surface.objective(w)
    assert type(value) is float
    assert value == surface.value(w)
    np.testing.assert_array_equal(gradient, surface.gradient(w))
    gradient += 1
    np.testing.assert_array_equal(w, [0.5, -0.25])


@pytest.mark.parametrize("condition", [1, 7.5, 1e6])
def test_a_valley_has_the_condition_number_asked_for(condition):
    curvatures = np.linalg.eigvalsh(valley(condition).hessian([0.3, 0.1]))
    assert curvatures[1] / curvatures[0] == pytest.approx(condition)


def test_xy_is_the_saddle_turned_by_45_degrees():
    turn = np.array([[1, 1], [-1, 1]]) / np.sqrt(2)
    w = np.random.default_rng(0).standard_normal((2, 50))
    np.testing.assert_allclose(PRODUCT.value(w), SADDLE.value(turn @ w), atol=1e-12)
    assert relative_error(PRODUCT.gradient(w), turn.T @ SADDLE.gradient(turn @ w)) < 1e-12


@pytest.mark.equation("eq-saddle")
@given(w=points)
def test_xy_curves_up_along_one_diagonal_and_down_along_the_other(w):
    for direction, curvature in (([1, 1], 1), ([1, -1], -1)):
        step = 0.1 * np.array(direction) / np.sqrt(2)
        values = PRODUCT.value(np.stack([w - step, w, w + step], axis=1))
        assert (values @ [1, -2, 1]) / 0.1**2 == pytest.approx(curvature, abs=1e-9)
        np.testing.assert_allclose(PRODUCT.hessian(w) @ step, curvature * step)


BAD_INPUT = {
    "shape": (lambda: BOWL.value(np.ones(3)), ValueError, r"w: expected shape \(2,\) or .* \(3,\)"),
    "scalar": (lambda: BOWL.gradient(1.0), ValueError, r"w: expected shape .* got \(\)"),
    "nan": (lambda: BEALE.hessian([np.nan, 0]), ValueError, r"w: expected finite .* got nan"),
    "str": (lambda: BEALE.value(["a", "b"]), TypeError, r"w: expected real numbers"),
    "grid": (lambda: BOWL.objective(np.ones((2, 3))), ValueError, r"w: expected shape \(2,\)"),
    "condition": (lambda: valley(0.5), ValueError, r"condition: expected .*\[1, inf\), got 0.5"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_refused(name):
    call, error, pattern = BAD_INPUT[name]
    with pytest.raises(error, match=pattern):
        call()
