# SPDX-License-Identifier: BSD-2-Clause
"""Seeds of what firmware and people say: boot entries, configurations of Limine, load options, memory
maps, device paths."""

import struct
import subprocess

from seeds import seed

ENTRIES = {
    "plain.conf": """\
title   My OS
version 1.2.3~rc1
sort-key my-os
machine-id 0123456789abcdef0123456789abcdef
kernel  /my-os/kernel.elf
module  "/my os/initrd.img"  the string
initrd  /my-os/initrd.img
options verbose debug=1
options root=/dev/sda
kaslr   on
wx      refuse
architecture x64
""",
    "counted+3-1.conf": "kernel \\kernel.elf\r\n# a comment\r\n\r\ntitle\tCounted\r\n",
    "bad+0-3.conf": "\ufeffkernel /a/./b//c\ntitle one\ntitle two\nunknown key\n",
    "linux.conf": "title Linux\nlinux /vmlinuz\ninitrd /initrd.img\n",
    "arm.conf": "kernel /k\narchitecture aa64\n",
    "up.conf": "kernel /a/../b\n",
    "quote.conf": 'kernel "/a b\nmodule "/a""b" x\n',
    "twice.conf": "kernel /a\nkernel /b\n",
}


def entry_file_seeds() -> None:
    def files(name: str, config: str, *entries: str) -> None:
        parts = [config] + [part for entry in entries for part in (entry, ENTRIES[entry])]
        seed("entry_file", name, "\x1e".join(parts).encode())

    for name in ENTRIES:
        files(name, f"# one entry\ndefault {name}\ntimeout 5\n", name)
    files("all", "default *[a-c]*\ndefault co?nt\\ed*\nno-key\n", *ENTRIES)
    files("none", "default")


LIMINE = {
    "all": """\
# a comment
${DIR}=boot():/my-os
timeout: 3
default_entry: Systems/My OS

/Linux
    protocol: linux
    path: ${DIR}/vmlinuz
/+Systems
    comment: a directory
    //My OS ${ARCH}
        protocol: limine
        kernel_path: ${DIR}/kernel-${ARCH}.elf
        kernel_cmdline: verbose root=a:b
        kaslr: yes
        module_path: boot(2):/initrd.img
        module_cmdline: the string
        module_path: ${DIR}/symbols
        resolution: 800x600
    //My OS
    //My OS
        path: boot():/k
        if_arch: x86-64 aarch64
        if_fw_type: UEFI
""",
    "paths": "".join(f"/A\npath: {path}\n" for path in [
        "/k", "boot(1):/k", "hdd(1:1):/k", "guid(00000000-0000-0000-0000-000000000000):/k",
        "fslabel(ESP):/k", "$boot():/k.gz", "boot():/k#" + 128 * "a", "boot():/a/../k"]),
    "default": "default_entry: 4\n/A\n/B\n//C\n/+D\n//E\n///F\n",
    "path": "default_entry: B/C/D\n/A\n/B\n//C\n///D\n",
    "macros": "${A}=boot\n${B}=${A}${A}\n/A\npath: ${A}():/${B}${no\n",
    "repeated": "/A\npath: boot():/k\npath: boot():/l\nprotocol: pvh\nprotocol: linux\n",
}
OLD_LIMINE = {
    "all": "TIMEOUT=0\r\nDEFAULT_ENTRY=2\r\n:+Systems\r\n::My OS\r\nPROTOCOL=multiboot1\r\n"
           "KERNEL_PATH=boot:///k\r\nCMDLINE=a=b\r\nMODULE_PATH=boot://2/m\r\n"
           "MODULE_STRING=x\r\nKASLR=no\r\n:Linux\r\nPROTOCOL=linux\r\n",
    "paths": "".join(f":A\nKERNEL_PATH={path}\n" for path in [
        "boot://1/k", "hdd://1:1/k", "uuid://00000000-0000-0000-0000-000000000000/k",
        "$boot:///k.gz", "tftp:///k"]),
}


def limine_conf_seeds() -> None:
    for syntax, texts in enumerate((LIMINE, OLD_LIMINE)):
        for name, text in texts.items():
            seed("limine_conf", f"{name}-{syntax}", bytes([syntax]) + text.encode())


