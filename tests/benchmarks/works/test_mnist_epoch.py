"""All cases do the same work: from the same start they make the same losses, epoch after epoch."""

import numpy as np
import pytest

from benchmarks.works import mnist_epoch
from benchmarks.works.mnist_epoch import Problem


@pytest.fixture
def problem():
    """A hundred small images of random pixels; the last batch is smaller than the others."""
    rng = np.random.default_rng(0)
    x = rng.random((97, 20)).astype(np.float32)
    return Problem.random(x, rng.integers(0, 10, 97), n_hidden=8)


def losses(epoch):
    return [epoch() for _ in range(3)]


@pytest.fixture
def expected(problem):
    return losses(mnist_epoch.numpy_epoch(problem))


def test_the_parameters_are_carried_from_epoch_to_epoch(expected):
    assert expected[0] > max(expected[1:])


@pytest.mark.parametrize("case", [mnist_epoch.labref_epoch, mnist_epoch.per_sample_epoch])
def test_labref_and_the_loops_make_the_same_losses(case, problem, expected):
    assert losses(case(problem)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.torch
def test_pytorch_makes_the_same_losses(problem, expected):
    assert losses(mnist_epoch.torch_epoch(problem)) == pytest.approx(expected, rel=1e-5)


def test_scikit_learn_makes_the_same_losses_where_its_own_shuffle_does_not_matter(problem):
    problem.batch_size = len(problem.x)
    expected = losses(mnist_epoch.numpy_epoch(problem))
    assert losses(mnist_epoch.sklearn_epoch(problem)) == pytest.approx(expected, rel=1e-5)


def test_data_and_start_are_not_changed(problem):
    shared = problem.x, problem.labels, problem.W1, problem.W2
    before = [array.copy() for array in shared]
    for case in ("labref", "sklearn", "numpy", "per_sample"):
        getattr(mnist_epoch, case + "_epoch")(problem)()
    for array, copy in zip(shared, before, strict=True):
        np.testing.assert_array_equal(array, copy)
