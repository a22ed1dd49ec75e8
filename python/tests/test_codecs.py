"""Hints: their schema, what they take, what they refuse."""

from __future__ import annotations

import collections.abc
import enum
import sys
import typing
import unittest
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Annotated, Any, Dict, List, Literal, NamedTuple, NewType, Optional, Tuple, TypedDict, Union

from longhaul import File, InvalidInputError, Range
from longhaul.child.codec import UnsupportedHint
from longhaul.child.codecs import codec_of

STAGED = {"name": "cat.png", "path": "/w/inputs/0/cat.png", "uri": "s3://b/k", "size": 1, "sha256": "0" * 64}
FILE = {"type": "string", "format": "binary", "x-longhaul-file": {"media_type": "*/*"}}


class Mode(enum.Enum):
    FAST = "fast"
    SLOW = "slow"


@dataclass
class Crop:
    left: int
    top: int = 0


@dataclass
class Options:
    crop: Optional[Crop] = None
    tags: List[str] = field(default_factory=list)

    def __post_init__(self):
        if len(self.tags) > 2:
            raise ValueError("at most two tags")


class Point(NamedTuple):
    x: float
    y: float = 0.0


class Settings(TypedDict, total=False):
    depth: int


Pixels = NewType("Pixels", int)


class CodecsTest(unittest.TestCase):
    def takes(self, hint: Any, value: Any, loaded: Any) -> None:
        result = codec_of(hint).load(value, "/x")
        self.assertEqual(result, loaded)
        self.assertIs(type(result), type(loaded))

    def refuses(self, hint: Any, value: Any, message: str, pointer: str = "/x") -> None:
        with self.assertRaises(InvalidInputError) as caught:
            codec_of(hint).load(value, "/x")
        self.assertIn(message, caught.exception.message)
        self.assertEqual(caught.exception.pointer, pointer)

    def test_numbers_are_taken_exactly_and_never_from_text_or_truth(self):
        self.takes(int, 3, 3)
        self.takes(int, 3.0, 3)
        self.takes(float, 3, 3.0)
        self.takes(Pixels, 3, 3)
        self.takes(int, 2**60, 2**60)
        for value in ("3", True, None, 3.5, [3]):
            self.refuses(int, value, "must be a whole number")
        for value in ("3", False, None):
            self.refuses(float, value, "must be a number")

    def test_a_long_wrong_value_is_not_repeated_whole(self):
        with self.assertRaises(InvalidInputError) as caught:
            codec_of(int).load("9" * 10_000, "/x")
        self.assertLess(len(caught.exception.message), 200)

    def test_text_truth_and_null(self):
        self.takes(str, "", "")
        self.takes(bool, False, False)
        self.takes(None, None, None)
        self.refuses(str, 3, "must be text")
        self.refuses(bool, 0, "must be true or false")

    def test_times_are_text(self):
        self.takes(date, "2026-11-23", date(2026, 11, 23))
        self.takes(datetime, "2026-11-23T05:00:00Z", datetime(2026, 11, 23, 5, tzinfo=timezone.utc))
        self.refuses(date, "yesterday", "must be a date like")
        self.assertEqual(codec_of(datetime).schema, {"type": "string", "format": "date-time"})

    def test_a_file_is_a_path(self):
        self.takes(Path, STAGED, Path(STAGED["path"]))
        self.takes(Path, [STAGED], Path(STAGED["path"]))
        self.assertEqual(codec_of(Path).schema, FILE)
        self.refuses(Path, "/etc/passwd", "must be one file")
        self.refuses(Path, [STAGED, STAGED], "must be one file")

    def test_several_files_are_a_list_of_paths(self):
        for hint in (List[Path], list[Path], collections.abc.Sequence[Path], typing.Iterable[Path]):
            self.assertEqual(codec_of(hint).schema, {"type": "array", "items": FILE})
            self.takes(hint, [STAGED, STAGED], [Path(STAGED["path"])] * 2)
            self.takes(hint, STAGED, [Path(STAGED["path"])])

    def test_a_path_or_text_is_a_file(self):
        self.assertEqual(codec_of(Union[str, Path]).schema, FILE)
        self.assertEqual(codec_of(Optional[Path]).schema, {"anyOf": [FILE, {"type": "null"}]})
        self.assertEqual(codec_of(Optional[Path]).files, "one")

    def test_a_media_type_marks_a_file_and_each_of_a_list(self):
        png = {**FILE, "x-longhaul-file": {"media_type": "image/png"}}
        self.assertEqual(codec_of(Annotated[Path, File("image/png")]).schema, png)
        self.assertEqual(codec_of(Annotated[List[Path], File("image/png")]).schema["items"], png)
        self.assertEqual(codec_of(Annotated[Optional[Path], File("image/png")]).schema["anyOf"][0], png)

    def test_files_lie_no_deeper_than_a_list(self):
        for hint in (List[List[Path]], Dict[str, Path], Tuple[Path, int], Union[Path, int], typing.Set[Path]):
            with self.assertRaises(UnsupportedHint, msg=str(hint)):
                codec_of(hint)

    def test_optional_takes_null(self):
        self.takes(Optional[int], None, None)
        self.takes(Optional[int], 3, 3)
        self.refuses(Optional[int], "3", "must be a whole number")
        self.assertEqual(codec_of(Optional[int]).schema, {"anyOf": [{"type": "integer"}, {"type": "null"}]})

    def test_a_union_takes_the_first_that_fits(self):
        self.takes(Union[int, str], "3", "3")
        self.takes(Union[int, str], 3, 3)
        self.takes(Union[Crop, List[int], None], {"left": 1}, Crop(1))
        self.refuses(Union[int, str], [], "must be a whole number or must be text")

    @unittest.skipIf(sys.version_info < (3, 10), "X | Y is a type from Python 3.10 on")
    def test_a_union_may_be_written_with_a_bar(self):
        self.takes(eval("int | None"), None, None)

    def test_a_choice_says_what_it_may_be(self):
        self.assertEqual(codec_of(Literal["a", "b"]).schema, {"type": "string", "enum": ["a", "b"]})
        self.takes(Literal[1, "a"], 1, 1)
        self.refuses(Literal["a", "b"], "c", "must be one of 'a', 'b'")
        self.refuses(Literal[1, 2], True, "must be one of 1, 2")
        self.refuses(Literal["a"], [], "must be one of 'a'")

    def test_an_enum_is_chosen_by_value(self):
        self.assertEqual(codec_of(Mode).schema, {"type": "string", "enum": ["fast", "slow"]})
        self.takes(Mode, "fast", Mode.FAST)
        self.refuses(Mode, "FAST", "must be one of 'fast', 'slow'")

    def test_bounds_hold_at_both_ends(self):
        hint = Annotated[float, Range(0, 1)]
        self.assertEqual(codec_of(hint).schema, {"type": "number", "minimum": 0, "maximum": 1})
        self.takes(hint, 0, 0.0)
        self.takes(hint, 1, 1.0)
        self.refuses(hint, 1.01, "must be at most 1, got 1.01")
        self.refuses(Annotated[int, Range(min=2)], 1, "must be at least 2")
        self.refuses(Annotated[Optional[int], Range(2)], 1, "must be at least 2")
        with self.assertRaises(UnsupportedHint):
            codec_of(Annotated[str, Range(0, 1)])

    def test_bounds_of_other_libraries_are_understood(self):
        class Gt:
            gt = 0

        self.assertEqual(codec_of(Annotated[float, Gt()]).schema, {"type": "number", "exclusiveMinimum": 0})
        self.refuses(Annotated[float, Gt()], 0, "must be more than 0")

    def test_a_text_beside_a_type_describes_it(self):
        self.assertEqual(codec_of(Annotated[int, "pixels"]).schema, {"type": "integer", "description": "pixels"})

    def test_a_dataclass_is_an_object_with_its_defaults(self):
        schema = codec_of(Crop).schema
        self.assertEqual(schema["properties"], {"left": {"type": "integer"}, "top": {"type": "integer", "default": 0}})
        self.assertEqual(schema["required"], ["left"])
        self.assertIs(schema["additionalProperties"], False)
        self.takes(Crop, {"left": 2}, Crop(2))
        self.takes(Options, {"crop": {"left": 1, "top": 2}}, Options(Crop(1, 2)))

    def test_every_fault_of_an_object_is_pointed_at(self):
        with self.assertRaises(InvalidInputError) as caught:
            codec_of(Options).load({"crop": {"top": "x"}, "extra/~": 1}, "/options")
        error = caught.exception
        pointers = [one.pointer for one in (error, *error.others)]
        self.assertEqual(sorted(pointers), ["/options/crop/left", "/options/crop/top", "/options/extra~1~0"])

    def test_what_a_class_checks_itself_is_invalid_input(self):
        self.refuses(Options, {"tags": ["a", "b", "c"]}, "at most two tags")

    def test_named_tuples_and_typed_dicts(self):
        self.takes(Point, {"x": 1}, Point(1.0))
        self.takes(Settings, {}, {})
        self.takes(Settings, {"depth": 1}, {"depth": 1})
        self.refuses(Settings, {"depth": "1"}, "must be a whole number", "/x/depth")

    def test_containers(self):
        self.takes(List[int], [1, 2], [1, 2])
        self.takes(Tuple[int, ...], [1, 2], (1, 2))
        self.takes(Tuple[int, str], [1, "a"], (1, "a"))
        self.takes(typing.Set[int], [1, 1], {1})
        self.takes(Dict[str, float], {"a": 1}, {"a": 1.0})
        self.takes(Dict[int, str], {"1": "a"}, {1: "a"})
        self.takes(list, [1, "a"], [1, "a"])
        self.takes(dict, {"a": [1]}, {"a": [1]})
        self.refuses(List[int], [1, "2"], "must be a whole number", "/x/1")
        self.refuses(Tuple[int, str], [1], "must be a list of 2")
        self.refuses(Dict[str, int], {"a/b": "x"}, "must be a whole number", "/x/a~1b")
        self.assertEqual(codec_of(Tuple[int, str]).schema["prefixItems"], [{"type": "integer"}, {"type": "string"}])

    def test_anything_takes_anything(self):
        self.assertEqual(codec_of(Any).schema, {})
        self.takes(Any, {"a": [None]}, {"a": [None]})

    def test_a_type_that_cannot_come_in_a_request_says_what_to_use(self):
        class Image: ...

        for hint in (Image, bytes, complex, typing.Callable[[int], int]):
            with self.assertRaises(UnsupportedHint) as caught:
                codec_of(hint)
            self.assertIn("use Path for a file", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
