// Attributes of System.Runtime.Versioning.
//
// Read by the C# compiler or by ilc from metadata; they make no code.

namespace System.Runtime.Versioning;

/// <summary>The framework the assembly was compiled for.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class TargetFrameworkAttribute : Attribute
{
    public TargetFrameworkAttribute(string frameworkName)
    {
    }

    public string? FrameworkDisplayName { get; set; }
}
