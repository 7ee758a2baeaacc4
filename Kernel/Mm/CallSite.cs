// CallSite: a line of source, remembered in raw memory.
//
// Linux: struct track, mm/slub.c. Any context, no locks. Debug builds fill it from [CallerFilePath] and [CallerLineNumber]; the file name is a
// string literal, which the compiler puts into frozen data: it never moves and never dies, so its address may lie where nothing looks for
// references. Invariant: only literals get in here.

using System.Runtime.CompilerServices;
using CSharpOS.Debugging;

namespace CSharpOS.Mm;

/// <summary>File and line of a caller.</summary>
internal struct CallSite
{
    private nint _file;
    private int _line;

    /// <summary>The line; 0 when there is none.</summary>
    internal readonly int Line => _line;

    /// <summary>The source file as the compiler knew it; "?" when there is none.</summary>
    internal readonly string File
    {
        get
        {
            nint reference = _file;
            return reference == 0 ? "?" : Unsafe.As<nint, string>(ref reference);
        }
    }

    /// <summary>The same for showing.</summary>
    internal readonly ReadOnlySpan<char> ShownFile => ContextReport.Trim(File);

    /// <summary>Remembers a caller.</summary>
    internal void Set(string file, int line)
    {
        _file = Unsafe.As<string, nint>(ref file);
        _line = line;
    }
}
