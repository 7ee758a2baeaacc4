# csharpos.py: gdb helpers for the kernel. `./csos debug` sources this file; by hand: (gdb) source tools/gdb/csharpos.py
#
#   csbreak Interrupts.RequestIrq     breakpoint on a method by its C# name (Tab completes; every overload and instantiation is hit)
#   csos-regs ADDRESS                 the registers that an entry stub saved: PtRegs
#   csos-log [COUNT]                  the kernel log, or its last COUNT records, even before there is a console
#   backtrace                         shows C# names, and walks through the entry stubs into what was interrupted
#
# How backtrace gets through the entry stubs and other assembly: csharpos_frames.py. The compiler's frame descriptions end with the
# prologue, so an unwinder here recognises the end of a function by its instructions.
#
# Written for gdb 13 and later. It reads memory only, and changes nothing in the guest.

import os
import re
import struct
import sys

import gdb
import gdb.unwinder
from gdb.FrameDecorator import FrameDecorator

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import csharpos_frames
from csharpos_image import ADDRESS_MASK, WORD, Kernel, read_bytes

PTREGS = ["r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi",
          "orig_rax", "rip", "cs", "eflags", "rsp", "ss"]


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


def saved(pending_frame, register, address):
    """The value of a register that lies in memory."""
    kind = pending_frame.read_register(register).type
    return gdb.Value(address).cast(kind.pointer()).dereference()


def frame_registers(pending_frame):
    return int(pending_frame.read_register("rip")) & ADDRESS_MASK, int(pending_frame.read_register("rsp")) & ADDRESS_MASK


class EpilogueUnwinder(gdb.unwinder.Unwinder):
    """The end of a function: add rsp,n; pop ...; ret or jmp. The compiler describes frames as if that had no effect."""

    CALLEE_SAVED = {b"\x5b": "rbx", b"\x5d": "rbp", b"\x41\x5c": "r12", b"\x41\x5d": "r13", b"\x41\x5e": "r14", b"\x41\x5f": "r15"}

    def __init__(self):
        super().__init__("csharpos-epilogues")

    def __call__(self, pending_frame):
        kernel = Kernel.get()
        pc, sp = frame_registers(pending_frame)
        if kernel is None or kernel.tables is None or kernel.tables.lookup(pc) is None:
            return None
        try:
            code = read_bytes(pc, 32)
        except (gdb.MemoryError, gdb.error):
            return None
        depth, registers = self.simulate(code)
        if depth is None:
            return None
        unwind = pending_frame.create_unwind_info(FrameId(gdb.Value(sp + depth + WORD), gdb.Value(kernel.tables.lookup(pc)[0])))
        for name in self.CALLEE_SAVED.values():
            unwind.add_saved_register(
                name, saved(pending_frame, name, sp + registers[name]) if name in registers else pending_frame.read_register(name))
        unwind.add_saved_register("rip", saved(pending_frame, "rip", sp + depth))
        unwind.add_saved_register("rsp", gdb.Value(sp + depth + WORD).cast(pending_frame.read_register("rsp").type))
        return unwind

    @classmethod
    def simulate(cls, code):
        """Bytes between rsp and the return address, and where the registers popped on the way lie; (None, None) if it is no epilogue."""
        at = depth = 0
        registers = {}
        if code[:3] == b"\x48\x83\xc4":
            depth, at = code[3], 4
        elif code[:3] == b"\x48\x81\xc4":
            depth, at = struct.unpack_from("<I", code, 3)[0], 7
        while True:
            if code[at:at + 1] == b"\xc3" or (at != 0 and code[at:at + 1] == b"\xe9"):
                return depth, registers
            for length in (1, 2):
                name = cls.CALLEE_SAVED.get(code[at:at + length])
                if name is not None:
                    registers[name] = depth
                    depth += WORD
                    at += length
                    break
            else:
                return None, None


class NameDecorator(FrameDecorator):
    """A frame with its C# name."""

    def function(self):
        try:
            frame = self.inferior_frame()
            newer = frame.newer()
            pc = frame.pc()
            kernel = Kernel.get()
            if kernel is not None and kernel.tables is not None:
                # A return address may lie behind its function's last instruction; an interrupted address is exact.
                returns = newer is not None and newer.type() != gdb.SIGTRAMP_FRAME
                symbol = kernel.tables.lookup(pc - 1 if returns else pc)
                if symbol is not None:
                    return symbol[2] + (" [%s]" % symbol[3] if symbol[3] else "")
        except gdb.error:
            pass
        return super().function()


class NameFilter:
    """Gives every frame of a backtrace its C# name, and leaves out the zero return address at the top of a kernel thread's stack.

    Off: disable frame-filter global csharpos-names"""

    def __init__(self):
        self.name = "csharpos-names"
        self.priority = 100
        self.enabled = True
        gdb.frame_filters[self.name] = self

    def filter(self, frames):
        return (NameDecorator(frame) for frame in frames if frame.inferior_frame().pc() != 0)


