#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes boot_info.inc (NASM), boot_info.s (GNU as), boot_info.rs and boot_info.zig from boot_info.h,
and handoff.inc and handoff.s from handoff.h: a file for each language with a template beside this
program.

With --check nothing is written: it fails if a file there differs from what it would make."""
import argparse
import pathlib
import re
import sys

sys.dont_write_bytecode = True  # the source tree stays as it is

import header  # noqa: E402
import languages  # noqa: E402


def generated(language, model, template):
    """The template with its @NAME@s filled in; @BATON_…@ is the value of an enumerator."""
    values = {member.name: str(member.value)
              for enumeration in model.enumerations.values() for member in enumeration.members}
    values["OPENING"] = languages.opening(language, model)
    values["DEFINITIONS"] = languages.definitions(language, model)
    text = template.read_text(encoding="utf-8")
    return re.sub("@([A-Z][A-Z0-9_]+)@", lambda found: values[found[1]], text)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("header", type=pathlib.Path)
    arguments.add_argument("--output", type=pathlib.Path, required=True, help="folder of the files")
    arguments.add_argument("--check", action="store_true", help="compare instead of writing")
    given = arguments.parse_args()
    try:
        model = header.read(given.header)
    except header.HeaderError as error:
        return str(error)
    stale = []
    for language in languages.LANGUAGES:
        path = given.output / f"{given.header.stem}.{language.suffix}"
        template = pathlib.Path(__file__).with_name(path.name + ".in")
        if not template.exists():
            continue
        text = generated(language, model, template)
        if not given.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(f"{path} is not what {given.header} makes")
    return "\n".join(stale) or 0


if __name__ == "__main__":
    sys.exit(main())
