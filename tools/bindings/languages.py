# SPDX-License-Identifier: BSD-2-Clause
"""The model of boot_info.h in each language: what stands at @DEFINITIONS@ of its template."""
import textwrap

from model import Constant, Enumeration, Structure


def wrapped(comment, prefix):
    """The lines of a one-paragraph comment, each after `prefix`."""
    return textwrap.wrap(comment, 100, initial_indent=prefix, subsequent_indent=prefix)


def prose(comment, prefix):
    """A comment as it stands in the header, line by line."""
    return [(prefix + line).rstrip() for line in comment.lines]


def standing_alone(comments, prefix, indent=""):
    lines = []
    for comment in comments:
        lines += ["", *prose(comment, indent + prefix)]
    return lines


def documented(before, prefix, doc_prefix):
    """The comments above a declaration: the last one documents it, earlier ones stand alone."""
    doc = [line for comment in before[-1:] for line in prose(comment, doc_prefix)]
    return [*standing_alone(before[:-1], prefix), "", *doc]


def number(value):
    return str(value) if value < 10 else f"{value:#x}"


def camel(name):
    return "".join(word.capitalize() for word in name.split("_"))


class Assembly:
    """What NASM and GNU as have in common: all is numbers with names."""
    units = {1: "byte", 2: "word", 4: "dword", 8: "qword"}

    def line(self, name, value, comment):
        code = self.equal.format(name=name, value=value)
        if not comment:
            return [code]
        if len(comment) <= 46:
            return [f"{code:<51} {self.comment}{comment}"]
        return [*wrapped(comment, self.comment), code]

    def constant(self, item):
        lines = standing_alone(item.before, self.comment)
        if item.bits == 0:
            return lines + self.text(item)
        return lines + self.line(item.name, number(item.value), item.comment)

    def enumeration(self, item):
        lines = documented(item.before, self.comment, self.comment) + [f"{self.comment}enum {item.name}"]
        for member in item.members:
            lines += self.line(member.name, member.value, member.comment)
        return lines

    def structure(self, item):
        lines = documented(item.before, self.comment, self.comment)
        lines += [self.equal.format(name=name, value=value) for name, value in self.whole(item)]
        for field in item.fields:
            lines += standing_alone(field.before, self.comment)
            count = 1 if field.count is None else field.count
            unit = self.units.get(field.bytes // count) if field.type[:5] != "Baton" else field.type
            shape = unit if field.count is None else f"{unit}[{count}]"
            comment = f"{shape}: {field.comment}" if field.comment else shape
            lines += self.line(f"{item.name}.{field.name}", field.offset, comment)
        return lines


class Nasm(Assembly):
    suffix, comment, equal = "inc", "; ", "{name} equ {value}"

    def text(self, item):
        return [f'%define {item.name} "{item.value}"']

    def whole(self, item):
        """With the name of the structure itself, for istruc."""
        return [(item.name, 0), (f"{item.name}_size", item.bytes)]


class GnuAs(Assembly):
    suffix, comment, equal = "s", "# ", ".set {name}, {value}"

    def text(self, item):
        """A symbol has no text."""
        return [f'# {item.name} is "{item.value}"']

    def whole(self, item):
        return [(f"{item.name}_size", item.bytes)]


class Rust:
    suffix, comment = "rs", "// "
    types = {"uint8_t": "u8", "uint16_t": "u16", "uint32_t": "u32", "uint64_t": "u64", "char": "u8",
             "int8_t": "i8", "int16_t": "i16", "int32_t": "i32", "int64_t": "i64"}
    keywords = {"type", "match", "ref", "move", "use", "fn", "mod", "loop", "where", "virtual"}

    def name(self, name):
        return f"r#{name}" if name in self.keywords else name

    def documentation(self, before):
        """As documented(), with the code in a comment marked as not Rust's."""
        lines, code = [], False
        for line in documented(before, "// ", "/// "):
            if line.startswith("///     ") != code:
                lines.append("/// ```" if code else "/// ```text")
                code = not code
            lines.append("/// " + line[8:] if code else line)
        return lines

    def type(self, field):
        base = field.enum or self.types.get(field.type, field.type)
        return base if field.count is None else f"[{base}; {field.count}]"

    def constant(self, item):
        lines = standing_alone(item.before, "// ") + wrapped(item.comment, "/// ")
        if item.bits == 0:
            return lines + [f'pub const {item.name}: &str = "{item.value}";']
        return lines + [f"pub const {item.name}: u{item.bits} = {number(item.value)};"]

    def enumeration(self, item):
        lines = self.documentation(item.before) + [
            "#[repr(transparent)]", "#[derive(Clone, Copy, Debug, PartialEq, Eq)]",
            f"pub struct {item.name}(pub u32);"]
        for member in item.members:
            lines += wrapped(member.comment, "/// ")
            lines.append(f"pub const {member.name}: {item.name} = {item.name}({member.value});")
        return lines

    def structure(self, item):
        layout = f"C, packed({item.packed})" if item.packed else "C"
        lines = self.documentation(item.before) + [
            f"#[repr({layout})]", "#[derive(Clone, Copy)]", f"pub struct {item.name} {{"]
        for field in item.fields:
            lines += standing_alone(field.before, "// ", "    ")
            lines += wrapped(field.comment, "    /// ")
            lines.append(f"    pub {self.name(field.name)}: {self.type(field)},")
        lines += ["}", "", f"const _: () = assert!(size_of::<{item.name}>() == {item.bytes});"]
        for field in item.fields:
            where = f"offset_of!({item.name}, {self.name(field.name)})"
            lines.append(f"const _: () = assert!({where} == {field.offset});")
        return lines + self.accessors(item)

    def accessors(self, item):
        lines = []
        for index, field in enumerate(item.fields):
            if not field.entries:
                continue
            count, entry = (each.name for each in item.fields[index + 1 : index + 3])
            lines += [
                f"    /// The array `{field.name}`.",
                "    /// # Safety",
                "    /// The record is as Baton filled it in, and so is the memory it points to.",
                f"    pub unsafe fn {self.name(field.name)}(&self) -> "
                f"BatonEntries<'_, {field.entries}> {{",
                f"        unsafe {{ BatonEntries::new(self.{self.name(field.name)}, self.{count}, "
                f"self.{entry}) }}",
                "    }"]
        return ["", f"impl {item.name} {{", *lines, "}"] if lines else []


class Zig:
    suffix, comment = "zig", "// "
    types = Rust.types
    keywords = {"align", "error", "test", "export", "opaque", "packed", "resume", "suspend", "var"}

    def name(self, name):
        return f'@"{name}"' if name in self.keywords else name

    def type(self, field):
        base = field.enum or self.types.get(field.type, field.type)
        return base if field.count is None else f"[{field.count}]{base}"

    def constant(self, item):
        lines = standing_alone(item.before, "// ") + wrapped(item.comment, "/// ")
        if item.bits == 0:
            return lines + [f'pub const {item.name} = "{item.value}";']
        return lines + [f"pub const {item.name}: u{item.bits} = {number(item.value)};"]

    def enumeration(self, item):
        lines = documented(item.before, "// ", "/// ") + [f"pub const {item.name} = enum(u32) {{"]
        for member in item.members:
            lines += wrapped(member.comment, "    /// ")
            lines.append(f"    {member.name} = {member.value},")
        return lines + ["    _,", "};"]

    def structure(self, item):
        lines = documented(item.before, "// ", "/// ") + [f"pub const {item.name} = extern struct {{"]
        for field in item.fields:
            align = f" align({item.packed})" if item.packed else ""
            lines += standing_alone(field.before, "// ", "    ")
            lines += wrapped(field.comment, "    /// ")
            lines.append(f"    {self.name(field.name)}: {self.type(field)}{align},")
        lines += self.accessors(item)
        lines += ["};", "comptime {", f"    expectSize({item.name}, {item.bytes});"]
        for field in item.fields:
            lines.append(f'    expectOffset({item.name}, "{field.name}", {field.offset});')
        return lines + ["}"]

    def accessors(self, item):
        lines = []
        for index, field in enumerate(item.fields):
            if not field.entries:
                continue
            count, entry = (each.name for each in item.fields[index + 1 : index + 3])
            lines += [
                "",
                f"    /// The entries of `{field.name}`, one by one.",
                f"    pub fn iterate{camel(field.name)}(self: *const {item.name}) "
                f"Entries({field.entries}) {{",
                f"        return .{{ .address = self.{self.name(field.name)}, .left = self.{count}, "
                f".entry_bytes = self.{entry} }};",
                "    }"]
        return lines


def definitions(language, header):
    write = {Constant: language.constant, Enumeration: language.enumeration,
             Structure: language.structure}
    lines, previous = [], Constant
    for item in header.items:
        if isinstance(item, Constant) and not item.before and previous is not Constant:
            lines.append("")
        lines += write[type(item)](item)
        previous = type(item)
    return "\n".join(lines).strip("\n")


def opening(language, header):
    """What the header says first, without its licence."""
    lines = prose(header.opening, language.comment)
    return "\n".join(lines[2:])


LANGUAGES = (Nasm(), GnuAs(), Rust(), Zig())
