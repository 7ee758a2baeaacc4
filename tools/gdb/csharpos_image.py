# csharpos_image.py: what the helpers know of a kernel image: the tables that it carries for its own call traces, and where its
# entry stubs are.

import bisect
import struct

import gdb

WORD = 8
ADDRESS_MASK = 0xFFFFFFFFFFFFFFFF


def address_of(symbol):
    """The address of a linker symbol or label; None if there is none."""
    found = gdb.lookup_minimal_symbol(symbol) if hasattr(gdb, "lookup_minimal_symbol") else None
    if found is not None:
        return int(found.value().address)
    try:
        return int(gdb.parse_and_eval("(unsigned long)&'%s'" % symbol)) & ADDRESS_MASK
    except gdb.error:
        return None


def read_bytes(address, length):
    return bytes(gdb.selected_inferior().read_memory(address, length))


def read_word(address):
    return struct.unpack("<Q", read_bytes(address, WORD))[0]


class Tables:
    """The tables of an image; the format is in Kernel/Debug/SymbolTableBlob.cs.

    symbols: (start, size, name, module); rows: (address, rule) with a rule (from rbp, frame offset, rbp below frame) or None."""

    MAGIC = 0x544B5343
    VERSION = 1
    SYMBOLS_PER_BLOCK = 8
    ROWS_PER_BLOCK = 32

    def __init__(self, data):
        self.data = data
        words = struct.unpack_from("<24I", data)
        if words[0] != self.MAGIC or words[1] != self.VERSION:
            raise ValueError("no symbol table in this image")
        self.base = words[4] | words[5] << 32
        self.symbols = list(self._read_symbols(words))
        self.starts = [symbol[0] for symbol in self.symbols]
        self.rows = list(self._read_rows(words))

    def _read_symbols(self, words):
        modules = self._modules(words[8], words[9])
        for block in range((words[3] + self.SYMBOLS_PER_BLOCK - 1) // self.SYMBOLS_PER_BLOCK):
            start, offset = struct.unpack_from("<2I", self.data, words[10] + 8 * block)
            at = words[11] + offset
            for _ in range(min(self.SYMBOLS_PER_BLOCK, words[3] - block * self.SYMBOLS_PER_BLOCK)):
                step, at = self._number(at)
                size, at = self._number(at)
                module, at = self._number(at)
                length, at = self._number(at)
                start += step
                name = self.data[at:at + length].decode("utf-8", "replace")
                at += length
                yield self.base + start, size, name, modules[module] if module < len(modules) else ""

    def _read_rows(self, words):
        rules = [None]
        for number in range(1, words[21]):
            packed, offset = struct.unpack_from("<2I", self.data, words[20] + 8 * number)
            rules.append((packed & 1, offset, packed >> 16))
        for block in range((words[19] + self.ROWS_PER_BLOCK - 1) // self.ROWS_PER_BLOCK):
            address, offset = struct.unpack_from("<2I", self.data, words[17] + 8 * block)
            at = words[18] + offset
            for row in range(min(self.ROWS_PER_BLOCK, words[19] - block * self.ROWS_PER_BLOCK)):
                if row != 0:
                    step, at = self._number(at)
                    address += step
                rule, at = self._number(at)
                yield self.base + address, rules[rule]

    def _number(self, at):
        value = shift = 0
        while True:
            byte = self.data[at]
            value |= (byte & 0x7F) << shift
            at += 1
            shift += 7
            if byte < 0x80:
                return value, at

    def _modules(self, at, count):
        names = []
        for _ in range(count):
            names.append(self.data[at + 1:at + 1 + self.data[at]].decode())
            at += 1 + self.data[at]
        return names

    def lookup(self, pc):
        index = bisect.bisect_right(self.starts, pc) - 1
        if index >= 0 and pc - self.starts[index] < self.symbols[index][1]:
            return self.symbols[index]
        return None

    def rows_of(self, symbol):
        """The unwind rows of a function, the first at its start."""
        first = bisect.bisect_right(self.rows, symbol[0], key=lambda row: row[0]) - 1
        rows = []
        for address, rule in self.rows[max(first, 0):]:
            if address >= symbol[0] + symbol[1]:
                break
            rows.append((max(address, symbol[0]), rule))
        return rows

    def describe(self, pc):
        symbol = self.lookup(pc)
        if symbol is None:
            return "0x%x" % pc
        return "%s+0x%x/0x%x%s" % (symbol[2], pc - symbol[0], symbol[1], " [%s]" % symbol[3] if symbol[3] else "")


def elf_section(path, name):
    """A section's address and bytes from an ELF64 file; None if it has none of that name."""
    with open(path, "rb") as file:
        data = file.read()
    table = struct.unpack_from("<Q", data, 40)[0]
    count, names = struct.unpack_from("<2H", data, 60)
    headers = [struct.unpack_from("<IIQQQQ", data, table + 64 * i) for i in range(count)]
    pool = headers[names][4]
    for header in headers:
        at = pool + header[0]
        if data[at:data.index(b"\0", at)].decode() == name:
            return header[3], data[header[4]:header[4] + header[5]]
    return None


class Kernel:
    """What is read once per image: the tables, and where the entry stubs are."""

    current = None

    def __init__(self, path):
        self.path = path
        section = elf_section(path, ".ksymtab")
        self.tables = Tables(section[1]) if section else None
        self.text = elf_section(path, ".text")
        self.entry = (address_of("__entry_text_start"), address_of("__entry_text_end"))

    def code(self, start, end):
        """Instructions from the image; the guest's memory is not there before paging."""
        address, data = self.text
        return data[start - address:end - address]

    @classmethod
    def get(cls):
        path = gdb.current_progspace().filename
        if path is None:
            return None
        if cls.current is None or cls.current.path != path:
            try:
                cls.current = cls(path)
            except (OSError, ValueError, struct.error, IndexError) as error:
                raise gdb.GdbError("%s: %s" % (path, error))
        return cls.current

    @classmethod
    def get_tables(cls):
        kernel = cls.get()
        if kernel is None or kernel.tables is None:
            raise gdb.GdbError("no kernel image with tables is loaded (file artifacts/image/.../csharpos.elf)")
        return kernel.tables