def load_option_seeds() -> None:
    for name, text in {
        "kernel": "kernel=/kernel.elf",
        "program": "BOOTX64.EFI kernel=\\k.elf -- verbose  \"quoted\"",
        "all": 'kernel="/my os/k.elf" module=/a.img=one module="/b=c.img"="two words" kaslr=on '
               'wx=allow other=1 -- a b',
        "quotes": 'module="a""b"=""  kernel=k "',
        "repeated": "kernel=a kernel=b",
        "setting": "kernel=a kaslr=maybe",
        "no-kernel": "module=a",
        "others": "initrd=\\initrd.img root=/dev/sda",
        "characters": "kernel=/\u00e4\u20ac\U0001f600",
        "marked": "\ufeffkernel=/k",
    }.items():
        seed("load_options", name, text.encode("utf-16-le") + b"\0\0")
        seed("load_options", f"{name}-8-bit", text.encode())
    seed("load_options", "surrogates", b"k\0\x00\xd8\x00\xdc\x00\xdc\x00\xd8")
    seed("load_options", "odd", "kernel=/k".encode("utf-16-le") + b"x")


def memory_map_seeds() -> None:
    def claims(name: str, *content: tuple, pages: int = 0, alignment: int = 0, offset: int = 0,
               flags: int = 0, limit: int = 0, descriptor_bytes: int = 48,
               firmware: int = 0) -> None:
        """A claim is first page, pages, where, offset, cut, type, firmware's type, the rest."""
        seed("memory_map", name,
             struct.pack("<BBBBHBB", pages, alignment, offset, flags, limit, descriptor_bytes,
                         firmware) + b"".join(struct.pack("<HHBBBBBB", *c) for c in content))

    usable, kernel, bad = 0, 2, 11
    conventional, mapped_io = 7, 11
    claims("one", (1, 16, 0, 0, 0, usable, 255, 0))
    claims("overlap", (1, 16, 0, 0, 0, usable, 255, 0), (4, 4, 0, 0, 0, kernel, 255, 2),
           (6, 20, 0, 5, 0, bad, 255, 1), pages=2)
    claims("touching", (1, 4, 0, 0, 0, usable, 255, 0), (5, 4, 0, 0, 0, usable, 255, 0))
    claims("part-of-a-page", (1, 4, 0, 9, 9, usable, 255, 0), (9, 4, 0, 9, 9, kernel, 255, 0))
    claims("ends", (0x7FF0, 64, 1, 0, 0, usable, 255, 0), (0x7FF0, 64, 2, 0, 0, bad, 255, 0),
           (3, 3, 3, 0, 0, kernel, 255, 0))
    claims("firmware", (16, 256, 0, 0, 0, 0, conventional, 15), (300, 8, 0, 0, 0, 0, mapped_io, 1),
           (20, 2, 0, 0, 0, 128, conventional, 15), (18, 2, 0, 0, 0, kernel, 255, 2), firmware=3)
    claims("small-descriptors", (16, 256, 0, 0, 0, 0, conventional, 15), firmware=1,
           descriptor_bytes=39)
    claims("request", (1, 64, 0, 0, 0, usable, 255, 0), (30, 2, 0, 0, 0, kernel, 255, 0), pages=3,
           alignment=3, offset=1, flags=3, limit=60)


