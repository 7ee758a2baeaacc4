// What the sources under test take from the user library, on ordinary .NET.

using System;
using System.Text;

namespace CSharpOS.Runtime
{
    /// <summary>Rounds of memory mean nothing to a garbage collector.</summary>
    internal static class ManagedHeap
    {
        public static bool Keep(bool keep) => keep;
    }
}

namespace CSharpOS.User
{
    internal static class Utf8
    {
        public static string ToString(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);
    }
}
