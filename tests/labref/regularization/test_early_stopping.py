"""Early stopping: which epoch is kept and when a run ends."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.regularization.early_stopping import EarlyStopping, early_stopping


@pytest.mark.parametrize(
    ("errors", "patience", "best_epoch", "stop_epoch"),
    [
        ([3, 2, 1], 1, 2, 2),  # never stops: the last epoch
        ([3, 2, 2.5, 2.6, 1], 2, 1, 3),  # the better epoch 4 is never run
        ([3, 2, 2.5, 1, 2, 3], 2, 3, 5),
        ([3, 2, 2.5, 2.6, 1], 3, 4, 4),
        ([1, 1, 1], 2, 0, 2),  # equal errors are no improvement
        ([1, 2], 1, 0, 1),
        ([5], 1, 0, 0),
        ([-1, -2, -1], 5, 1, 2),  # negative errors (log-likelihoods) are errors too
    ],
)
def test_the_run_ends_patience_epochs_after_the_best(errors, patience, best_epoch, stop_epoch):
    assert early_stopping(errors, patience) == (best_epoch, stop_epoch)


@pytest.mark.equation("eq-early-stopping")
@given(
    errors=st.lists(st.integers(0, 9), min_size=1, max_size=20),
    patience=st.integers(1, 6),
)
def test_the_rule_holds_as_it_is_worded(errors, patience):
    best_epoch, stop_epoch = early_stopping(np.array(errors, dtype=float), patience)

    def first_lowest(epoch):
        return int(np.argmin(errors[: epoch + 1]))

    def stops(epoch):
        return epoch - first_lowest(epoch) >= patience

    stopping = [epoch for epoch in range(len(errors)) if stops(epoch)]
    assert stop_epoch == (stopping[0] if stopping else len(errors) - 1)
    assert best_epoch == first_lowest(stop_epoch)


def test_results_are_plain_integers():
    assert [type(epoch) for epoch in early_stopping(np.array([2.0, 1.0]), 1)] == [int, int]


def test_an_improvement_shows_as_no_epochs_without_it():
    stopping = EarlyStopping(2)
    seen = []
    for error in [2.0, 3.0, 1.0, 1.0]:
        assert not stopping.update(error)
        seen.append((stopping.best, stopping.best_epoch, stopping.epochs_without_improvement))
    assert seen == [(2, 0, 0), (2, 0, 1), (1, 2, 0), (1, 2, 1)]
    assert stopping.update(1.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_bad_error_is_no_improvement_even_in_the_first_epoch(bad):
    stopping = EarlyStopping(2)
    assert not stopping.update(bad)
    assert stopping.best_epoch == -1
    assert not stopping.update(1.0)
    assert stopping.best_epoch == 1
    assert not stopping.update(bad)
    assert stopping.update(bad)


def test_the_named_state_is_all_there_is():
    errors = [4.0, 3.0, 3.5, 2.0, 2.5, 2.5, 2.5]
    whole, first, second = EarlyStopping(3), EarlyStopping(3), EarlyStopping(3)
    for error in errors[:3]:
        whole.update(error)
        first.update(error)
    for name in EarlyStopping.state_names:
        setattr(second, name, getattr(first, name))
    assert [whole.update(e) for e in errors[3:]] == [second.update(e) for e in errors[3:]]
    assert vars(whole) == vars(second)


CASES = {
    "none": (lambda: early_stopping([], 1), ValueError, r"val_errors: expected shape \(epochs,\)"),
    "nan": (lambda: early_stopping([1, np.nan], 1), ValueError, r"val_errors: .* got nan at"),
    "matrix": (lambda: early_stopping([[1.0]], 1), ValueError, r"val_errors: .* got \(1, 1\)"),
    "patience": (lambda: early_stopping([1.0], 0), ValueError, r"patience: .* least 1, got 0"),
    "float": (lambda: EarlyStopping(1.5), TypeError, r"patience: expected an integer, got float"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
