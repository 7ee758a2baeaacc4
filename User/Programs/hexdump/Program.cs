// hexdump: bytes as numbers and characters, sixteen in a row.

namespace CSharpOS.User.Programs;

internal static class Program
{
    private const int Width = 16;

    private static int Main(string[] args)
    {
        if (args.Length > 1)
        {
            return Usage("hexdump [FILE]");
        }

        int descriptor = args.Length == 0 ? 0 : Open(args[0], O_RDONLY);
        if (descriptor < 0)
        {
            return Perror("hexdump", args[0]);
        }

        byte[] row = new byte[Width];
        uint offset = 0;
        while (true)
        {
            int length = 0;
            int count = 1;
            while (length < Width && count > 0)
            {
                count = Read(descriptor, row.AsSpan(length));
                length += Math.Max(count, 0);
            }

            if (count < 0)
            {
                return Perror("hexdump", args.Length == 0 ? "standard input" : args[0]);
            }

            if (length > 0)
            {
                Show(offset, row.AsSpan(0, length));
            }

            offset += (uint)length;
            if (length < Width)
            {
                Console.WriteLine($"{offset:x8}");
                return 0;
            }
        }
    }

    private static void Show(uint offset, ReadOnlySpan<byte> row)
    {
        Console.Write($"{offset:x8} ");
        for (int i = 0; i < Width; i++)
        {
            Console.Write(i == Width / 2 ? "  " : " ");
            if (i < row.Length)
            {
                Console.Write($"{(uint)row[i]:x2}");
            }
            else
            {
                Console.Write("  ");
            }
        }

        Console.Write("  |");
        foreach (byte value in row)
        {
            Console.Write(value is >= 32 and < 127 ? (char)value : '.');
        }

        Console.WriteLine("|"u8);
    }
}