def find_methods(tables, text):
    """The methods that a name stands for: all of the full name, else all whose name ends with it (RequestIrq, or Irq.RequestIrq)."""
    plain = re.compile(r"<[^<>]*>")

    def simple(name):
        while plain.search(name):
            name = plain.sub("", name)
        return name

    exact = [symbol for symbol in tables.symbols if text in (symbol[2], simple(symbol[2]))]
    return exact or [symbol for symbol in tables.symbols if simple(symbol[2]).endswith("." + text)]


class BreakCommand(gdb.Command):
    """Sets a breakpoint on a C# method: csbreak CLASS.METHOD [if CONDITION]

The class may be left out if only one has such a method. All overloads, and all instantiations of a generic method, are hit."""

    def __init__(self):
        super().__init__("csbreak", gdb.COMMAND_BREAKPOINTS)

    def invoke(self, argument, from_tty):
        name, _, condition = argument.strip().partition(" ")
        if not name:
            raise gdb.GdbError("csbreak CLASS.METHOD: which method?")
        methods = find_methods(Kernel.get_tables(), name)
        if not methods:
            raise gdb.GdbError("no method %s in the kernel" % name)
        names = sorted({method[2] for method in methods})
        if len({re.sub(r"<.*", "", found).rpartition(".")[0] for found in names}) > 1:
            raise gdb.GdbError("%s is not unique: %s" % (name, ", ".join(names)))
        for method in methods:
            breakpoint = gdb.Breakpoint("*0x%x" % method[0])
            condition = condition.strip()
            if condition:
                breakpoint.condition = re.sub(r"^if\s+", "", condition)

    def complete(self, text, word):
        typed = text.strip()
        head = len(typed) - len(word)
        return sorted({symbol[2][head:] for symbol in Kernel.get_tables().symbols if symbol[2].startswith(typed)})


class RegsCommand(gdb.Command):
    """Prints the registers that an entry stub saved: csos-regs PTREGS_ADDRESS"""

    def __init__(self):
        super().__init__("csos-regs", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        if not argument:
            raise gdb.GdbError("csos-regs PTREGS_ADDRESS: which address?")
        address = int(gdb.parse_and_eval("(unsigned long)(%s)" % argument)) & ADDRESS_MASK
        values = struct.unpack("<%dQ" % len(PTREGS), read_bytes(address, WORD * len(PTREGS)))
        for start in range(0, len(PTREGS), 3):
            print("  ".join("%8s %016x" % pair for pair in list(zip(PTREGS, values))[start:start + 3]))
        rip = values[PTREGS.index("rip")]
        print("%s, %s mode" % (Kernel.get_tables().describe(rip), "user" if values[PTREGS.index("cs")] & 3 else "kernel"))


class LogCommand(gdb.Command):
    """Prints the kernel log from memory: csos-log [COUNT]"""

    # The ring's form: Kernel/Log/LogRing.cs.
    RING = "Kernel_CSharpOS_Log_LogRing"
    HEADER = 24
    COMMITTED = 0xFF << 56
    POSITION_MASK = (1 << 44) - 1

    def __init__(self):
        super().__init__("csos-log", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        records = list(self.records())
        if argument:
            records = records[-int(gdb.parse_and_eval(argument)):]
        for time, cpu, text in records:
            print("[%5d.%06d] %d: %s" % (time // 1000000, time % 1000000, cpu, text))

    def records(self):
        try:
            head = int(gdb.parse_and_eval(self.RING + "::s_head"))
            position = int(gdb.parse_and_eval(self.RING + "::s_tail"))
            storage = gdb.parse_and_eval(self.RING + "::s_storage")
            ring = read_bytes(int(storage.address), storage.type.sizeof)
        except gdb.error as error:
            raise gdb.GdbError("the kernel log cannot be read here: %s" % error)
        size_mask = len(ring) - 1
        while position < head:
            stamp, time, words = (struct.unpack_from("<Q", ring, position + i & size_mask)[0] for i in (0, 8, 16))
            if stamp < self.COMMITTED or (stamp ^ position) & self.POSITION_MASK:
                position += 8
                continue
            start = position + self.HEADER
            length = min(words >> 28 & 0xFFF, (stamp >> 44 & 0xFFF) * 8 - self.HEADER)
            text = bytes(ring[i & size_mask] for i in range(start, start + length))
            yield time, words >> 40 & 0xFF, text.decode("utf-8", "replace")
            position += max((stamp >> 44 & 0xFFF) * 8, 8)


gdb.unwinder.register_unwinder(None, EpilogueUnwinder(), replace=True)
NameFilter()
BreakCommand()
RegsCommand()
LogCommand()


def describe_assembly(event=None):
    """For the image that is loaded now, and for the next one that `file` loads."""
    kernel = Kernel.get()
    if kernel is not None and kernel.tables is not None and not getattr(kernel, "described", False):
        kernel.described = True
        csharpos_frames.load(kernel)


gdb.events.new_objfile.connect(describe_assembly)
describe_assembly()
