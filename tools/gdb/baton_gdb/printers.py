# SPDX-License-Identifier: BSD-2-Clause
"""Pretty printers for the records of the two ABIs, from their debug information."""

import gdb

# Fields whose values an enumeration names.
ENUMERATIONS = {
    ("BatonMemoryRange", "type"): "BatonMemoryType",
    ("BatonBootInfo", "boot_path"): "BatonBootPath",
    ("BatonBootInfo", "secure_boot"): "BatonSecureBoot",
    ("BatonBootInfo", "event_log_format"): "BatonEventLogFormat",
    ("BatonBootInfo", "verified_by"): "BatonVerifiedBy",
    ("BatonBootDevice", "kind"): "BatonBootDeviceKind",
    ("BatonPreviousBoot", "state"): "BatonPreviousBootState",
    ("BatonProcessor", "state"): "BatonProcessorState",
    ("BatonHandoff", "after_fault"): "BatonAfterFault",
    ("BatonHandoff", "kernel_mode"): "BatonKernelMode",
}
WIDE = 8  # bytes: an address, or bits


class Record:
    def __init__(self, value: gdb.Value):
        self.value = value

    def to_string(self):
        return None  # only the fields

    def children(self):
        for field in self.value.type.strip_typedefs().fields():
            yield field.name, self.shown(field)

    def shown(self, field):
        value = self.value[field.name]
        type_ = value.type.strip_typedefs()
        if type_.code != gdb.TYPE_CODE_INT:
            return value
        number = int(value)
        if name := ENUMERATIONS.get((self.value.type.strip_typedefs().tag, field.name)):
            return _enumerator(name, number)
        is_size = field.name.endswith(("bytes", "count", "seconds", "hz", "size"))
        return hex(number) if type_.sizeof == WIDE and not is_size else str(number)


def _enumerator(name: str, number: int) -> str:
    try:
        members = gdb.lookup_type(name).fields()
    except gdb.error:
        return str(number)
    return next((each.name for each in members if int(each.enumval) == number), str(number))


def _printer(value: gdb.Value):
    type_ = value.type.strip_typedefs()
    if type_.code == gdb.TYPE_CODE_STRUCT and type_.tag and type_.tag.startswith("Baton"):
        return Record(value)
    return None


gdb.pretty_printers.append(_printer)
