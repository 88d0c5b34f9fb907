"""Exercise 1 through real nbgrader runs: what each kind of student gets for it."""

import inspect
import re
import textwrap

import nbformat
import pytest

from tests.exercises.assignment import BACKPROP, Answer
from tests.exercises.backprop_alternatives import ALTERNATIVES
from tests.exercises.backprop_mutants import MUTANTS, differences
from tools.course import fill_in, grades, make_course, release, submit

# nbgrader's dependencies warn about each other.
pytestmark = pytest.mark.filterwarnings("ignore")

ASSIGNMENT, NOTEBOOK = "01-backprop", "backprop"
PATH = f"{ASSIGNMENT}/{NOTEBOOK}.ipynb"
TESTS = [f"test_{problem}" for problem in BACKPROP.problems]
HEAD = "import logging, math, sys, warnings\nimport numpy as np\n"


def find(bank: list[Answer], problem: str, name: str) -> Answer:
    [answer] = [a for a in bank if (a.problem, a.value.__name__) == (problem, name)]
    return answer


def source(answer: Answer, *helpers) -> str:
    """Return an answer of a bank as a student would write it into one cell."""
    parts = [textwrap.dedent(inspect.getsource(thing)) for thing in (*helpers, answer.value)]
    parts = [part.split("\n", 1)[1] if part.startswith("@") else part for part in parts]
    return "\n".join([HEAD, *parts, f"{answer.problem} = {answer.value.__name__}"])


def right(problem: str, name: str, *helpers: str) -> dict[str, str]:
    found = [a.value for helper in helpers for a in ALTERNATIVES if a.value.__name__ == helper]
    assert len(found) == len(helpers)
    return {problem: source(find(ALTERNATIVES, problem, name), *found)}


LOOPS = (
    right("softmax", "softmax_by_loops")
    | right("cross_entropy", "cross_entropy_by_loops")
    | right("softmax_cross_entropy_grad", "delta_by_loops")
    | right("sigmoid", "sigmoid_by_masks")
    | right("dense_forward", "dense_by_loops")
    | right("dense_backward", "backward_by_loops")
    | right("two_layer_gradients", "two_layers_row_by_row")
    | right("Multiply", "MultiplyByLoops")
)
FLOAT32 = (
    right("softmax", "softmax_in_float32")
    | right("cross_entropy", "cross_entropy_in_float32")
    | right("softmax_cross_entropy_grad", "delta_in_float32")
    | right("sigmoid", "sigmoid_by_loops_in_float32")
    | right("sigmoid_grad", "slope_in_float32")
    | right("dense_forward", "dense_by_einsum")
    | right("dense_backward", "backward_in_float32")
    | right("two_layer_gradients", "two_layers_in_float32", "two_layers_transposed")
    | right("numerical_gradient", "gradient_returned_in_float32", "gradient_put_back")
    | right("Multiply", "MultiplyInFloat32", "MultiplyOneAxisAtATime")
)
# A warning and prints, on stdout and stderr, in nearly every test cell.
TALKATIVE = right("softmax", "softmax_that_talks") | {
    name: BACKPROP.sources[name].replace(
        "### BEGIN SOLUTION\n",
        "import warnings, sys\n    warnings.warn('careful')\n    print('oh', file=sys.stderr)\n",
    )
    for name in ("dense_forward", "numerical_gradient", "train", "sigmoid_grad")
}


def without(notebook: nbformat.NotebookNode, grade_id: str) -> nbformat.NotebookNode:
    notebook = nbformat.from_dict(notebook)
    notebook.cells = [
        cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") != grade_id
    ]
    return notebook


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("course"))
    release(course, [ASSIGNMENT])
    return course


@pytest.fixture(scope="module")
def released(course):
    folder = course.coursedir.format_path("exercises", ".", ASSIGNMENT)
    return nbformat.read(f"{folder}/{NOTEBOOK}.ipynb", as_version=4)


@pytest.fixture
def grade(course, released, request):
    def run(notebook: nbformat.NotebookNode) -> dict[str, dict]:
        student = re.sub(r"\W|_", "-", request.node.name)
        submit(course, student, PATH, notebook)
        result = course.autograde(ASSIGNMENT, student)
        assert result["success"], result
        return grades(course, ASSIGNMENT, NOTEBOOK, student)

    return run


def lost(rows: dict[str, dict]) -> set[str]:
    """Return the test cells that did not earn all their points; each earns all or nothing."""
    for name in TESTS:
        assert rows[name]["auto_score"] in (0, rows[name]["max_score"]), name
    return {name for name in TESTS if rows[name]["auto_score"] == 0}


def test_the_instructors_version_earns_full_marks(grade):
    rows = grade(BACKPROP.notebook)
    assert lost(rows) == set()
    assert sum(rows[name]["auto_score"] for name in TESTS) == 95
    assert rows["written"]["needs_manual_grade"]


def test_the_released_version_untouched_earns_nothing(grade, released):
    rows = grade(released)
    assert lost(rows) == set(TESTS)
    assert rows["written"]["auto_score"] == 0
    assert not rows["written"]["needs_manual_grade"]


@pytest.mark.parametrize("answers", [LOOPS, FLOAT32, TALKATIVE], ids=["loops", "float32", "talk"])
def test_other_right_answers_earn_full_marks(grade, answers):
    assert lost(grade(fill_in(BACKPROP.notebook, answers))) == set()


def test_wrong_answers_cost_their_own_points_only(grade, released):
    """Wrong in three problems that no other answer calls; one of them is not even Python."""
    answers = {name: BACKPROP.sources[name] for name in BACKPROP.problems}
    answers |= {
        "numerical_gradient": source(
            find(MUTANTS, "numerical_gradient", "one_sided_difference"), differences
        ),
        "Multiply": "class Multiply:\n    def forward(self, x y): pass",
        "digits_network": "def digits_network(x, labels, rng):\n    return train(x, labels)",
    }
    rows = grade(fill_in(released, answers))
    assert lost(rows) == {"test_numerical_gradient", "test_Multiply", "test_digits_network"}


def test_a_deleted_test_cell_is_put_back(grade):
    assert lost(grade(without(BACKPROP.notebook, "test_softmax"))) == set()


def test_extra_cells_and_helpers_cost_nothing(grade):
    notebook = nbformat.from_dict(BACKPROP.notebook)
    names = "a, x, p, labels, delta, W, b, f, rng, check, call, check_close, wrong, reference"
    helpers = f"{names} = range({len(names.split(', '))})\ndef one_hot(labels, k): pass"
    notebook.cells.insert(2, nbformat.v4.new_code_cell(helpers))
    assert lost(grade(notebook)) == set()
