// Attributes and enums of System.Runtime.InteropServices: layout and imports.
//
// Read by the C# compiler or by ilc from metadata; they make no code.

namespace System.Runtime.InteropServices;

/// <summary>How fields are placed.</summary>
public enum LayoutKind
{
    Sequential = 0,
    Explicit = 2,
    Auto = 3,
}

/// <summary>Calling conventions of <see cref="DllImportAttribute"/>.</summary>
public enum CallingConvention
{
    Winapi = 1,
    Cdecl = 2,
}

/// <summary>Character sets; nothing here marshals text.</summary>
public enum CharSet
{
    None = 1,
    Ansi = 2,
    Unicode = 3,
    Auto = 4,
}

/// <summary>How a value crosses to unmanaged code.</summary>
public enum UnmanagedType
{
    Bool = 2,
    I1 = 3,
    U1 = 4,
}

/// <summary>How the fields of a type are placed.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class StructLayoutAttribute : Attribute
{
    public int Pack;
    public int Size;
    public CharSet CharSet;

    public StructLayoutAttribute(LayoutKind layoutKind) => Value = layoutKind;

    public LayoutKind Value { get; }
}

/// <summary>A field's place in an explicit layout.</summary>
[AttributeUsage(AttributeTargets.Field)]
public sealed class FieldOffsetAttribute : Attribute
{
    public FieldOffsetAttribute(int offset)
    {
    }
}

/// <summary>Data goes to the callee.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class InAttribute : Attribute
{
    public InAttribute()
    {
    }
}

/// <summary>Data comes from the callee.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class OutAttribute : Attribute
{
    public OutAttribute()
    {
    }
}

/// <summary>How a value crosses to unmanaged code.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Parameter | AttributeTargets.ReturnValue)]
public sealed class MarshalAsAttribute : Attribute
{
    public MarshalAsAttribute(UnmanagedType unmanagedType)
    {
    }
}

/// <summary>A call to native code without any transition.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SuppressGCTransitionAttribute : Attribute
{
    public SuppressGCTransitionAttribute()
    {
    }
}

/// <summary>A function of native code. The plain form calls RhpPInvoke, which is left out: use RuntimeImport.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DllImportAttribute : Attribute
{
    public string? EntryPoint;
    public CallingConvention CallingConvention;
    public CharSet CharSet;
    public bool ExactSpelling;
    public bool PreserveSig;
    public bool SetLastError;

    public DllImportAttribute(string dllName) => Value = dllName;

    public string Value { get; }
}

/// <summary>A method that native code calls.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class UnmanagedCallersOnlyAttribute : Attribute
{
    public Type[]? CallConvs;
    public string? EntryPoint;

    public UnmanagedCallersOnlyAttribute()
    {
    }
}
