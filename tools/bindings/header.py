# SPDX-License-Identifier: BSD-2-Clause
"""Reads a public header into a model: constants, enumerations and structures, with their comments.

Why a parser of one's own: the header keeps to a small grammar, so a few lines read it with nothing
but Python's standard library, and clang's AST or DWARF would be one more thing to install. Two
things make it safe. What it does not know is refused with file and line. And the offsets that it
computes must equal those that the header asserts, which the C compiler judges in every build.
"""
import re
from dataclasses import dataclass

from model import Comment, Constant, Enumeration, Enumerator, Field, Header, Structure

# Bytes of each type that a field may have.
SCALARS = {
    "uint8_t": 1, "uint16_t": 2, "uint32_t": 4, "uint64_t": 8,
    "int8_t": 1, "int16_t": 2, "int32_t": 4, "int64_t": 8, "char": 1,
}  # fmt: skip

# What of the header is C's alone, or has a counterpart in the templates beside this file. A macro or
# a function that is not named here is refused, so that no language silently lacks it.
CONDITIONALS = (
    "#ifndef BATON_BOOT_INFO_H", "#ifndef BATON_HANDOFF_H", "#ifdef __GNUC__", "#ifdef __cplusplus",
    "#if defined(__cplusplus) && defined(__GNUC__)", "#ifndef __clang__", "#else", "#endif",
)  # fmt: skip
C_MACROS = (
    "BATON_BOOT_INFO_H", "BATON_PASTE_", "BATON_PASTE", "BATON_NOTE_ATTRIBUTES", "BATON_MARK_REQUESTS",
    "BATON_STATIC_ASSERT", "BATON_ASSERT_OFFSET", "BATON_HANDOFF_H", "BATON_HANDOFF_ASSERT",
)  # fmt: skip
MIRRORED_MACROS = ("BATON_REQUEST", "BATON_REQUEST_MODULE_FILE")
MIRRORED_FUNCTIONS = (
    "baton_boot_info_is_valid", "baton_array_entry", "baton_physical_to_pointer",
    "baton_acknowledge", "baton_start_processor", "baton_write_word",
)  # fmt: skip

TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/)
      | (?P<directive>^[ \t]*\#(?:/\*.*?\*/|\\\n|[^\n])*)
      | (?P<word>[A-Za-z_]\w*|\d\w*)
      | (?P<string>"[^"\n]*")
      | (?P<mark>[{}()\[\];,=<>!&|?:+*/.-])""",
    re.S | re.M | re.X,
)


class HeaderError(Exception):
    """What the header holds that can't be carried over; its text begins with file and line."""


@dataclass
class Token:
    kind: str
    text: str
    first_line: int
    last_line: int


def clean_comment(text):
    lines = [line.rstrip("\\ \t") for line in text[2:-2].split("\n")]
    starred = all(line.lstrip().startswith("*") for line in lines[1:-1] + lines[-1:] if line.strip())
    rest = lines[1:]
    if starred:
        rest = [re.sub(r"^\s*\* ?", "", line) for line in rest]
    else:
        rest = [line.strip() for line in rest]
    lines = [lines[0].strip()] + rest
    while lines and not lines[-1].strip():
        lines.pop()
    return Comment(lines)


class Parser:
    def __init__(self, text, path):
        self.path = path
        self.tokens = list(self.tokenise(text))
        self.at = 0
        self.pending = []  # comments above the declaration to come
        self.asserted_sizes = {}
        self.asserted_offsets = {}
        self.header = Header(Comment([]), [])
        self.names = set()

    def refuse(self, line, words):
        raise HeaderError(f"{self.path}:{line}: {words}")

    def tokenise(self, text):
        at, line = 0, 1
        while at < len(text):
            if text[at].isspace() and not TOKEN.match(text, at):
                line += text[at] == "\n"
                at += 1
                continue
            found = TOKEN.match(text, at)
            if not found or text.startswith("//", at):
                self.refuse(line, f"unexpected {text[at:at + 20].splitlines()[0]!r}")
            last = line + found.group().count("\n")
            yield Token(found.lastgroup, found.group().strip(), line, last)
            at, line = found.end(), last

    # Tokens one by one. A comment is only looked at where one belongs.

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else Token("end", "", 0, 0)

    def next(self):
        token = self.peek()
        if token.kind == "end":
            self.refuse(self.tokens[-1].last_line, "the header ends in the middle of a declaration")
        self.at += 1
        return token

    def expect(self, pattern, what):
        token = self.next()
        if not re.fullmatch(pattern, token.text):
            self.refuse(token.first_line, f"expected {what}, not {token.text!r}")
        return token

    def trailing_comment(self, line):
        """The comment that begins on the line where a declaration ended."""
        token = self.peek()
        if token.kind == "comment" and token.first_line == line:
            self.at += 1
            return clean_comment(token.text).paragraph()
        return ""

    def leading_comments(self):
        taken, self.pending = self.pending, []
        return taken

    def integer(self, text, line):
        try:
            return int(text, 0)
        except ValueError:
            self.refuse(line, f"{text!r} is not a number")

    def declare(self, name, line):
        if name in self.names:
            self.refuse(line, f"{name} is there twice")
        self.names.add(name)

    # The grammar.

    def parse(self):
        first = self.next()
        if first.kind != "comment":
            self.refuse(first.first_line, "the header should begin with a comment")
        self.header.opening = clean_comment(first.text)
        if not re.fullmatch(r"SPDX-License-Identifier: .*\n", "\n".join(self.header.opening.lines[:2])):
            self.refuse(first.first_line, "the first comment should begin with the licence")
        while self.peek().kind != "end":
            token = self.next()
            if token.kind == "comment":
                self.pending.append(clean_comment(token.text))
            elif token.kind == "directive":
                self.directive(token)
            elif token.text == "enum":
                self.enumeration()
            elif token.text == "typedef":
                self.structure()
            elif token.text == "static":
                self.function(token)
            elif token.text in ("BATON_STATIC_ASSERT", "BATON_ASSERT_OFFSET", "BATON_HANDOFF_ASSERT"):
                self.assertion(token)
            else:
                self.refuse(token.first_line, f"unknown construct {token.text!r}")
        self.check_layout()
        self.check_comments()
        return self.header

    def directive(self, token):
        text = re.sub(r"\s*\\\n\s*", " ", re.sub(r"/\*.*?\*/", "", token.text, flags=re.S)).strip()
        define = re.fullmatch(r"#define (\w+)(\([^)]*\))?\s*(.*)", text)
        if not define:
            if text not in CONDITIONALS and not re.match(r"#(include <std\w+\.h>|pragma GCC )", text):
                self.refuse(token.first_line, f"unknown directive {text!r}")
            return
        name, parameters, value = define.groups()
        if name in C_MACROS or (parameters and name in MIRRORED_MACROS):
            self.leading_comments()
            return
        if parameters:
            self.refuse(token.first_line, f"the macro {name} has no counterpart in the templates")
        comments = re.findall(r"/\*.*?\*/", token.text, re.S)
        comment = " ".join(clean_comment(each).paragraph() for each in comments)
        comment = comment or self.trailing_comment(token.last_line)
        self.constant(token.first_line, name, value, comment)

    def constant(self, line, name, value, comment):
        self.declare(name, line)
        before = self.leading_comments()
        if text := re.fullmatch(r'"([^"\\]*)"', value):
            self.header.items.append(Constant(name, text[1], 0, before, comment))
            return
        number = re.fullmatch(r"UINT(32|64)_C\((\w+)\)|(\d+|0x[0-9a-f]+)u", value)
        if not number:
            self.refuse(line, f"{name} is {value!r}: not 1u, UINT32_C(1), UINT64_C(1) or a string")
        bits = int(number[1] or 32)
        result = self.integer(number[2] or number[3], line)
        if result >= 1 << bits:
            self.refuse(line, f"{name} does not fit {bits} bits")
        self.header.items.append(Constant(name, result, bits, before, comment))

    def enumeration(self):
        name = self.expect(r"Baton\w+", "the enumeration's name")
        self.declare(name.text, name.first_line)
        result = Enumeration(name.text, self.leading_comments(), [])
        self.expect("{", "'{'")
        end = ","
        while end == ",":
            member = self.expect(r"BATON_\w+", "an enumerator")
            self.declare(member.text, member.first_line)
            self.expect("=", f"'=': {member.text} must say its value")
            number = self.expect(r"\d\w*", "a number")
            last = self.next()
            end = last.text if last.kind == "mark" else ""
            if last.kind == "comment":  # of the last one, in front of the closing brace
                self.at -= 1
            elif end not in (",", "}"):
                self.refuse(last.first_line, f"expected ',' or '}}', not {last.text!r}")
            value = self.integer(number.text, number.first_line)
            comment = "" if end == "}" else self.trailing_comment(last.first_line)
            result.members.append(Enumerator(member.text, value, comment))
        if end != "}":
            self.expect("}", "'}'")
        self.expect(";", "';'")
        self.header.items.append(result)
        self.header.enumerations[result.name] = result

    def structure(self):
        self.expect("struct", "'struct' after 'typedef'")
        packed = None
        if self.peek().text == "__attribute__":
            start = self.next().first_line
            words = "".join(self.next().text for _ in range(8))
            found = re.fullmatch(r"\(\(packed,aligned\((\d+)\)", words)
            if not found:
                self.refuse(start, f"unknown attribute {words!r}")
            packed = int(found[1])
            self.expect(r"\)", "')'")
            self.expect(r"\)", "')'")
        name = self.expect(r"Baton\w+", "the structure's name")
        self.declare(name.text, name.first_line)
        result = Structure(name.text, self.leading_comments(), [], packed, name.first_line)
        self.expect("{", "'{'")
        while self.peek().text != "}":
            if self.peek().kind == "comment":
                self.pending.append(clean_comment(self.next().text))
            else:
                self.fields(result)
        self.expect("}", "'}'")
        self.expect(name.text, f"{name.text}, as after 'struct'")
        self.expect(";", "';'")
        self.lay_out(result)
        self.header.items.append(result)
        self.header.structures[result.name] = result

    def fields(self, structure):
        """One declaration, of one or more fields."""
        type_ = self.next()
        if type_.text not in SCALARS and type_.text not in self.header.structures:
            self.refuse(type_.first_line, f"a field can't be of type {type_.text!r}")
        declared, end = [], ","
        while end == ",":
            name = self.expect(r"[a-z]\w*", "a field's name")
            count = None
            end = self.expect(r"[\[,;]", "'[', ',' or ';'")
            if end.text == "[":
                number = self.expect(r"\d+|BATON_\w+", "the number of elements")
                named = {item.name: item.value for item in self.header.items
                         if isinstance(item, Constant)}
                count = named.get(number.text) or self.integer(number.text, number.first_line)
                self.expect(r"\]", "']'")
                end = self.expect("[,;]", "',' or ';'")
            before = self.leading_comments()
            declared.append(Field(name.text, type_.text, count, before, "", name.first_line))
            end, line = end.text, end.first_line
        comment = self.trailing_comment(line)
        for one in declared:
            one.comment = comment
        structure.fields += declared

    def function(self, token):
        """A helper in C: skipped, but only if the other languages have it too."""
        self.leading_comments()
        self.expect("inline", "'inline' after 'static'")
        words = []
        while self.peek().text != "{":
            words.append(self.next().text)
        name = words[words.index("(") - 1] if "(" in words else "?"
        depth, body = 0, []
        while not body or depth:
            text = self.next().text
            depth += (text == "{") - (text == "}")
            body.append(text)
        if name not in MIRRORED_FUNCTIONS and "baton_array_entry" not in body:
            self.refuse(token.first_line, f"the function {name} has no counterpart in the templates")

    def assertion(self, token):
        words = []
        while not words or words[-1] != ";":
            words.append(self.next().text)
        text = "".join(words)
        if size := re.fullmatch(r"\(sizeof\((\w+)\)==(\d+)\);", text):
            self.asserted_sizes[size[1]] = int(size[2])
        elif offset := re.fullmatch(r"\((?:offsetof\()?(\w+),(\w+)(?:,|\)==)(\d+)\);", text):
            self.asserted_offsets[offset[1], offset[2]] = int(offset[3])
        else:
            self.refuse(token.first_line, f"unknown assertion {token.text}{text}")

    def lay_out(self, structure):
        """Offsets by the x86-64 psABI, section 3.1.2: each field at a multiple of its alignment."""
        at, largest = 0, 1
        for one in structure.fields:
            nested = self.header.structures.get(one.type)
            size = nested.bytes if nested else SCALARS[one.type]
            align = 1 if structure.packed else nested.align if nested else size
            largest = max(largest, align)
            one.offset = -(-at // align) * align
            one.bytes = size * (1 if one.count is None else one.count)
            at = one.offset + one.bytes
        structure.align = structure.packed or largest
        structure.bytes = -(-at // structure.align) * structure.align

    def check_layout(self):
        """Whether the header asserts each size and offset, and the same as was computed here."""
        fields = {(structure.name, one.name) for structure in self.header.structures.values()
                  for one in structure.fields}
        for unknown in set(self.asserted_offsets) - fields:
            self.refuse(1, f"the header asserts an offset of {'.'.join(unknown)}, which isn't there")
        for structure in self.header.structures.values():
            asserted = self.asserted_sizes.get(structure.name)
            if asserted != structure.bytes:
                self.refuse(structure.line, f"{structure.name} has {structure.bytes} bytes; "
                                            f"the header asserts {asserted}")
            for one in structure.fields:
                asserted = self.asserted_offsets.get((structure.name, one.name))
                if asserted != one.offset:
                    self.refuse(one.line, f"{structure.name}.{one.name} is at {one.offset}; "
                                          f"the header asserts {asserted}")
                if structure.packed and one.offset % min(structure.packed, SCALARS.get(one.type, 1)):
                    self.refuse(one.line, f"{structure.name}.{one.name} is not aligned: "
                                          "not every language can say that")

    def check_comments(self):
        """What a field's comment says of its meaning: "enum NAME" or "NAME[]"."""
        for structure in self.header.structures.values():
            for index, one in enumerate(structure.fields):
                if found := re.match(r"enum (\w+)", one.comment):
                    one.enum = found[1]
                    if one.enum not in self.header.enumerations or one.type != "uint32_t":
                        self.refuse(one.line, f"{one.name}: no enumeration {one.enum} in a uint32_t")
                if found := re.match(r"(Baton\w+)\[\]", one.comment):
                    one.entries = found[1]
                    following = structure.fields[index + 1 : index + 3]
                    shape = [(each.type, each.name.rsplit("_", 1)[-1]) for each in following]
                    if shape != [("uint32_t", "count"), ("uint32_t", "bytes")]:
                        self.refuse(one.line, f"{one.name}: no count and entry size after it")
                    if one.entries not in self.header.structures:
                        self.refuse(one.line, f"{one.name}: no structure {one.entries}")


def read(path, shown_as=None):
    with open(path, encoding="utf-8") as file:
        return Parser(file.read(), shown_as or path).parse()
