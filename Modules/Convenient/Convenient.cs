// Convenient: how the courseware's demonstrations log: where, and what. Its MSG macro is in convenient.h.
//
//     sleepy_read:102 : process 12245 (rd_tst) going to sleep
//
// The compiler says where: the method, which is spelled here as in the courseware's C, and the line. Any context.

using System.Runtime.CompilerServices;

namespace CSharpOS.Drivers;

internal static class Convenient
{
    private const int LongestName = 64;

    /// <summary>Logs <c>caller:line : text</c>. The text ends with a line feed.</summary>
    internal static void Message(scoped ref TextHandler text, [CallerMemberName] string caller = "", [CallerLineNumber] int line = 0)
    {
        Span<byte> memory = stackalloc byte[LongestName];
        TextBuffer name = new(memory);
        for (int i = 0; i < caller.Length; i++)
        {
            char letter = caller[i];
            bool isCapital = letter is >= 'A' and <= 'Z';
            if (isCapital && i > 0)
            {
                name.Append('_');
            }

            name.Append(isCapital ? (char)(letter | 0x20) : letter);
        }

        Printk(LogLevel.Info, $"{name.Written}:{line} : {text.Written}");
        text.Release();
    }
}
