"""Line searches: their conditions, SciPy's search, and lines that lead nowhere."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize
from scipy.interpolate import CubicHermiteSpline

from labref.minimize import backtracking, full_step, strong_wolfe
from labref.surfaces import BEALE, BOWL, PRODUCT, ROSENBROCK, SURFACES
from tests.labref.minimize.examples import Counted, exact, positive_definite, quadratic

SEARCHES = {"strong-wolfe": strong_wolfe, "backtracking": backtracking, "full-step": full_step}
every_search = pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES.keys())
SEEDS = st.integers(0, 2**32 - 1)


def line(f):
    """Return a function of one number and its derivative as an objective."""
    return lambda w: (float(f(w[0])[0]), np.array([f(w[0])[1]]))


@pytest.mark.equation("eq-armijo", "eq-wolfe-curvature")
@given(
    name=st.sampled_from(["bowl", "valley", "rosenbrock", "beale"]),
    seed=SEEDS,
    first_step=st.sampled_from([1e-9, 1e-3, 1.0, 1e3, 1e5]),
    constants=st.sampled_from([(1e-4, 0.01), (1e-4, 0.9), (0.3, 0.5), (0.45, 0.9)]),
)
def test_the_strong_wolfe_conditions_hold_where_the_search_says_so(
    name, seed, first_step, constants
):
    c1, c2 = constants
    surface, rng = SURFACES[name], np.random.default_rng(seed)
    w = rng.uniform(-2, 2, 2)
    value, gradient = surface.objective(w)
    direction = -gradient * rng.uniform(0.1, 3, 2)
    f = Counted(surface.objective)
    result = strong_wolfe(f, w, direction, first_step, c1=c1, c2=c2)
    assert result.found
    assert result.evaluations == f.calls < 40
    point, slope = result.point, gradient @ direction
    np.testing.assert_array_equal(point.w, w + point.step * direction)
    reached, new_gradient = surface.objective(point.w)
    assert (point.value, point.slope) == (reached, new_gradient @ direction)
    assert point.step > 0
    assert reached <= value + c1 * point.step * slope
    assert abs(new_gradient @ direction) <= c2 * abs(slope)


@given(seed=SEEDS, n=st.integers(1, 5))
def test_a_nearly_exact_search_goes_to_the_minimum_along_the_line(seed, n):
    rng = np.random.default_rng(seed)
    A, b, w = positive_definite(rng, n, 100), rng.standard_normal(n), rng.standard_normal(n)
    gradient = A @ w - b
    result = exact(quadratic(A, b), w, -gradient)
    best = (gradient @ gradient) / (gradient @ A @ gradient)
    assert result.found
    assert result.point.step == pytest.approx(best, rel=1e-6)
    assert result.evaluations <= 4


@pytest.mark.parametrize("surface", [BOWL, ROSENBROCK, BEALE], ids=lambda surface: surface.name)
def test_a_first_step_that_will_do_is_taken_by_labref_and_scipy(surface):
    w = np.add(surface.minimum, [0.05, -0.02])
    value, gradient = surface.objective(w)
    direction = -np.linalg.solve(surface.hessian(w), gradient)
    peer = optimize.line_search(surface.value, surface.gradient, w, direction, gradient)
    result = strong_wolfe(surface.objective, w, direction, known=(value, gradient))
    assert result.point.step == peer[0] == 1
    assert result.evaluations == 1


@pytest.mark.parametrize("first_step", [0.01, 1.0, 30.0])
def test_scipys_conditions_agree_that_the_step_will_do(first_step):
    """SciPy's search, started at labref's step, accepts it at once: one new gradient."""
    w = np.array([-1.2, 1.0])
    value, gradient = ROSENBROCK.objective(w)
    scaled = -gradient / np.linalg.norm(gradient)
    result = strong_wolfe(ROSENBROCK.objective, w, scaled, first_step, c2=0.1)
    direction = result.point.step * scaled
    peer = optimize.line_search(
        ROSENBROCK.value, ROSENBROCK.gradient, w, direction, gradient, value, c2=0.1
    )
    assert peer[0] == 1
    assert peer[2] == 1


@pytest.mark.equation("eq-armijo")
@given(seed=SEEDS, first_step=st.sampled_from([1e-3, 1.0, 1e4]), c1=st.sampled_from([1e-4, 0.45]))
def test_backtracking_returns_the_first_trial_that_is_low_enough(seed, first_step, c1):
    rng = np.random.default_rng(seed)
    w = rng.uniform(-2, 2, 2)
    value, gradient = ROSENBROCK.objective(w)
    trials = []

    def objective(v):
        trials.append(v)
        return ROSENBROCK.objective(v)

    result = backtracking(objective, w, -gradient, first_step, c1=c1, known=(value, gradient))
    steps = [np.linalg.norm(v - w) / np.linalg.norm(gradient) for v in trials]
    low_enough = [
        ROSENBROCK.value(v) <= value - c1 * step * (gradient @ gradient)
        for v, step in zip(trials, steps, strict=True)
    ]
    assert result.found
    assert low_enough == [False] * (len(trials) - 1) + [True]
    assert steps[0] == pytest.approx(first_step)
    for longer, shorter in pairwise(steps):
        assert 0.099 < shorter / longer < 0.501


def test_backtracking_goes_to_the_minimum_of_the_parabola():
    result = backtracking(line(lambda t: (t**2, 2 * t)), [1.0], [-8.0], c1=0.1)
    assert result.point.w == pytest.approx(0)  # trial at -7; then the parabola is exact
    assert result.evaluations == 3


@pytest.mark.pitfall("P15")
def test_armijo_alone_accepts_a_step_that_breaks_the_curvature_condition():
    """On a concave slope the gradient gets steeper: y.s < 0, from which BFGS cannot learn."""
    hill = line(lambda t: (-np.exp(-(t**2) / 2), t * np.exp(-(t**2) / 2)))
    start = hill(np.array([3.0]))[1]
    for search, breaks in ((backtracking, True), (strong_wolfe, False)):
        point = search(hill, [3.0], [-1.0], c1=1e-4).point
        y_s = (point.gradient - start) @ (point.w - 3.0)
        assert bool(y_s < 0) is breaks


@pytest.mark.parametrize("search", [strong_wolfe, backtracking])
@pytest.mark.parametrize("direction", [[1.0, 2.0], [0.0, 0.0], [2.0, -1.0]])
def test_a_direction_that_does_not_descend_is_flagged(search, direction):
    result = search(BOWL.objective, [1.0, 1.0], direction)
    assert not result.found
    assert result.point.step == 0
    assert "no descent direction: the slope along it is" in result.message
    assert result.evaluations == 1


def test_a_point_higher_than_the_one_before_is_not_passed():
    """The line falls to a dip at 1.4, crosses a hill, and beyond it falls for ever."""
    dip_and_hill = CubicHermiteSpline(
        [0, 1, 1.4, 3, 10], [0, -1, -1.2, 5, -0.5], [-1, -1, 0, 0, -1]
    )

    def phi(t):
        return (dip_and_hill(t), dip_and_hill(t, 1)) if t < 10 else (9.5 - t, -1)

    result = strong_wolfe(line(phi), [0.0], [1.0], c2=0.5)
    assert result.found
    assert 1 < result.point.w[0] < 3


@every_search
def test_a_start_where_the_objective_is_not_finite_is_flagged(search):
    result = search(lambda w: (np.nan, w), [1.0], [-1.0])
    assert not result.found
    assert result.point.step == 0


@every_search
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_line_whose_other_points_are_not_finite_is_flagged(search, bad):
    def objective(w):
        return (float(w[0]) if w[0] >= 1 else bad), np.ones(1)

    result = search(objective, [1.0], [-1.0])
    assert not result.found
    assert result.point.step == 0
    assert result.evaluations < 50


def test_a_wall_of_nan_is_not_crossed():
    """w - log w with its minimum at 1, on a line that leads far into NaN."""
    barrier = line(lambda t: (t - np.log(t), 1 - 1 / t))
    for search in (strong_wolfe, backtracking, partial(strong_wolfe, c2=0.01)):
        result = search(barrier, [5.0], [-1.0], 1000.0)
        assert result.found
        assert 0 < result.point.w[0] < 5


def test_an_objective_that_falls_for_ever_is_called_unbounded():
    result = strong_wolfe(PRODUCT.objective, [1.0, -1.0], [1.0, -1.0])
    assert not result.found
    assert "seems unbounded below: -" in result.message
    assert result.evaluations < 50


def test_a_long_way_to_go_is_no_unbounded_objective():
    result = strong_wolfe(line(lambda t: (t**2, 2 * t)), [1e6], [-1.0], 1e-3)
    assert result.found
    result = strong_wolfe(line(lambda t: (np.exp(-t), -np.exp(-t))), [0.0], [1.0], 1e-9)
    assert result.found


def test_rounding_that_hides_the_descent_is_flagged():
    def objective(w):
        return 1e16 + w[0], np.ones(1)  # adding less than 1 changes nothing

    for search in (strong_wolfe, backtracking):
        result = search(objective, [0.0], [-1e-3], 1e-3)
        assert not result.found
        assert result.message.endswith("rounding may hide it")
        assert result.evaluations < 90


def test_a_kink_ends_the_search_with_the_lowest_point_found():
    """abs(t) is flat enough nowhere; its value falls nevertheless."""
    result = strong_wolfe(line(lambda t: (abs(t), 1 if t >= 0 else -1)), [1.0], [-1.0], 1.7, c2=0.5)
    assert not result.found
    assert result.point.value < 0.3
    assert result.message == "the value fell, but no point is flat enough"


def test_the_full_step_is_taken_even_uphill():
    result = full_step(BOWL.objective, [1.0, 1.0], [1.0, 2.0])
    np.testing.assert_array_equal(result.point.w, [2, 3])
    assert result.found


@every_search
def test_nothing_that_came_in_is_changed(search):
    w, direction = np.array([1.0, 1.0]), np.array([-0.5, -0.5])
    search(BOWL.objective, w, direction)
    np.testing.assert_array_equal(w, 1)
    np.testing.assert_array_equal(direction, -0.5)


F, W, D = BOWL.objective, [1.0, 1.0], [-1.0, -1.0]
BAD_INPUT = {
    "c1": (lambda: strong_wolfe(F, W, D, c1=0.95), ValueError, r"c1: expected .* in \(0, 0.9\)"),
    "c2": (lambda: strong_wolfe(F, W, D, c2=1), ValueError, r"c2: expected .* in \(0, 1\), got 1"),
    "armijo": (lambda: backtracking(F, W, D, c1=0), ValueError, r"c1: expected .* in \(0, 1\)"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_constants_are_refused(name):
    call, error, pattern = BAD_INPUT[name]
    with pytest.raises(error, match=pattern):
        call()


@every_search
def test_bad_input_is_refused(search):
    with pytest.raises(ValueError, match=r"first_step: expected .* in \(0, inf\), got 0"):
        search(F, W, D, 0)
    with pytest.raises(TypeError, match="first_step: expected a number, got str"):
        search(F, W, D, "1")
    with pytest.raises(ValueError, match=r"direction: expected shape \(2,\), got \(3,\)"):
        search(F, W, np.ones(3))
    with pytest.raises(ValueError, match="direction: expected finite numbers, got nan"):
        search(F, W, [np.nan, 1])
    with pytest.raises(ValueError, match=r"w: expected shape \(n,\), got \(2, 2\)"):
        search(F, np.ones((2, 2)), D)
