// Attributes of System.Diagnostics.CodeAnalysis: what the nullable and ref analyses go by.
//
// Read by the C# compiler or by ilc from metadata; they make no code.

namespace System.Diagnostics.CodeAnalysis;

/// <summary>The method never returns.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DoesNotReturnAttribute : Attribute
{
    public DoesNotReturnAttribute()
    {
    }
}

/// <summary>The method does not return when the parameter has this value.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class DoesNotReturnIfAttribute : Attribute
{
    public DoesNotReturnIfAttribute(bool parameterValue)
    {
    }
}

/// <summary>Not null when the method gives this.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class NotNullWhenAttribute : Attribute
{
    public NotNullWhenAttribute(bool returnValue)
    {
    }
}

/// <summary>Perhaps null when the method gives this.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class MaybeNullWhenAttribute : Attribute
{
    public MaybeNullWhenAttribute(bool returnValue)
    {
    }
}

/// <summary>Never null.</summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.ReturnValue | AttributeTargets.Field | AttributeTargets.Property)]
public sealed class NotNullAttribute : Attribute
{
    public NotNullAttribute()
    {
    }
}

/// <summary>Perhaps null.</summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.ReturnValue | AttributeTargets.Field | AttributeTargets.Property)]
public sealed class MaybeNullAttribute : Attribute
{
    public MaybeNullAttribute()
    {
    }
}

/// <summary>Null may go in.</summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Field | AttributeTargets.Property)]
public sealed class AllowNullAttribute : Attribute
{
    public AllowNullAttribute()
    {
    }
}

/// <summary>Null may not go in.</summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Field | AttributeTargets.Property)]
public sealed class DisallowNullAttribute : Attribute
{
    public DisallowNullAttribute()
    {
    }
}

/// <summary>Not null if that parameter is not.</summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.ReturnValue | AttributeTargets.Property)]
public sealed class NotNullIfNotNullAttribute : Attribute
{
    public NotNullIfNotNullAttribute(string parameterName)
    {
    }
}

/// <summary>The members are not null when the method returns.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
public sealed class MemberNotNullAttribute : Attribute
{
    public MemberNotNullAttribute(params string[] members)
    {
    }
}

/// <summary>The reference may outlive the call.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class UnscopedRefAttribute : Attribute
{
    public UnscopedRefAttribute()
    {
    }
}

/// <summary>The constructor sets every required member.</summary>
[AttributeUsage(AttributeTargets.Constructor)]
public sealed class SetsRequiredMembersAttribute : Attribute
{
    public SetsRequiredMembersAttribute()
    {
    }
}

/// <summary>Callers should pass a constant.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class ConstantExpectedAttribute : Attribute
{
    public ConstantExpectedAttribute()
    {
    }

    public object? Min { get; set; }

    public object? Max { get; set; }
}

/// <summary>A finding of an analyzer that is right as it is.</summary>
[AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
public sealed class SuppressMessageAttribute : Attribute
{
    public SuppressMessageAttribute(string category, string checkId)
    {
    }

    public string? Justification { get; set; }

    public string? Scope { get; set; }

    public string? Target { get; set; }
}

/// <summary>Not measured by coverage tools.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class ExcludeFromCodeCoverageAttribute : Attribute
{
    public ExcludeFromCodeCoverageAttribute()
    {
    }

    public string? Justification { get; set; }
}
