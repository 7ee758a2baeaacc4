// No symbols: nothing that is explored prints addresses.

namespace CSharpOS.Debugging;

public ref struct SymbolInfo
{
    public ReadOnlySpan<byte> Name;
    public nuint Start, Size;
}

public static class SymbolTable
{
    public static bool Lookup(nuint address, out SymbolInfo symbol)
    {
        symbol = default;
        return false;
    }
}

public static class LineTable
{
    public static bool Lookup(nuint address, out ReadOnlySpan<byte> file, out int line)
    {
        file = default;
        line = 0;
        return false;
    }
}
