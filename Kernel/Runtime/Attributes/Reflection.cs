// Attributes of System.Reflection.
//
// Read by the C# compiler or by ilc from metadata; they make no code.

namespace System.Reflection;

/// <summary>The indexer's name, written by the compiler.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class DefaultMemberAttribute : Attribute
{
    public DefaultMemberAttribute(string memberName)
    {
    }
}

/// <summary>A fact about the assembly.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class AssemblyTitleAttribute : Attribute
{
    public AssemblyTitleAttribute(string title)
    {
    }
}

/// <summary>A fact about the assembly.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class AssemblyCompanyAttribute : Attribute
{
    public AssemblyCompanyAttribute(string company)
    {
    }
}

/// <summary>A fact about the assembly.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class AssemblyProductAttribute : Attribute
{
    public AssemblyProductAttribute(string product)
    {
    }
}

/// <summary>A fact about the assembly.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class AssemblyCopyrightAttribute : Attribute
{
    public AssemblyCopyrightAttribute(string copyright)
    {
    }
}

/// <summary>A fact about the assembly.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class AssemblyConfigurationAttribute : Attribute
{
    public AssemblyConfigurationAttribute(string configuration)
    {
    }
}

/// <summary>A fact about the assembly.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class AssemblyDescriptionAttribute : Attribute
{
    public AssemblyDescriptionAttribute(string description)
    {
    }
}

/// <summary>A fact about the assembly.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class AssemblyVersionAttribute : Attribute
{
    public AssemblyVersionAttribute(string version)
    {
    }
}

/// <summary>A fact about the assembly.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class AssemblyFileVersionAttribute : Attribute
{
    public AssemblyFileVersionAttribute(string version)
    {
    }
}

/// <summary>A fact about the assembly.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class AssemblyInformationalVersionAttribute : Attribute
{
    public AssemblyInformationalVersionAttribute(string informationalVersion)
    {
    }
}

/// <summary>A named fact about the assembly.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class AssemblyMetadataAttribute : Attribute
{
    public AssemblyMetadataAttribute(string key, string? value)
    {
    }
}
