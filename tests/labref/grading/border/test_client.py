"""The judge calls the student's functions, classes and objects; the student calls the judge's."""

import socket
import threading

import numpy as np
import pytest

from labref.grading.border.channel import Channel
from labref.grading.border.client import Client, StudentClass, StudentError, StudentFunction
from labref.grading.border.server import Server
from labref.grading.border.values import BorderError

STUDENT = """
import numpy as np

size = 3
def double(x): return 2 * x
def change(x, where=0): x[where] = 7; return x
def pair(x): return x, x
def fail(): raise ValueError("not today")
def missing(): return {}["key"]
def leave(): raise SystemExit(3)
def nothing(): pass
def slope(f, x, h=1e-6): return (f(x + h) - f(x - h)) / (2 * h)
def apply_in_place(f, x): f(x); return x.sum()
def make_adder(n): return lambda x: x + n
def count(n):
    for i in range(n): yield i
def draw(rng): return rng.standard_normal(3)
def strange(): return object()
def endless():
    while True: pass

class Multiply:
    def __init__(self): self.calls = 0
    def forward(self, x, y): self.calls += 1; self.x, self.y = x, y; return x * y
    def backward(self, grad): return grad * self.y, grad * self.x

class Value:
    def __init__(self, data): self.data = data
    def __add__(self, other): return Value(self.data + other.data)
    def __neg__(self): return Value(-self.data)

class Liar:
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    def __abs__(self): return 0.0
    def __lt__(self, other): return True
    def __float__(self): return 1.0
    def __array__(self, dtype=None, copy=None): return np.ones(3)
    def __bool__(self): return True
def lie(): return Liar()
"""


@pytest.fixture
def student():
    """A client whose server runs the student's code in a thread."""
    here, there = socket.socketpair()
    namespace: dict = {}
    exec(STUDENT, namespace)
    server = Server(Channel(there, 10**7), namespace)
    thread = threading.Thread(target=server.serve)
    thread.start()
    client = Client(Channel(here, 10**7), seconds=10)
    client.namespace = namespace
    yield client
    client.done()
    thread.join(10)
    assert not thread.is_alive()
    here.close()
    there.close()


def test_names_say_what_there_is(student):
    names = student.names()
    assert names["double"] == "function"
    assert names["Multiply"] == "class"
    assert names["size"] == "object"
    assert "__builtins__" not in names
    assert student.get("size") == 3


def test_a_function_is_called_with_arguments_and_returns_plain_data(student):
    double = student.get("double")
    assert isinstance(double, StudentFunction)
    assert double.__name__ == "double"
    assert double(4) == 8
    assert double(x="ab") == "abab"
    x = np.arange(3.0, dtype=np.float32)
    assert double(x).tolist() == [0, 2, 4]
    assert double(x).dtype == np.float32
    assert student.get("nothing")() is None


def test_a_change_of_an_argument_is_seen(student):
    x = np.zeros(3)
    y = student.get("change")(x, where=1)
    assert x.tolist() == [0, 7, 0]
    assert y is x
    numbers = [1, 2]
    student.get("change")(numbers)
    assert numbers == [7, 2]


def test_what_is_one_value_stays_one(student):
    x = np.zeros(2)
    first, second = student.get("pair")(x)
    assert first is x
    assert second is x


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [("fail", ValueError, "not today"), ("missing", KeyError, "key"), ("leave", StudentError, "3")],
)
def test_an_exception_is_of_its_built_in_type(student, name, kind, message):
    with pytest.raises(kind, match=message) as caught:
        student.get(name)()
    assert isinstance(caught.value, StudentError)
    assert f"in {name}" in caught.value.student_traceback


def test_a_function_of_the_judge_is_called_by_the_student(student):
    calls = []

    def f(x):
        calls.append(x)
        return x**2

    assert student.get("slope")(f, 3.0) == pytest.approx(6, abs=1e-6)
    assert len(calls) == 2
    assert student.get("slope")(np.sin, 0.0) == pytest.approx(1, abs=1e-6)

    def clear(x):
        x[...] = 0

    assert student.get("apply_in_place")(clear, np.ones(3)) == 0


