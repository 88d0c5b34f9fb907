"""Ten made-up students of exercise 1: what each hands in, and what it must earn."""

from dataclasses import dataclass, field
from typing import Any

import nbformat
from course import fill_in

PROBLEMS = (
    "softmax",
    "cross_entropy",
    "softmax_cross_entropy_grad",
    "sigmoid",
    "sigmoid_grad",
    "dense_forward",
    "dense_backward",
    "two_layer_gradients",
    "numerical_gradient",
    "Multiply",
    "train",
    "digits_network",
)


@dataclass(frozen=True)
class Student:
    """Somebody who answered like the instructor, but for ``answers``, problems -> source."""

    name: str
    did: str
    answers: dict[str, str] = field(default_factory=dict)
    answered: tuple[str, ...] = PROBLEMS
    lost: tuple[str, ...] = ()
    writes: bool = True
    graded: bool = True

    @property
    def earned(self) -> set[str]:
        """The problems whose points the tests must give."""
        return set(self.answered) - set(self.lost) if self.graded else set()

    def notebook(self, released: Any, instructor: Any) -> nbformat.NotebookNode:
        """Return what the student hands in."""
        answers = {
            cell.metadata.nbgrader.grade_id: cell.source
            for cell in instructor.cells
            if cell.metadata.get("nbgrader", {}).get("grade_id") in self.answered
        }
        if self.writes:
            answers["written"] = "The delta of the first layer needs W2 as it was."
        return fill_in(released, answers | self.answers)


OTHERWISE = {
    "softmax": """\
import math, sys

def softmax(a):
    print("a student who prints, to stderr too", file=sys.stderr)
    rows = []
    for row in a:
        exponentials = [math.exp(value - max(row)) for value in row]
        rows.append([value / sum(exponentials) for value in exponentials])
    return np.array(rows)""",
    "sigmoid": "def sigmoid(a):\n    return 0.5 * (1 + np.tanh(a / 2))",
    "dense_forward": """\
def dense_forward(x, W, b):
    return np.einsum("ni,oi->no", x, W) + b""",
    "dense_backward": """\
def dense_backward(delta, x, W):
    dW = sum(np.outer(d, row) for d, row in zip(delta, x))
    return np.dot(delta, W).astype(np.float32), dW, np.ones(len(x)) @ delta""",
}
OVERFLOWS = """\
def softmax(a):
    return np.exp(a) / np.exp(a).sum(axis=1, keepdims=True)"""
ONE_SIDED = """\
def numerical_gradient(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        gradient[index] = (f(x + step) - f(x)) / h
    return gradient"""
NOT_SUMMED = """\
class Multiply:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, grad):
        return grad * self.y, grad * self.x"""

ENDS_THE_KERNEL = """\
def numerical_gradient(f, x, h=1e-5):
    import os
    os._exit(1)"""
LOOPS = """\
def numerical_gradient(f, x, h=1e-5):
    while True:
        pass"""

STUDENTS = [
    Student("ada", "right, like the instructor"),
    Student("ben", "right, written otherwise, noisy", OTHERWISE),
    Student("cem", "softmax overflows", {"softmax": OVERFLOWS}, lost=("softmax",)),
    Student(
        "dora",
        "two misconceptions",
        {"numerical_gradient": ONE_SIDED, "Multiply": NOT_SUMMED},
        lost=("numerical_gradient", "Multiply"),
    ),
    Student("eli", "stopped after problem 7", answered=PROBLEMS[:7]),
    Student(
        "fay",
        "everything wrong",
        {name: f"def {name}(*arguments):\n    return np.zeros((2, 3))" for name in PROBLEMS},
        lost=PROBLEMS,
    ),
    Student("gus", "nothing, handed in as released", answered=(), writes=False),
    Student(
        "hana",
        "a syntax error in train",
        {"train": "def train(x, labels, n_hidden, lr, epochs, rng)\n    return None"},
        lost=("train", "digits_network"),
    ),
    Student(
        "ivan",
        "ends the kernel by os._exit",
        {"numerical_gradient": ENDS_THE_KERNEL},
        graded=False,
    ),
    Student(
        "june",
        "loops forever in one answer",
        {"numerical_gradient": LOOPS},
        lost=("numerical_gradient",),
    ),
]