def node(kind: int, sub_kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<BBH", kind, sub_kind, len(data) + 4) + data


END = node(0x7F, 0xFF)


def device_path_seeds() -> None:
    root, pci = node(2, 1, bytes(8)), node(1, 1, bytes(2))

    def path(name: str, *nodes: bytes) -> None:
        seed("device_path", name, b"".join((root, pci, *nodes)))

    def partition(signature_type: int) -> bytes:
        return node(4, 1, struct.pack("<IQQ", 1, 2048, 4096) + bytes(range(16))
                    + bytes([2, signature_type]))

    ipv4 = node(3, 12, bytes([10, 0, 2, 15, 10, 0, 2, 2]) + bytes(15))
    ipv6 = node(3, 13, bytes(range(1, 33)) + bytes(24))
    path("gpt", partition(2), END)
    path("mbr", partition(1), END)
    path("cd", node(4, 2, bytes(20)), END)
    path("ipv4", node(3, 11, bytes(33)), ipv4, END)
    path("ipv6", ipv6, END)
    path("ipv6-then-ipv4", ipv6, ipv4, END)
    path("uri", ipv4, node(3, 24, b"http://10.0.2.2/boot.efi"), END)
    path("iscsi", ipv4, node(3, 19, bytes(18)), partition(2), END)
    path("two-instances", partition(2), node(0x7F, 1), partition(1), END)
    path("without-end", partition(2))
    path("short-nodes", node(4, 1, bytes(4)), node(3, 12, bytes(4)), END)
    path("length-0", struct.pack("<BBH", 4, 1, 0), END)


def boot_server_seeds() -> None:
    def reply(name: str, *options: bytes, server: bytes = b"\x0a\0\x02\x02",
              file: bytes = b"EFI/BOOT/BOOTX64.EFI") -> None:
        packet = bytes([2, 1, 6, 0]) + bytes(16) + server + bytes(84) + file.ljust(128, b"\0")
        seed("boot_server", name, packet + b"\x63\x82\x53\x63" + b"".join(options))

    def option(code: int, data: bytes) -> bytes:
        return bytes([code, len(data)]) + data

    end = b"\xff"
    reply("file-field", option(53, b"\5"), end)
    reply("file-option", bytes(3), option(67, b"tftp/loader.efi\0"), end, file=b"")
    reply("server-option", option(54, b"\x0a\0\x02\x02"), end, server=bytes(4))
    reply("nested", option(67, b"a/b/efi/boot/x.efi"), end)
    reply("cut-off", bytes([67, 20]) + b"short")
    reply("nothing", end, server=bytes(4), file=b"")


START = 0xE0000  # where start_info_target.cpp has its memory


def processors_seeds() -> None:
    madt = bytes(8) + b"".join(
        [struct.pack("<BBBBI", 0, 8, uid, uid * 2, flags) for uid, flags in ((0, 1), (1, 0), (2, 3))]
        + [struct.pack("<BBHIII", 9, 16, 0, 300, 1, 7), struct.pack("<BBHIQ", 16, 16, 0, 0, 0xF0000)])
    srat = bytes(12) + (struct.pack("<BBBBIB3sI", 0, 16, 1, 0, 1, 0, bytes(3), 0)
                        + struct.pack("<BBHIIIQ", 2, 24, 0, 2, 300, 1, 0))
    seed("processors", "acpi", b"\0" + struct.pack("<H", len(madt)) + madt + srat)
    entry = struct.pack("<BBBB16s", 0, 3, 0x14, 1, bytes(16))
    seed("processors", "mp", b"\1" + entry + b"\1".ljust(8, b"\0") + entry)


def start_info_seeds() -> None:
    """The protocol, 0 to 2, and the memory with the structure at its beginning."""
    e820 = struct.pack("<QQI", 0x100000, 0x7F00000, 1)

    def hvm(version: int, modules: int) -> bytes:
        start = struct.pack("<IIIIQQQQII", 0x336EC578, version, 0, modules, START + 64,
                            START + 96, 0xF5000, START + 112, 1, 0).ljust(64, b"\0")
        module = struct.pack("<QQQQ", 0x200000, 0x1000, START + 96, 0)
        return start + module + b"verbose x\0".ljust(16, b"\0") + e820 + bytes(4)

    seed("start_info", "hvm", b"\0" + hvm(1, 1))
    seed("start_info", "hvm-0", b"\0" + hvm(0, 0))

    def tag(kind: int, body: bytes) -> bytes:
        return (struct.pack("<II", kind, 8 + len(body)) + body).ljust((len(body) + 15) & ~7, b"\0")

    tags = [tag(1, b"verbose\0"), tag(3, struct.pack("<II", 0x200000, 0x201000) + b"kernel\0"),
            tag(4, struct.pack("<II", 640, 65536)),
            tag(6, struct.pack("<II", 24, 0) + e820 + bytes(4)),
            tag(8, struct.pack("<QIIIBBHBBBBBB", 0xFD000000, 4096, 1024, 768, 32, 1, 0,
                               16, 8, 8, 8, 0, 8)),
            tag(12, struct.pack("<Q", START)), tag(14, bytes(20)), tag(15, bytes(36)),
            tag(17, struct.pack("<II", 48, 1) + bytes(96))]
    for name, chosen in {"all": tags, "basic": tags[:3], "bios": tags[:5]}.items():
        content = b"".join(chosen) + tag(0, b"")
        seed("start_info", f"multiboot2-{name}",
             b"\1" + struct.pack("<II", 8 + len(content), 0) + content)

    page = bytearray(4096)
    struct.pack_into("<I", page, 0x202, 0x53726448)
    struct.pack_into("<B", page, 0x1E8, 1)
    page[0x2D0:0x2D0 + 20] = e820
    seed("start_info", "linux", b"\2" + bytes(page))
    struct.pack_into("<II", page, 0x218, 0x200000, 0x1000)
    struct.pack_into("<I", page, 0x228, START + 4096)
    struct.pack_into("<Q", page, 0x250, START + 4112)
    struct.pack_into("<BxxHHHI", page, 0x0F, 0x23, 1024, 768, 32, 0xFD000000)
    struct.pack_into("<HBBBBBB", page, 0x24, 4096, 8, 16, 8, 8, 8, 0)
    struct.pack_into("<IIIIII", page, 0x1C0, 0x34364C45, START, 48, 1, START, 96)
    extension = struct.pack("<QII", 0, 1, 20) + e820
    seed("start_info", "linux-all", b"\2" + bytes(page) + b"verbose\0".ljust(16, b"\0")
         + extension)


def compressed_file_seeds() -> None:
    """What the command line tools make: with and without a size, checksums, several frames."""
    words = b"".join(b"%d and %d are %d. " % (i, i * i, i + i * i) for i in range(400))
    contents = {"words": words, "zeroes": bytes(5000), "short": b"abc", "nothing": b""}
    commands = {"zstd": ["zstd", "-qc"], "zstd-19": ["zstd", "-qc19", "--no-check"],
                "lz4": ["lz4", "-qc"], "lz4-linked": ["lz4", "-qc9", "-BD", "-B4", "-BX"]}
    for compressor, command in commands.items():
        made = {name: subprocess.run(command, input=content, stdout=subprocess.PIPE, check=True).stdout
                for name, content in contents.items()}
        for name, file in made.items():
            seed("compressed_file", f"{compressor}-{name}", file)
        seed("compressed_file", f"{compressor}-frames", made["short"] + made["words"])


def bundle_seeds() -> None:
    def image(is_file: bool, *sections: tuple[str, bytes]) -> bytes:
        header = bytearray(0x188 + 40 * len(sections))
        struct.pack_into("<2s58xI", header, 0, b"MZ", 0x80)
        struct.pack_into("<4sHH12xH", header, 0x80, b"PE", 0x8664, len(sections), 240)
        content, step = bytearray(header), 16
        for i, (name, data) in enumerate(sections):
            start = -(-len(content) // step) * step
            content += bytes(start - len(content)) + data
            struct.pack_into("<8sIIII", content, 0x188 + 40 * i, name.encode(), len(data), start,
                             len(data), start)
        return bytes([not is_file]) + bytes(content)

    sections = [(".text", b"code"), (".sbat", b"sbat,1"), (".osrel", b"NAME=x"), (".entry", b"kernel /k"),
                (".entry7", b"kernel /l"), (".files", b".kernel \\k\n.mod0 \\m\n.mod999 \\n\n"),
                (".kernel", b"kernel"), (".mod0", b"module"), (".mod999", b"")]
    for is_file in (False, True):
        form = "file" if is_file else "loaded"
        seed("bundle", f"all-{form}", image(is_file, *sections))
        seed("bundle", f"container-{form}",
             image(is_file, (".files", b".mod0 \\m\n"), (".mod0", b"module")))
        seed("bundle", f"plain-{form}", image(is_file, sections[0]))


def make() -> None:
    bundle_seeds()
    entry_file_seeds()
    limine_conf_seeds()
    load_option_seeds()
    memory_map_seeds()
    device_path_seeds()
    boot_server_seeds()
    start_info_seeds()
    processors_seeds()
    compressed_file_seeds()
