"""All cases of a work do the same: on small problems their results are PyTorch's."""

import dataclasses

import numpy as np
import pytest

from benchmarks.runner import REFERENCE, compare
from benchmarks.works import (
    WORKS,
    adam,
    batch_norm,
    cnn_epoch,
    convolution,
    cross_entropy,
    max_pool,
    mlp_epoch,
)


def images():
    """Return small images of random pixels; the last batch is smaller than the others."""
    rng = np.random.default_rng(0)
    return rng.random((97, 64), dtype=np.float32), rng.integers(0, 10, 97)


def mlp(n_hidden, activation):
    return mlp_epoch.Problem.random(*images(), n_hidden, activation, batch_size=10, lr=0.5)


def cnn():
    x, labels = images()
    return cnn_epoch.Problem.random(x.reshape(-1, 1, 8, 8), labels, (4, 5))


SMALL = {
    "convolution": [
        convolution.Problem.random(n=3, c_in=2, size=6, c_out=4, k=3, pad=1),
        convolution.Problem.random(n=2, c_in=5, size=7, c_out=3, k=3, pad=1),
        convolution.Problem.random(n=3, c_in=1, size=8, c_out=4, k=5, pad=0),
    ],
    "batch_norm": [batch_norm.Problem.random(9, 5), batch_norm.Problem.random(3, 4, 5, 6)],
    "max_pool": [max_pool.Problem.random(3, 4, 6)],
    "cross_entropy": [cross_entropy.Problem.random(5, 7)],
    "adam": [adam.Problem.random(100)],
    "mlp_epoch": [mlp([8], "sigmoid"), mlp([8, 7, 6], "relu")],
    "cnn_epoch": [cnn()],
}
PAIRS = [
    pytest.param(work, problem, id=work.name)
    for name, works in WORKS.items()
    for work, problem in zip(works, SMALL[name], strict=True)
]


def run_thrice(work, problem, cases):
    """Return for each of the three times what the cases returned."""
    runs = {case: work.cases[case](problem) for case in cases}
    for _ in range(3):
        yield {case: [np.array(part) for part in run()] for case, run in runs.items()}


@pytest.mark.torch
@pytest.mark.parametrize(("work", "problem"), PAIRS)
def test_all_cases_do_what_pytorch_does_time_after_time(work, problem):
    left_out = {"scikit-learn MLPClassifier"}
    if "Adam" in work.name:
        left_out |= {"HIPS autograd"}
    for results in run_thrice(work, problem, work.cases.keys() - left_out):
        compare(results, tolerance=1e-5)


@pytest.mark.torch
def test_autograds_adam_takes_the_first_step():
    (work,), (problem,) = WORKS["adam"], SMALL["adam"]
    compare(next(run_thrice(work, problem, [REFERENCE, "HIPS autograd"])), tolerance=1e-5)


@pytest.mark.torch
@pytest.mark.parametrize(
    ("work", "problem"), list(zip(WORKS["mlp_epoch"], SMALL["mlp_epoch"], strict=True))
)
def test_scikit_learn_does_the_same_where_its_own_shuffle_does_not_matter(work, problem):
    problem = dataclasses.replace(problem, batch_size=len(problem.x))
    for results in run_thrice(work, problem, [REFERENCE, "scikit-learn MLPClassifier"]):
        compare(results, tolerance=1e-5)


@pytest.mark.parametrize(("work", "problem"), PAIRS)
def test_labref_is_compared_with_peers_in_float32_and_leaves_the_problem_alone(work, problem):
    before = {name: np.copy(value) for name, value in arrays(problem)}
    assert {array.dtype for array in before.values()} <= {np.dtype("f4"), np.dtype("i8")}
    for case, prepare in work.cases.items():
        if not case.startswith("PyTorch"):
            prepare(problem)()
    for name, value in arrays(problem):
        np.testing.assert_array_equal(value, before[name])


def arrays(problem):
    """Yield the arrays of a problem by name, those in lists too."""
    for field in dataclasses.fields(problem):
        value = getattr(problem, field.name)
        for i, part in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(part, np.ndarray):
                yield f"{field.name} {i}", part


@pytest.mark.parametrize("work", [param.values[0] for param in PAIRS], ids=lambda w: w.name)
def test_a_work_has_labref_the_reference_and_goals(work):
    assert {"labref", REFERENCE} <= work.cases.keys()
    assert set(work.goal) == {"default", "1"}


def test_names_differ():
    names = [work.name for works in WORKS.values() for work in works]
    assert len(names) == len(set(names))
