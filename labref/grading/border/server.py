"""The student's side of the border: answers what the judge asks about the student's names.

Runs in the student's process. Nothing here is trusted, and nothing here knows an answer.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from typing import Any

from labref.grading.border.channel import Channel
from labref.grading.border.reader import Reader
from labref.grading.border.values import BorderError, Json
from labref.grading.border.writer import Writer

MAX_TRACEBACK = 20_000  # characters


class Server:
    """Answers requests about the names in a namespace.

    A request is ``{"ask": what, ...}``, its reply ``{"value": ...}`` or ``{"error": ...}``, with
    ``"changed"``: what mutable arguments hold now, if something else than before.
    """

    def __init__(self, channel: Channel, namespace: Mapping[str, Any]) -> None:
        self.channel = channel
        self.namespace = namespace
        self.objects: list[Any] = []

    def serve(self) -> None:
        """Answer until the judge says that it is done."""
        while (request := self.channel.receive()) != {"ask": "done"}:
            self._reply(request)

    def _reply(self, request: Json) -> None:
        try:
            self.channel.send(self._answer(request))
        except BorderError as error:  # too long
            self.channel.send({"error": _describe(error), "changed": []})

    def _answer(self, request: Json) -> Json:
        reader = Reader(self._read_handle)
        try:
            function, arguments, named = self._what(request, reader)
            before = [Writer(self._write_handle).content(value) for value in reader.mutable]
            given = list(reader.mutable)
            try:
                reply = {"value": function(*arguments, **named)}
            except (Exception, SystemExit) as error:
                reply = {"error": _describe(error)}
            writer = Writer(self._write_handle, known=given)
            changed = [
                [number, writer.content(value)]
                for number, value in enumerate(given)
                if Writer(self._write_handle).content(value) != before[number]
            ]
            if "value" in reply:
                reply["value"] = writer.write(reply["value"])
            return reply | {"changed": changed}
        except BorderError as error:
            return {"error": _describe(error), "changed": []}

    def _what(self, request: Json, reader: Reader) -> tuple[Callable[..., Any], list[Any], Any]:
        """Return the function that a request asks to call, and its arguments."""
        ask = request["ask"]
        if ask == "names":
            return self._names, [], {}
        if ask == "name":
            return self._name, [request["name"]], {}
        owner = self.objects[request["object"]]
        if ask == "attribute":
            return getattr, [owner, request["name"]], {}
        arguments, named = reader.read(request["arguments"]), reader.read(request["named"])
        if ask == "call":
            return owner, arguments, named
        if ask == "method":
            return self._special, [owner, request["name"], *arguments], named
        if ask == "set":
            return setattr, [owner, request["name"], *arguments], {}
        if ask == "isinstance":
            return isinstance, [*arguments, owner], {}
        raise BorderError(f"no request: {ask!r}")

    def _name(self, name: str) -> Any:
        if name not in self.namespace:
            raise NameError(f"name {name!r} is not defined")
        return self.namespace[name]

    def _special(self, owner: Any, name: str, *arguments: Any) -> Any:
        """Call a special method as an operator does: of the class, TypeError if there is none."""
        method = getattr(type(owner), name, None)
        if method is None:
            raise TypeError(f"{type(owner).__name__!r} object has no {name}")
        return method(owner, *arguments)

    def _names(self) -> dict[str, str]:
        return {name: _kind(value) for name, value in self.namespace.items() if name[0] != "_"}

    def _write_handle(self, value: Any) -> Json:
        if isinstance(value, _Callback):
            return {"yours": value.number}
        numbers = {id(known): number for number, known in enumerate(self.objects)}
        number = numbers.get(id(value), len(self.objects))
        if number == len(self.objects):
            self.objects.append(value)
        name = str(getattr(value, "__name__", ""))[:200]
        owner = next((n for n, known in enumerate(self.objects) if known is type(value)), None)
        return {
            "object": number,
            "kind": _kind(value),
            "name": name,
            "type": type(value).__name__,
            "class": owner,
        }

    def _read_handle(self, json: Json) -> Any:
        if "yours" in json:
            return self.objects[json["yours"]]
        return _Callback(self, json["function"], json["name"])

    def call_back(self, number: int, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Ask the judge to call one of its functions, and return what it returns."""
        writer = Writer(self._write_handle)
        self.channel.send(
            {
                "call": number,
                "arguments": writer.write(list(arguments)),
                "named": writer.write(named),
            }
        )
        while "ask" in (reply := self.channel.receive()):
            self._reply(reply)
        reader = Reader(self._read_handle, known=writer.mutable)
        for changed, content in reply["changed"]:
            reader.update(changed, content)
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return reader.read(reply["value"])


class _Callback:
    """A function of the judge's, as the student's code sees it."""

    def __init__(self, server: Server, number: int, name: str) -> None:
        self.server = server
        self.number = number
        self.__name__ = self.__qualname__ = name

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.server.call_back(self.number, arguments, named)

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"


def _kind(value: Any) -> str:
    if isinstance(value, type):
        return "class"
    return "function" if callable(value) and hasattr(value, "__name__") else "object"


def _describe(error: BaseException) -> Json:
    text = "".join(traceback.format_exception(error))
    return {
        "types": [kind.__name__ for kind in type(error).__mro__],
        "message": str(error)[:MAX_TRACEBACK],
        "traceback": text[-MAX_TRACEBACK:],
    }
