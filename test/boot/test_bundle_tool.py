# SPDX-License-Identifier: BSD-2-Clause
"""`baton bundle`, `measure` and `image --bundle`."""

import json
import re
import subprocess
from pathlib import Path

import artefacts
import bundles
import pytest
from tool import baton

KEY, CERTIFICATE = (Path(f"/usr/share/ovmf/PkKek-1-snakeoil.{what}") for what in ("key", "pem"))


def kernel() -> Path:
    return artefacts.EXAMPLE_KERNEL


def make(folder: Path, *arguments, name: str = "my-os.efi", code: int = 0) -> Path:
    done = baton("bundle", *arguments, "-o", folder / name)
    assert done.returncode == code, done.stderr
    return folder / name


def show(file: Path) -> dict:
    return json.loads(baton("bundle", "--show", file, "--json", check=True).stdout)


def by_objcopy(image: Path, sections: dict[str, bytes], folder: Path) -> bytes:
    headers = subprocess.run(["objdump", "-h", image], check=True, capture_output=True, text=True).stdout
    size, address = re.findall(r"^ +\d+ \S+ +(\w+) +(\w+)", headers, re.MULTILINE)[-1]
    end, words = int(size, 16) + int(address, 16), []
    for name, content in sections.items():
        (folder / name).write_bytes(content)
        end = -(-end // 4096) * 4096
        words += ["--add-section", f"{name}={folder / name}", "--set-section-flags", f"{name}=data,readonly",
                  "--change-section-vma", f"{name}={end:#x}"]
        end += len(content)
    subprocess.run(["objcopy", "-p", *words, image, folder / "objcopy.efi"], check=True)
    return (folder / "objcopy.efi").read_bytes()


@pytest.mark.parametrize("modules", [0, 3, 40])  # the headers have space for 10 sections
def test_bundle_is_what_objcopy_makes(tmp_path, modules):
    words = []
    for i in range(modules):
        (tmp_path / f"file{i}").write_bytes(bytes([i]) * (511 * i + 1))
        words += ["--module", tmp_path / f"file{i}"]
    bundle = make(tmp_path, kernel(), *words)
    pe = bundles.Pe(bundle.read_bytes())
    ours = {name: pe.image[section.offset:section.offset + section.size]
            for name, section in list(pe.sections.items())[5:]}
    assert [*ours][:4] == [".sbat", ".entry", ".files", ".kernel"]
    assert ours[".kernel"] == kernel().read_bytes()
    assert bundle.read_bytes() == by_objcopy(artefacts.LOADER, ours, tmp_path)
    again = make(tmp_path, kernel(), *words, name="again.efi")
    assert again.read_bytes() == bundle.read_bytes()


def test_show_says_what_is_in_a_bundle(tmp_path):
    (tmp_path / "data=1").write_bytes(b"data")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "os").write_text("ID=my-os\n")
    bundle = make(tmp_path, kernel(), "--module", f"{tmp_path / 'data=1'}=/a/b", "--module",
                  f"{tmp_path / 'empty'}=words", "--append", "x=1", "--set", "enforce=on",
                  "--osrel", tmp_path / "os", "--sbat", "my,2,Me,my-os,1,me.example")
    shown = show(bundle)
    assert [one["name"] for one in shown["sections"]] == [
        ".sbat", ".osrel", ".entry", ".files", ".kernel", ".mod0", ".mod1"]
    assert [(one["path"], one["section"], one["bytes"]) for one in shown["files"][1:]] == [
        ("\\a\\b", ".mod0", 4), ("\\baton\\1\\empty", ".mod1", 0)]
    assert not shown["signed"]
    sbat, osrel, entry = (one["text"] for one in shown["sections"][:3])
    assert re.fullmatch(r"sbat,1,SBAT Version,.*\nbaton,1,Baton,baton,\d.*\nmy,2,Me,my-os,1,me.example\n", sbat)
    assert osrel == "ID=my-os\n"
    assert 'enforce on\noptions x=1\nmodule "/a/b"\nmodule "/baton/1/empty" words\n' in entry
    text = baton("bundle", "--show", bundle, check=True).stdout
    assert "bundle, not signed" in text and ".mod0  4 bytes  \\a\\b" in text


def test_bundle_takes_the_entries_that_are_given(tmp_path):
    (tmp_path / "a.conf").write_text("kernel /k.elf\nmodule /m.efi\nmodule /missing\n")
    (tmp_path / "b.conf").write_text("kernel k.elf\n")
    done = baton("bundle", kernel(), "--entry", tmp_path / "a.conf", "--entry", tmp_path / "b.conf",
                 "-o", tmp_path / "my-os.efi", check=True)
    assert "\\missing, which isn't in the bundle" in done.stderr and "m.efi" not in done.stderr
    shown = show(tmp_path / "my-os.efi")
    assert shown["files"][0]["path"] == "\\k.elf"
    assert shown["sections"][2]["name"] == ".entry1"


@pytest.mark.parametrize("timed", [False, True], ids=["sbsign", "osslsigncode"])
def test_bundle_is_signed(tmp_path, timed):
    key = tmp_path / "key.pem"
    subprocess.run(["openssl", "rsa", "-in", KEY, "-passin", "pass:snakeoil", "-out", key],
                   check=True, capture_output=True)
    words = [kernel(), "--key", key, "--cert", CERTIFICATE] + (["--signing-time", "0"] if timed else [])
    bundle = make(tmp_path, *words)
    subprocess.run(["sbverify", "--cert", CERTIFICATE, bundle], check=True, capture_output=True)
    assert show(bundle)["signed"]
    if timed:
        assert make(tmp_path, *words, name="again.efi").read_bytes() == bundle.read_bytes()


