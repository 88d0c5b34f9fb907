"""The minimizers' loop: what it does with rules that mislead it."""

import numpy as np
import pytest

from labref.minimize import DirectionRule, descend, strong_wolfe
from labref.surfaces import BOWL


class Misled(DirectionRule):
    """Steepest descent that after each step has learnt something bad."""

    unit_step = False

    def __init__(self, bad):
        self.bad = bad
        self.learnt = False
        self.resets = 0

    def direction(self, w, gradient):
        return self.bad * gradient if self.learnt else -gradient

    def update(self, s, y):
        self.learnt = True

    def reset(self):
        self.learnt = False
        self.resets += 1


class OnlyUphill(DirectionRule):
    """A rule that cannot do better."""

    def direction(self, w, gradient):
        return gradient


def run(rule, w0=(2.0, 1.0), tolerance=1e-6):
    return descend(BOWL.objective, w0, rule, strong_wolfe, 100, tolerance)


@pytest.mark.parametrize("bad", [1.0, 0.0, np.nan, np.inf])
def test_a_rule_that_learnt_a_useless_direction_forgets_it_and_goes_on(bad):
    rule = Misled(bad)
    result = run(rule)
    assert result.converged
    assert rule.resets == result.iterations - 1


def test_a_useless_direction_of_a_rule_that_forgot_everything_ends_the_run():
    result = run(OnlyUphill())
    assert not result.converged
    assert result.iterations == 0
    assert "no descent direction" in result.message


def test_a_direction_that_is_not_finite_ends_the_run_in_words():
    class Overflowing(DirectionRule):
        def direction(self, w, gradient):
            return gradient * np.inf

    result = run(Overflowing())
    assert not result.converged
    assert "the direction is not finite" in result.message


def test_a_tiny_last_step_does_not_make_the_next_search_give_up():
    """After a step that gained next to nothing, a first step as short would drown in rounding."""

    class Crawling(Misled):
        def direction(self, w, gradient):
            across = np.array([-gradient[1], gradient[0]])
            return across - 1e-9 * gradient if self.learnt else -gradient

    result = descend(BOWL.objective, (2.0, 1.0), Crawling(0), strong_wolfe, 400, 1e-3)
    assert result.converged


def test_a_rule_may_end_the_run_with_a_message():
    class Refusing(DirectionRule):
        def direction(self, w, gradient):
            raise np.linalg.LinAlgError("no direction here")

    result = run(Refusing())
    assert not result.converged
    assert result.message == "no direction here"


def test_a_rule_that_stays_useless_after_its_first_step_does_not_loop_for_ever():
    class Stubborn(Misled):
        def reset(self):
            self.resets += 1

    rule = Stubborn(1.0)
    result = run(rule)
    assert not result.converged
    assert (result.iterations, rule.resets) == (1, 1)