def test_a_function_of_the_judge_may_call_the_student(student):
    double = student.get("double")
    assert student.get("slope")(lambda x: double(x) * x, 3.0) == pytest.approx(12, abs=1e-5)


def test_a_failure_of_the_judges_function_reaches_the_student(student):
    def f(x):
        raise ValueError("cannot")

    with pytest.raises(StudentError, match="ValueError: cannot"):
        student.get("slope")(f, 3.0)


def test_functions_that_functions_return_work(student):
    assert student.get("make_adder")(2)(5) == 7
    assert list(student.get("count")(3)) == [0, 1, 2]


def test_a_generator_of_random_numbers_advances(student):
    rng, other = np.random.default_rng(0), np.random.default_rng(0)
    assert student.get("draw")(rng).tolist() == other.standard_normal(3).tolist()
    assert rng.random() == other.random()


def test_a_class_has_objects_with_state(student):
    Multiply = student.get("Multiply")
    assert isinstance(Multiply, StudentClass)
    node, other = Multiply(), Multiply()
    assert node.forward(2.0, 3.0) == 6.0
    assert node.backward(10.0) == (30.0, 20.0)
    assert (node.calls, other.calls) == (1, 0)
    node.calls = 5
    assert node.calls == 5
    assert isinstance(node, Multiply)
    assert not isinstance(3, Multiply)
    with pytest.raises(AttributeError):
        _ = node.nothing_of_the_kind


def test_operators_work_for_a_class_that_the_test_uses(student):
    Value = student.get("Value")
    assert (Value(2) + Value(3)).data == 5
    assert (-Value(2)).data == -2


def test_an_object_that_only_pretends_to_be_right_is_not(student):
    answer = student.get("lie")()
    assert answer != 3
    with pytest.raises(TypeError):
        abs(answer - 3)
    with pytest.raises(TypeError):
        answer < 3  # noqa: B015
    with pytest.raises((TypeError, ValueError)):
        np.testing.assert_allclose(answer, np.ones(3))


def test_what_cannot_cross_is_said(student):
    with pytest.raises(BorderError, match="object cannot be given to the student's code"):
        student.get("double")(object())
    with pytest.raises(NameError, match="absent"):
        student.get("absent")


def test_an_answer_that_is_too_long_is_refused(student):
    with pytest.raises(StudentError, match="more than the 10,000,000 allowed"):
        student.get("double")("x" * 6_000_000)
    assert student.get("double")(1) == 2


def test_a_call_has_a_time_limit():
    here, there = socket.socketpair()
    with here, there:
        client = Client(Channel(here, 10**6), seconds=0.2)
        with pytest.raises(TimeoutError, match="no answer in time"):
            client.names()


def test_a_student_who_is_gone_is_noticed():
    here, there = socket.socketpair()
    there.close()
    with here, pytest.raises((EOFError, OSError)):
        Client(Channel(here, 10**6), seconds=1).names()


@pytest.mark.parametrize(
    "reply",
    [
        [],
        {},
        {"value": 1},
        {"value": {"pickle": ""}, "changed": []},
        {"value": 1, "changed": [[0, [1]]]},
        {"value": 1, "changed": 5},
        {"error": "boo"},
        {"error": {"types": 5, "message": "", "traceback": ""}},
        {
            "value": {"object": "0", "kind": "object", "name": "", "type": "", "class": None},
            "changed": [],
        },
        {"value": {"yours": 3}, "changed": []},
    ],
    ids=str,
)
def test_replies_that_make_no_sense_are_refused(reply):
    here, there = socket.socketpair()
    with here, there:
        Channel(there, 10**6).send(reply)
        with pytest.raises(BorderError):
            Client(Channel(here, 10**6), seconds=1).get("f")


@pytest.mark.parametrize(
    "data", [b"\xff" * 8, b"\0" * 7 + b"\3" + b"{]}", b"\0" * 7 + b"\2" + b"\xff\xff"]
)
def test_bytes_that_make_no_sense_are_refused(data):
    here, there = socket.socketpair()
    with here, there:
        there.sendall(data)
        with pytest.raises(BorderError):
            Client(Channel(here, 10**6), seconds=1)._ask({"ask": "names"})
