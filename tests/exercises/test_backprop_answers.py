"""Exercise 1 in this process: right answers pass, wrong ones fail in their own test cell only."""

import re
from collections import Counter

import numpy as np
import pytest

from labref import activations, gradcheck, graph, layers, losses, network
from tests.exercises.assignment import BACKPROP, Answer
from tests.exercises.backprop_alternatives import ALTERNATIVES
from tests.exercises.backprop_mutants import MUTANTS


@pytest.fixture(scope="module")
def solutions():
    return BACKPROP.solutions()


@pytest.mark.parametrize("problem", BACKPROP.problems)
def test_the_solution_passes(problem, solutions):
    assert BACKPROP.run_test(problem, solutions) == ""


@pytest.mark.parametrize("answer", ALTERNATIVES, ids=str)
def test_another_right_answer_passes(answer: Answer, solutions):
    message = BACKPROP.run_test(answer.problem, solutions | {answer.problem: answer.value})
    assert message == "", f"a right answer, {answer}, was refused"


@pytest.mark.parametrize("answer", MUTANTS, ids=str)
def test_a_wrong_answer_fails_and_hears_why(answer: Answer, solutions):
    message = BACKPROP.run_test(answer.problem, solutions | {answer.problem: answer.value})
    assert message, f"a wrong answer, {answer}, passed"
    assert answer.hint in message, f"{answer} was not told what is wrong"
    if "hidden check" in message:
        assert not re.search(r"\d\.\d|\bshape \(|\[", message), "a hidden check shows numbers"


@pytest.mark.parametrize("problem", BACKPROP.problems)
def test_a_wrong_answer_costs_no_other_points(problem, solutions):
    """A test cell passes where there is no other answer, so no other answer can fail it."""
    assert BACKPROP.run_test(problem, {problem: solutions[problem]}) == ""


@pytest.mark.parametrize("problem", BACKPROP.problems)
def test_a_test_cell_leaves_no_name_behind_that_an_answer_may_use(problem, solutions):
    namespace = dict(solutions)
    exec(BACKPROP.test_code(problem), namespace)
    new = {name for name in namespace if namespace[name] is not solutions.get(name)}
    assert all(name.startswith("test_") for name in new - {"__builtins__"})


def test_every_problem_has_three_wrong_answers_and_two_other_right_ones():
    wrong = Counter(answer.problem for answer in MUTANTS)
    right = Counter(answer.problem for answer in ALTERNATIVES)
    assert min(wrong[problem] for problem in BACKPROP.problems) >= 3
    assert min(right[problem] for problem in BACKPROP.problems) >= 2


def test_most_wrong_answers_are_told_their_mistake():
    assert sum(bool(answer.hint) for answer in MUTANTS) >= 0.7 * len(MUTANTS)


@pytest.mark.parametrize("seed", range(3))
def test_solutions_equal_the_reference(seed, solutions):
    rng = np.random.default_rng(seed)
    n, d, h, k = rng.integers(1, 9, size=4)
    x, labels = rng.normal(size=(n, d)), rng.integers(k, size=n)
    W1, b1 = rng.normal(size=(h, d)), rng.normal(size=h)
    W2, b2 = rng.normal(size=(k, h)), rng.normal(size=k)
    a, delta = 100 * rng.normal(size=(n, k)), rng.normal(size=(n, h))
    p = rng.dirichlet(np.ones(k), size=n)

    def equal(name, got, expected):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12, err_msg=name)

    for name, arguments, reference in [
        ("softmax", (a,), activations.softmax),
        ("cross_entropy", (p, labels), losses.cross_entropy),
        ("softmax_cross_entropy_grad", (p, labels), losses.softmax_cross_entropy_grad),
        ("sigmoid", (a,), activations.sigmoid),
        ("sigmoid_grad", (a,), activations.sigmoid_grad),
        ("dense_forward", (x, W1, b1), layers.dense_forward),
        ("numerical_gradient", (lambda x: np.sin(x).sum(), x), gradcheck.numerical_gradient),
    ]:
        equal(name, solutions[name](*arguments), reference(*arguments))

    for got, expected in zip(
        solutions["dense_backward"](delta, x, W1),
        layers.dense_backward(delta, x, W1),
        strict=True,
    ):
        equal("dense_backward", got, expected)

    net = network.Network(
        [layers.Dense(W1, b1, "sigmoid"), layers.Dense(W2, b2)], losses.SoftmaxCrossEntropy()
    )
    loss, gradient = net.loss_and_gradient(x, labels)
    got = solutions["two_layer_gradients"](x, labels, W1, b1, W2, b2)
    equal("two_layer_gradients", np.concatenate([np.ravel(v) for v in got]), [loss, *gradient])

    x, y = rng.normal(size=(n, 1, d)), rng.normal(size=(h, d))
    mine, reference = solutions["Multiply"](), graph.Multiply()
    equal("forward", mine.forward(x, y), reference.forward(x, y))
    grad = rng.normal(size=(n, h, d))
    for got, expected in zip(mine.backward(grad), reference.backward(grad), strict=True):
        equal("backward", got, expected)


def test_a_right_network_reads_far_more_digits_than_asked_for(solutions, capsys):
    """20 seeds, each with another split, start and order: the 90 % asked for leave room."""
    namespace = dict(solutions)
    exec(BACKPROP.test_code("digits_network"), namespace)
    for seed in range(20):
        namespace["test_digits_network"](seed)
    percent = [float(number) for number in re.findall(r"([\d.]+) %", capsys.readouterr().out)]
    assert len(percent) == 3 + 20
    assert min(percent) > 94, f"read right with 20 seeds: {min(percent)} to {max(percent)} %"


def test_the_loss_asked_for_in_the_visible_test_of_train_leaves_room(solutions):
    """Answers draw in different orders, which is like different seeds: all must get below 0.1."""
    labels = np.arange(40) % 2
    x = np.random.default_rng(0).normal(size=(40, 2)) + 4.0 * labels[:, None]
    source = BACKPROP.sources["test_train"]
    assert "labels = np.arange(40) % 2" in source
    assert "default_rng(0).normal(size=(40, 2)) + 4.0 * labels[:, None]" in source
    last = [
        solutions["train"](x, labels, 3, 0.5, 30, np.random.default_rng(seed))[1][-1]
        for seed in range(100)
    ]
    assert max(last) < 0.08
