// Disassembler: the writer of its text. What does not fit into the buffer is dropped.

using System;

namespace CSharpOS.Debugging;

public static partial class Disassembler
{
    private ref struct TextWriter
    {
        private readonly Span<byte> _buffer;
        private int _length;

        public TextWriter(Span<byte> buffer)
        {
            _buffer = buffer;
            _length = 0;
        }

        public readonly int Length => _length;

        public void Write(char character)
        {
            if (_length < _buffer.Length)
            {
                _buffer[_length++] = (byte)character;
            }
        }

        public void Write(scoped ReadOnlySpan<byte> text)
        {
            for (int i = 0; i < text.Length; i++)
            {
                Write((char)text[i]);
            }
        }

        /// <summary>Writes up to 9 as it is, anything else in hexadecimal.</summary>
        public void WriteNumber(ulong value)
        {
            if (value > 9)
            {
                Write("0x"u8);
            }

            int shift = 60;
            while (shift > 0 && value >> shift == 0)
            {
                shift -= 4;
            }

            for (; shift >= 0; shift -= 4)
            {
                Write((char)"0123456789abcdef"u8[(int)((value >> shift) & 15)]);
            }
        }

        /// <summary>Writes the number of a register, 0 to 15, in decimal.</summary>
        public void WriteRegisterNumber(int number)
        {
            if (number >= 10)
            {
                Write('1');
                number -= 10;
            }

            Write((char)('0' + number));
        }
    }
}