def test_container_has_one_file(tmp_path):
    (tmp_path / "data").write_bytes(b"data")
    shown = show(make(tmp_path, "--container", tmp_path / "data"))
    assert shown["kind"] == "container"
    assert shown["files"] == [{"path": "\\data", "section": ".mod0", "bytes": 4}]


def refused(tmp_path, *arguments) -> str:
    output = tmp_path / "my-os.efi"
    output.write_text("before")
    done = baton("bundle", *arguments, "-o", output)
    assert done.returncode in (1, 2)
    assert output.read_text() == "before"
    return done.stderr


def test_what_cannot_be_bundled_is_refused_and_leaves_what_was_there(tmp_path):
    (tmp_path / "text").write_text("no kernel")
    (tmp_path / "odd.conf").write_text("options x\n")
    assert "no file" in refused(tmp_path, tmp_path / "missing")
    assert "the loader would not boot it" in refused(tmp_path, tmp_path / "text")
    assert "--cert" in refused(tmp_path, kernel(), "--key", tmp_path / "text")
    assert "enforce" in refused(tmp_path, kernel(), "--set", "enforce=maybe")
    assert ".sbat" in refused(tmp_path, kernel(), "--sbat", "my,x,,,,")
    assert "odd.conf" in refused(tmp_path, kernel(), "--entry", tmp_path / "odd.conf")
    module = f"{tmp_path / 'text'}=/a"
    assert "two files would be \\a" in refused(tmp_path, kernel(), "--module", module, "--module", module)
    many = [word for _ in range(90) for word in ("--module", tmp_path / "text")]
    assert "too many files" in refused(tmp_path, kernel(), *many)
    assert "KERNEL is required" in refused(tmp_path)


def test_missing_sbsign_is_told_with_its_package(tmp_path):
    key = tmp_path / "key"
    key.write_text("")
    done = baton("bundle", kernel(), "-o", tmp_path / "x.efi", "--key", key, "--cert", key,
                 env={"PATH": str(tmp_path)})
    if not any((Path(folder) / "sbsign").exists() for folder in ("/usr/sbin", "/sbin")):
        assert "sbsigntool" in done.stderr
    assert done.returncode == 1


def test_show_says_what_is_wrong_with_a_damaged_bundle(tmp_path):
    bundle = make(tmp_path, kernel())
    whole = bundle.read_bytes()
    bundle.write_bytes(whole[:-4096])
    assert "bundle_damaged: .kernel: " in baton("bundle", "--show", bundle).stderr
    bundle.write_bytes(whole.replace(b".kernel \\", b".mod999 \\"))
    assert "bundle_damaged: .mod999: " in baton("bundle", "--show", bundle).stderr
    assert "no bundle" in baton("bundle", "--show", artefacts.LOADER).stderr


def measured(*arguments) -> dict:
    return json.loads(baton("measure", *arguments, "--json", check=True).stdout)


def test_measure_counts_content_and_nothing_else(tmp_path):
    values = [measured(make(tmp_path, kernel(), "--append", text, name=name))["pcrs"]["sha256"]
              for text, name in (("a", "a.efi"), ("a", "b.efi"), ("b", "c.efi"))]
    assert values[0] == values[1]
    assert values[0]["8"] != values[2]["8"] and values[0]["4"] != values[2]["4"]
    assert values[0]["9"] == values[2]["9"]


def expect_pcrs(tpm, pcrs: dict):
    """The machine has ended."""
    for bank, values in pcrs.items():
        found = [value.hex() for value in tpm.pcrs(4, 8, 9, bank=bank)]
        assert found == [values[number] for number in ("4", "8", "9")], bank


def test_a_bundle_and_its_container_extend_pcrs_as_measure_says(boot, tmp_path, tpm):
    (tmp_path / "data").write_bytes(b"data")
    (tmp_path / "a.conf").write_text("kernel /k\nmodule /m\nmodule /c.efi\noptions one two\n")
    bundle = make(tmp_path, kernel(), "--module", f"{tmp_path / 'data'}=/m", "--entry", tmp_path / "a.conf")
    container = make(tmp_path, "--container", tmp_path / "data", name="c.efi")
    files = {"/EFI/BOOT/BOOTX64.EFI": bundle.read_bytes(), "/c.efi": container.read_bytes()}
    boot(None, tpm=tpm, files=files).wait_for_exit()
    expect_pcrs(tpm, measured(bundle, "--container", container)["pcrs"])


def test_an_image_extends_pcrs_as_measure_says(boot_image, tmp_path, tpm):
    (tmp_path / "data").write_bytes(b"data")
    words = [kernel(), "--module", tmp_path / "data", "--append", "one two"]
    baton("image", *words, "-o", tmp_path / "disk.img", check=True)
    boot_image(tmp_path / "disk.img", tpm=tpm).wait_for_exit()
    expect_pcrs(tpm, measured(*words)["pcrs"])


def test_an_image_with_a_bundle_alone_boots(boot_image, tmp_path):
    baton("image", "--bundle", make(tmp_path, kernel()), "-o", tmp_path / "disk.img", check=True)
    machine = boot_image(tmp_path / "disk.img")
    machine.wait_for_exit()
    assert "kernel.elf of .entry" in machine.serial


@pytest.mark.parametrize("words", [[], ["--container"], ["--module"]], ids=lambda words: "".join(words))
def test_measure_refuses_what_is_no_bundle_or_container(tmp_path, words):
    (tmp_path / "data").write_bytes(b"data")
    container = make(tmp_path, "--container", tmp_path / "data")
    what = {"": [container], "--container": [kernel(), "--container", kernel()],
            "--module": [make(tmp_path, kernel(), name="b.efi"), "--module", container]}["".join(words)]
    done = baton("measure", *what)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
