"""The source notebook of exercise 1 keeps the contract: names, signatures, points, metadata."""

import ast
import re

import nbformat
import pytest

from tests.exercises.assignment import BACKPROP

SIGNATURES = {
    "softmax": ["a"],
    "cross_entropy": ["p", "labels"],
    "softmax_cross_entropy_grad": ["p", "labels"],
    "sigmoid": ["a"],
    "sigmoid_grad": ["a"],
    "dense_forward": ["x", "W", "b"],
    "dense_backward": ["delta", "x", "W"],
    "two_layer_gradients": ["x", "labels", "W1", "b1", "W2", "b2"],
    "numerical_gradient": ["f", "x", "h"],
    "Multiply": {"forward": ["self", "x", "y"], "backward": ["self", "grad"]},
    "train": ["x", "labels", "n_hidden", "lr", "epochs", "rng"],
    "digits_network": ["x", "labels", "rng"],
}


def arguments(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in function.args.args]


def test_every_problem_of_the_contract_is_there_in_order():
    assert list(SIGNATURES) == BACKPROP.problems


@pytest.mark.parametrize("problem", SIGNATURES)
def test_names_and_arguments(problem):
    [thing] = [
        node
        for node in ast.parse(BACKPROP.sources[problem]).body
        if getattr(node, "name", None) == problem
    ]
    if isinstance(thing, ast.ClassDef):
        found = {
            node.name: arguments(node) for node in thing.body if isinstance(node, ast.FunctionDef)
        }
    else:
        found = arguments(thing)
    assert found == SIGNATURES[problem]


def test_the_step_of_the_numerical_gradient_is_1e_5():
    assert "def numerical_gradient(f, x, h=1e-5):" in BACKPROP.sources["numerical_gradient"]


@pytest.mark.parametrize("problem", SIGNATURES)
def test_an_answer_cell_and_after_it_a_locked_test_cell_with_points(problem):
    answer, test = BACKPROP.metadata[problem], BACKPROP.metadata[f"test_{problem}"]
    assert (answer.solution, answer.grade, answer.locked) == (True, False, False)
    assert (test.solution, test.grade, test.locked) == (False, True, True)
    assert test.points > 0
    ids = list(BACKPROP.metadata)
    assert ids.index(f"test_{problem}") == ids.index(problem) + 1


@pytest.mark.parametrize("problem", SIGNATURES)
def test_visible_tests_come_first_and_then_hidden_ones(problem):
    source = BACKPROP.sources[f"test_{problem}"]
    assert source.count("### BEGIN HIDDEN TESTS") == 1
    assert source.endswith("### END HIDDEN TESTS")
    visible, hidden = source.split("### BEGIN HIDDEN TESTS")
    assert f"\ntest_{problem}(" in visible, "the visible part calls nothing"
    assert re.search(rf"^test_{problem}\w*\(", hidden, re.M), "the hidden part calls nothing"


@pytest.mark.parametrize("problem", SIGNATURES)
def test_only_between_the_markers_there_is_a_solution(problem):
    source = BACKPROP.sources[problem]
    assert source.count("### BEGIN SOLUTION") == 1
    assert source.rstrip().endswith("### END SOLUTION")


def test_a_test_cell_ends_with_a_call_whose_value_is_none():
    """nbgrader takes the value of a test cell, if it has one, for partial credit."""
    for problem in SIGNATURES:
        last = ast.parse(BACKPROP.sources[f"test_{problem}"]).body[-1]
        assert isinstance(last, ast.Expr)
        name = last.value.func.id
        [function] = [
            node
            for node in ast.walk(ast.parse(BACKPROP.sources[f"test_{problem}"]))
            if isinstance(node, ast.FunctionDef) and node.name == name
        ]
        assert not [node for node in function.body if isinstance(node, ast.Return)]


def test_points_add_up_to_100_and_every_problem_says_how_many_it_has():
    points = {name: data.points for name, data in BACKPROP.metadata.items() if data.grade}
    assert sum(points.values()) == 100
    headings = re.findall(
        r"^## \d+\. .*\((\d+) points",
        "\n".join(cell.source for cell in BACKPROP.notebook.cells if cell.cell_type == "markdown"),
        re.M,
    )
    assert list(map(int, headings)) == list(points.values())


def test_one_question_is_graded_by_hand_and_has_a_mark_scheme():
    [written] = [
        cell
        for cell in BACKPROP.notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.metadata.nbgrader.solution
    ]
    assert written.cell_type == "markdown"
    solution = written.source
    assert solution.startswith("### BEGIN SOLUTION")
    assert solution.endswith("### END SOLUTION")
    marks = re.findall(r"^- (\d+) point", solution.split("Mark scheme:")[1], re.M)
    assert sum(map(int, marks)) == written.metadata.nbgrader.points


def test_the_notebook_is_valid_and_has_no_outputs():
    nbformat.validate(BACKPROP.notebook)
    assert BACKPROP.notebook.metadata.kernelspec.name == "python3"
    ids = [cell.id for cell in BACKPROP.notebook.cells]
    assert len(set(ids)) == len(ids)
    for cell in BACKPROP.notebook.cells:
        if "nbgrader" in cell.metadata:
            assert cell.metadata.nbgrader.schema_version == 3
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
