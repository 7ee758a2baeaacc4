// No symbols: nothing that is explored prints addresses.

namespace CSharpOS.Debugging;

public ref struct SymbolInfo
{
    public ReadOnlySpan<byte> Name;
}

public static class SymbolTable
{
    public static bool Lookup(nuint address, out SymbolInfo symbol)
    {
        symbol = default;
        return false;
    }
}
