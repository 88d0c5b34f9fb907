"""The judge's side of the border: the student's functions, classes and objects as proxies.

What comes back is plain data or a proxy. Nothing of the student's runs in this process, and no
proxy answers `==` or does arithmetic for an object that only pretends to be a number.
"""

from __future__ import annotations

import builtins
import time
from collections.abc import Callable
from typing import Any

from labref.grading.border.channel import Channel
from labref.grading.border.reader import Reader
from labref.grading.border.values import BorderError, Json
from labref.grading.border.writer import Writer


class StudentError(Exception):
    """The student's code raised an exception. It also is of the exception's own built-in type."""

    student_traceback = ""


class Client:
    """Calls the student's functions.

    Parameters
    ----------
    channel
        To a Server.
    seconds
        How long the student's code may take for one call; what the judge's own functions take
        when the student's code calls them is not counted.
    """

    def __init__(self, channel: Channel, seconds: float) -> None:
        self.channel = channel
        self.seconds = seconds
        self.functions: list[Callable[..., Any]] = []
        self.known_classes: set[int] = set()

    def names(self) -> dict[str, str]:
        """Return the student's public names, and whether each is a function, class or object."""
        found = self._ask({"ask": "names"})
        if not isinstance(found, dict):
            raise BorderError("the names are no dictionary")
        return {str(name): str(kind) for name, kind in found.items()}

    def get(self, name: str) -> Any:
        """Return the value of one of the student's names."""
        value = self._ask({"ask": "name", "name": name})
        if isinstance(value, StudentClass):
            self.known_classes.add(value._number)
        return value

    def done(self) -> None:
        """Let the Server stop serving."""
        self.channel.send({"ask": "done"})

    def call(self, request: Json, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Send a request with arguments, give them what has changed in them, return the value."""
        writer = Writer(self._write_handle)
        request["arguments"] = writer.write(list(arguments))
        request["named"] = writer.write(named)
        return self._ask(request, writer.mutable)

    def _ask(self, request: Json, known: list[Any] | None = None) -> Any:
        self.channel.send(request)
        left = self.seconds
        while True:
            start = time.monotonic()
            reply = self.channel.receive(left)
            left -= time.monotonic() - start
            if not isinstance(reply, dict):
                raise BorderError("a reply that makes no sense")
            if "call" not in reply:
                break
            self.channel.send(self._serve(reply))
        if "error" in reply:
            _raise(reply["error"])
        reader = Reader(self._read_handle, known)
        try:
            for number, content in reply["changed"]:
                reader.update(number, content)
            return reader.read(reply["value"])
        except (KeyError, TypeError, ValueError):
            raise BorderError("a reply that makes no sense") from None

    def _serve(self, request: Json) -> Json:
        """Call a function of the judge's for the student's code."""
        reader = Reader(self._read_handle)
        try:
            function = self.functions[request["call"]]
            arguments, named = reader.read(request["arguments"]), reader.read(request["named"])
            value = function(*arguments, **named)
            writer = Writer(self._write_handle, reader.mutable)
            changed = [[n, writer.content(value)] for n, value in enumerate(reader.mutable)]
            return {"value": writer.write(value), "changed": changed}
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}", "changed": []}

    def _write_handle(self, value: Any) -> Json:
        if isinstance(value, _Proxy) and value._client is self:
            return {"yours": value._number}
        if callable(value) and not isinstance(value, type):
            self.functions.append(value)
            name = getattr(value, "__name__", type(value).__name__)
            return {"function": len(self.functions) - 1, "name": name}
        raise BorderError(f"a {type(value).__name__} cannot be given to the student's code")

    def _read_handle(self, json: Json) -> Any:
        if "yours" in json:
            return self.functions[json["yours"]]
        number, owner = json["object"], json["class"]
        if not isinstance(number, int) or not isinstance(owner, int | None):
            raise BorderError("an object without a number")
        if json["kind"] == "class":
            proxy: type[_Proxy] = StudentClass
        elif json["kind"] == "function":
            proxy = StudentFunction
        elif owner in self.known_classes:
            proxy = StudentNumber
        else:
            proxy = StudentObject
        return proxy(self, number, str(json["name"])[:200], str(json["type"])[:200])


class _Proxy:
    """Something of the student's, by its number."""

    _client: Client
    _number: int
    _type: str

    def __init__(self, client: Client, number: int, name: str, kind: str) -> None:
        vars(self).update(_client=client, _number=number, _type=kind, __name__=name)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._client.call({"ask": "call", "object": self._number}, arguments, named)

    def __repr__(self) -> str:
        return f"<{vars(self)['__name__'] or 'an object'} of type {self._type}, the student's>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._client._ask({"ask": "attribute", "object": self._number, "name": name})

    def __setattr__(self, name: str, value: Any) -> None:
        self._client.call({"ask": "set", "object": self._number, "name": name}, (value,), {})


class StudentFunction(_Proxy):
    """A function of the student's."""


class StudentClass(_Proxy):
    """A class of the student's: makes objects, and knows its own."""

    def __instancecheck__(self, instance: Any) -> bool:
        """Ask whether an object is of this class."""
        request = {"ask": "isinstance", "object": self._number}
        return isinstance(instance, _Proxy) and self._client.call(request, (instance,), {}) is True


class StudentObject(_Proxy):
    """An object of the student's: its attributes, methods and items, each asked for."""


class StudentNumber(StudentObject):
    """An object of a class that the test itself uses: operators are the student's, too."""


def _special(name: str) -> Callable[..., Any]:
    def method(self: StudentObject, *arguments: Any) -> Any:
        request = {"ask": "method", "object": self._number, "name": name}
        return self._client.call(request, arguments, {})

    return method


for _name in ("iter", "next", "len", "getitem", "setitem"):
    setattr(StudentObject, f"__{_name}__", _special(f"__{_name}__"))
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    for _full in (f"__{_name}__", f"__r{_name}__"):
        setattr(StudentNumber, _full, _special(_full))
for _name in ("neg", "pos", "abs", "lt", "le", "gt", "ge"):
    setattr(StudentNumber, f"__{_name}__", _special(f"__{_name}__"))


def _raise(json: Json) -> None:
    """Raise a StudentError that is also of the built-in type of the student's exception."""
    try:
        types, message = [str(name) for name in json["types"]], str(json["message"])
        text = str(json["traceback"])
    except (KeyError, TypeError):
        raise BorderError("an error that makes no sense") from None
    known = [getattr(builtins, name, None) for name in types]
    kinds = [k for k in known if isinstance(k, type) and issubclass(k, Exception)]
    for kind in (*kinds, Exception):
        bases = (StudentError,) if kind is Exception else (StudentError, kind)
        try:
            error = type(types[0] if types else "Exception", bases, {})(message)
        except TypeError:  # some built-in exceptions want more than a message
            continue
        error.student_traceback = text
        raise error from None
