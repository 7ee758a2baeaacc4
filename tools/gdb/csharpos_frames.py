# csharpos_frames.py: frame descriptions for the kernel's assembly, made when an image is loaded and given to gdb as a small ELF file.
#
# NASM writes none. gdb needs two kinds:
#  * The calls from the entry stubs (Boot/entry.asm) into C#. The word at rsp, there, is the address of PtRegs, which holds all
#    registers of the interrupted code (Kernel/Debug/Unwinder.cs relies on the same). The description marks
#    the stub as a signal frame: only then does gdb accept that the interrupted stack may lie below the interrupt stack, and that the
#    interrupted address is not a return address. A gdb.unwinder.Unwinder could not say that: those make normal frames only.
#  * Assembly functions. Where their frame is the image's own unwind tables know; what is pushed first are the caller's registers.

import atexit
import os
import struct
import tempfile

import gdb

from csharpos_image import read_bytes

# DWARF's register numbers, in the order of PtRegs; orig_rax is none.
PTREGS_DWARF = [15, 14, 13, 12, 6, 3, 11, 10, 9, 8, 0, 2, 1, 4, 5, None, 16, 51, 49, 7, 52]
RBP = 6
RSP = 7
RETURN_ADDRESS = 16
PUSHES = {b"\x53": 3, b"\x55": 6, b"\x41\x54": 12, b"\x41\x55": 13, b"\x41\x56": 14, b"\x41\x57": 15}
CALL = 0xE8
CALL_LENGTH = 5


def uleb(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def sleb(value):
    out = b""
    while not -64 <= value < 64:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value & 0x7F])


def padded(body):
    body += b"\0" * (-(len(body) + 4) % 8)
    return struct.pack("<I", len(body)) + body


def saved_at(register, words_above_cfa):
    """DW_CFA_offset_extended_sf; the data alignment factor is -8."""
    return b"\x11" + uleb(register) + sleb(-words_above_cfa)


class FrameSection:
    """An .eh_frame section under construction."""

    def __init__(self):
        self.bytes = b""

    def cie(self, augmentation, instructions):
        start = len(self.bytes)
        head = struct.pack("<IB", 0, 1) + augmentation + b"\0" + uleb(1) + sleb(-8) + uleb(RETURN_ADDRESS) + uleb(1) + b"\0"
        self.bytes += padded(head + instructions)
        return start

    def fde(self, cie, start, length, instructions):
        back = len(self.bytes) + 4 - cie
        self.bytes += padded(struct.pack("<IQQ", back, start, length) + uleb(0) + instructions)


def entry_calls(kernel):
    """The calls in the entry stubs: every E8 whose target is the first byte of a function."""
    start, end = kernel.entry
    code = kernel.code(start, end)
    for at in range(len(code) - CALL_LENGTH + 1):
        if code[at] == CALL:
            target = start + at + CALL_LENGTH + struct.unpack_from("<i", code, at + 1)[0]
            symbol = kernel.tables.lookup(target)
            if symbol is not None and symbol[0] == target and not start <= target < end:
                yield start + at


def assembly_functions(kernel):
    """Functions without a class, if their frame is known at the start; compiled ones have a description."""
    start, end = kernel.entry
    for symbol in kernel.tables.symbols:
        if "." not in symbol[2] and not start <= symbol[0] < end:
            rows = kernel.tables.rows_of(symbol)
            if rows and rows[0][1] is not None:
                yield symbol, rows


def assembly_instructions(kernel, symbol, rows):
    """Frame instructions of an assembly function, from the tables' rows and the pushes that it begins with."""
    pushes = {}
    code = kernel.code(symbol[0], symbol[0] + symbol[1])
    at = 0
    while True:
        length = 1 if code[at:at + 1] in PUSHES else 2
        register = PUSHES.get(code[at:at + length])
        if register is None:
            break
        at += length
        pushes[symbol[0] + at] = register
    out = b""
    place = symbol[0]
    saved = []
    for address, rule in rows:
        if address != place:
            out += b"\x04" + struct.pack("<I", address - place)
            place = address
        if rule is None:
            # Nothing known from here on: end the walk by an undefined return address.
            out += b"\x07" + uleb(RETURN_ADDRESS)
            continue
        out += b"\x0c" + uleb(RBP if rule[0] else RSP) + uleb(rule[1]) + saved_at(RETURN_ADDRESS, -1)
        if address in pushes:
            saved.append((pushes[address], rule[1] // 8))
        # Popped again: the register is the caller's.
        for register, depth in list(saved):
            if depth * 8 > rule[1]:
                saved.remove((register, depth))
                out += b"\x08" + uleb(register)
        for register, depth in saved:
            out += saved_at(register, -depth)
    return out


def frame_section(kernel):
    section = FrameSection()
    signal = section.cie(b"zRS", b"")
    registers = b"".join(saved_at(number, index) for index, number in enumerate(PTREGS_DWARF) if number is not None)
    cfa_from_word_at_rsp = b"\x0f\x03\x77\x00\x06"
    # Up to and with the byte that the call returns to: for a signal frame gdb looks that one up, not the call. rsp is the same there.
    calls = list(entry_calls(kernel))
    for call in calls:
        section.fde(signal, call, CALL_LENGTH + 1, cfa_from_word_at_rsp + registers)
    plain = section.cie(b"zR", b"\x0c" + uleb(RSP) + uleb(8) + saved_at(RETURN_ADDRESS, -1))
    # The rest of the stubs has no frame that could be described: a backtrace from there ends at once instead of guessing.
    borders = [kernel.entry[0]] + [border for call in calls for border in (call, call + CALL_LENGTH + 1)] + [kernel.entry[1]]
    for start, end in zip(borders[::2], borders[1::2]):
        if start < end:
            section.fde(plain, start, end - start, b"\x07" + uleb(RETURN_ADDRESS))
    for symbol, rows in assembly_functions(kernel):
        section.fde(plain, symbol[0], symbol[1], assembly_instructions(kernel, symbol, rows))
    return section.bytes


def elf_with(frames):
    """A file with nothing but .eh_frame, and an empty section where gdb expects code."""
    names = b"\0.text\0.eh_frame\0.shstrtab\0"
    body = frames + names
    sections = [
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (1, 8, 6, 0xFFFFFFFFFFFFF000, 64, 1, 0, 0, 1, 0),
        (7, 1, 2, 0, 64, len(frames), 0, 0, 8, 0),
        (17, 3, 0, 0, 64 + len(frames), len(names), 0, 0, 1, 0),
    ]
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, 64 + len(body), 0, 64, 56, 0, 64, len(sections), 3)
    return head + body + b"".join(struct.pack("<IIQQQQIIQQ", *section) for section in sections)


def load(kernel):
    """Describes the image's assembly to gdb."""
    if kernel.tables is None or None in kernel.entry:
        return
    with tempfile.NamedTemporaryFile(prefix="csharpos-frames-", suffix=".elf", delete=False) as file:
        file.write(elf_with(frame_section(kernel)))
    atexit.register(lambda: os.path.exists(file.name) and os.unlink(file.name))
    gdb.execute("add-symbol-file %s -o 0" % file.name, to_string=True)
