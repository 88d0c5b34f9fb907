"""Step sizes over time."""

import numpy as np
import pytest

from labref.schedules import constant, inverse_time, step_down


@pytest.mark.equation("eq-schedules")
def test_schedules_follow_their_formulas():
    t = range(12)
    assert [constant(0.5)(i) for i in t] == [0.5] * 12
    assert [inverse_time(0.5, 4)(i) for i in t] == pytest.approx([0.5 / (1 + i / 4) for i in t])
    assert [step_down(0.8, 0.5, 5)(i) for i in t] == [0.8] * 5 + [0.4] * 5 + [0.2] * 2


def test_inverse_time_has_halved_after_t_0_steps():
    assert inverse_time(0.3, 100)(100) == pytest.approx(0.15)


@pytest.mark.equation("eq-robbins-monro")
def test_inverse_time_meets_the_robbins_monro_conditions_and_the_others_do_not():
    """The sum of step sizes diverges (it grows like log t), the sum of their squares converges."""
    t = np.arange(10**6)

    def sums(schedule):
        eta = np.array([schedule(int(i)) for i in t[:: 10**3]])  # eta changes slowly
        return [(values.cumsum() * 10**3)[[9, 99, 999]] for values in (eta, eta**2)]

    eta, eta_squared = sums(inverse_time(1.0, 1000.0))
    growth = np.diff(eta)
    assert growth[1] > 0.9 * growth[0]
    assert growth[0] > 1000
    assert np.diff(eta_squared)[1] < 0.2 * np.diff(eta_squared)[0]

    _, eta_squared = sums(constant(1.0))
    assert np.diff(eta_squared)[1] == pytest.approx(10 * np.diff(eta_squared)[0])

    eta, _ = sums(step_down(1.0, 0.5, 1000))
    assert np.diff(eta)[1] < 0.01 * eta[0]
