// Attributes of System.Runtime.CompilerServices that source code names.
//
// Read by the C# compiler or by ilc from metadata; they make no code.

namespace System.Runtime.CompilerServices;

/// <summary>A modifier of volatile fields.</summary>
public static class IsVolatile
{
}

/// <summary>A modifier of init accessors.</summary>
public static class IsExternalInit
{
}

/// <summary>What this core library can run; the compiler asks before it accepts the syntax.</summary>
public static class RuntimeFeature
{
    public const string PortablePdb = nameof(PortablePdb);
    public const string ByRefFields = nameof(ByRefFields);
    public const string ByRefLikeGenerics = nameof(ByRefLikeGenerics);
    public const string NumericIntPtr = nameof(NumericIntPtr);
    public const string UnmanagedSignatureCallingConvention = nameof(UnmanagedSignatureCallingConvention);
    public const string VirtualStaticsInInterfaces = nameof(VirtualStaticsInInterfaces);
    public const string DefaultImplementationsOfInterfaces = nameof(DefaultImplementationsOfInterfaces);
}

/// <summary>Flags of <see cref="MethodImplAttribute"/>.</summary>
[Flags]
public enum MethodImplOptions
{
    Unmanaged = 0x0004,
    NoInlining = 0x0008,
    ForwardRef = 0x0010,
    NoOptimization = 0x0040,
    PreserveSig = 0x0080,
    AggressiveInlining = 0x0100,
    AggressiveOptimization = 0x0200,
    InternalCall = 0x1000,
}

/// <summary>How a method is compiled.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Constructor)]
public sealed class MethodImplAttribute : Attribute
{
    public MethodImplAttribute(MethodImplOptions methodImplOptions) => Value = methodImplOptions;

    public MethodImplOptions Value { get; }
}

/// <summary>The compiler knows the member and may put instructions in its place.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class IntrinsicAttribute : Attribute
{
    public IntrinsicAttribute()
    {
    }
}

/// <summary>Locals and stackalloc memory are not zeroed first.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class SkipLocalsInitAttribute : Attribute
{
    public SkipLocalsInitAttribute()
    {
    }
}

/// <summary>A struct of so many elements of its one field.</summary>
[AttributeUsage(AttributeTargets.Struct)]
public sealed class InlineArrayAttribute : Attribute
{
    public InlineArrayAttribute(int length) => Length = length;

    public int Length { get; }
}

/// <summary>A type that takes the parts of an interpolated string.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class InterpolatedStringHandlerAttribute : Attribute
{
    public InterpolatedStringHandlerAttribute()
    {
    }
}

/// <summary>Arguments of the call that the handler's constructor gets too.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class InterpolatedStringHandlerArgumentAttribute : Attribute
{
    public InterpolatedStringHandlerArgumentAttribute(string argument)
    {
    }

    public InterpolatedStringHandlerArgumentAttribute(params string[] arguments)
    {
    }
}

/// <summary>The caller's source file, as a default argument.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class CallerFilePathAttribute : Attribute
{
    public CallerFilePathAttribute()
    {
    }
}

/// <summary>The caller's source line, as a default argument.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class CallerLineNumberAttribute : Attribute
{
    public CallerLineNumberAttribute()
    {
    }
}

/// <summary>The caller's name, as a default argument.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class CallerMemberNameAttribute : Attribute
{
    public CallerMemberNameAttribute()
    {
    }
}

/// <summary>The source text of another argument, as a default argument.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class CallerArgumentExpressionAttribute : Attribute
{
    public CallerArgumentExpressionAttribute(string parameterName)
    {
    }
}

/// <summary>Another assembly may use the internals of this one.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class InternalsVisibleToAttribute : Attribute
{
    public InternalsVisibleToAttribute(string assemblyName)
    {
    }
}

/// <summary>The indexer's name in metadata.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class IndexerNameAttribute : Attribute
{
    public IndexerNameAttribute(string indexerName)
    {
    }
}

/// <summary>A name with a meaning to compilers.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class SpecialNameAttribute : Attribute
{
    public SpecialNameAttribute()
    {
    }
}

/// <summary>How a collection expression makes the type.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface)]
public sealed class CollectionBuilderAttribute : Attribute
{
    public CollectionBuilderAttribute(Type builderType, string methodName)
    {
    }
}
