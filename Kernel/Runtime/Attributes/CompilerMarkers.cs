// Attributes that the C# compiler writes into metadata by itself.
//
// Without these definitions every assembly would carry its own copies. Read by the C# compiler or by ilc from metadata; they make no code.

namespace System.Runtime.CompilerServices;

/// <summary>A readonly struct, member or reference.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class IsReadOnlyAttribute : Attribute
{
    public IsReadOnlyAttribute()
    {
    }
}

/// <summary>A ref struct.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class IsByRefLikeAttribute : Attribute
{
    public IsByRefLikeAttribute()
    {
    }
}

/// <summary>A type parameter constrained to unmanaged.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class IsUnmanagedAttribute : Attribute
{
    public IsUnmanagedAttribute()
    {
    }
}

/// <summary>A <c>ref readonly</c> parameter.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class RequiresLocationAttribute : Attribute
{
    public RequiresLocationAttribute()
    {
    }
}

/// <summary>A <c>scoped</c> parameter.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class ScopedRefAttribute : Attribute
{
    public ScopedRefAttribute()
    {
    }
}

/// <summary><c>params</c> of a span.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class ParamCollectionAttribute : Attribute
{
    public ParamCollectionAttribute()
    {
    }
}

/// <summary>The rules of ref safety the module was compiled by.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class RefSafetyRulesAttribute : Attribute
{
    public RefSafetyRulesAttribute(int version)
    {
    }
}

/// <summary>A nint among IntPtr in metadata.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class NativeIntegerAttribute : Attribute
{
    public NativeIntegerAttribute()
    {
    }

    public NativeIntegerAttribute(bool[] flags)
    {
    }
}

/// <summary>Nullability of a reference type.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class NullableAttribute : Attribute
{
    public NullableAttribute(byte flag)
    {
    }

    public NullableAttribute(byte[] flags)
    {
    }
}

/// <summary>Nullability of a whole member or type.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class NullableContextAttribute : Attribute
{
    public NullableContextAttribute(byte flag)
    {
    }
}

/// <summary>Nullability is recorded for public members only.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class NullablePublicOnlyAttribute : Attribute
{
    public NullablePublicOnlyAttribute(bool includesInternals)
    {
    }
}

/// <summary>An extension method, or a class or assembly with some.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class ExtensionAttribute : Attribute
{
    public ExtensionAttribute()
    {
    }
}

/// <summary>Made by the compiler.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class CompilerGeneratedAttribute : Attribute
{
    public CompilerGeneratedAttribute()
    {
    }
}

/// <summary>A fixed-size buffer.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class FixedBufferAttribute : Attribute
{
    public FixedBufferAttribute(Type elementType, int length)
    {
    }
}

/// <summary>A struct with a buffer that overruns could reach.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class UnsafeValueTypeAttribute : Attribute
{
    public UnsafeValueTypeAttribute()
    {
    }
}

/// <summary>A member that initialisers must set.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class RequiredMemberAttribute : Attribute
{
    public RequiredMemberAttribute()
    {
    }
}

/// <summary>Older compilers must not use it.</summary>
[AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
public sealed class CompilerFeatureRequiredAttribute : Attribute
{
    public CompilerFeatureRequiredAttribute(string featureName)
    {
    }

    public bool IsOptional { get; set; }
}

/// <summary>The runtime's behaviour the assembly expects.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class RuntimeCompatibilityAttribute : Attribute
{
    public RuntimeCompatibilityAttribute()
    {
    }

    public bool WrapNonExceptionThrows { get; set; }
}

/// <summary>What the just-in-time compiler may relax.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class CompilationRelaxationsAttribute : Attribute
{
    public CompilationRelaxationsAttribute(int relaxations)
    {
    }
}

/// <summary>Overloads of higher priority win.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class OverloadResolutionPriorityAttribute : Attribute
{
    public OverloadResolutionPriorityAttribute(int priority)
    {
    }
}

/// <summary>Ties an extension member to its block.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class ExtensionMarkerAttribute : Attribute
{
    public ExtensionMarkerAttribute(string name)
    {
    }
}
