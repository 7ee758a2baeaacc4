// Attributes of System.Runtime: symbols in and out.
//
// Read by the C# compiler or by ilc from metadata; they make no code.

namespace System.Runtime;

/// <summary>The method is the symbol <c>entry</c>, called without any transition.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RuntimeImportAttribute : Attribute
{
    public RuntimeImportAttribute(string entry)
    {
    }

    public RuntimeImportAttribute(string library, string entry)
    {
    }
}

/// <summary>The method gets the plain symbol <c>entry</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RuntimeExportAttribute : Attribute
{
    public RuntimeExportAttribute(string entry)
    {
    }
}
