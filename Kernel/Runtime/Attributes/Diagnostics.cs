// Attributes of System.Diagnostics.
//
// Read by the C# compiler or by ilc from metadata; they make no code.

namespace System.Diagnostics;

/// <summary>Calls vanish unless the symbol is defined.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method, AllowMultiple = true)]
public sealed class ConditionalAttribute : Attribute
{
    public ConditionalAttribute(string conditionString)
    {
    }
}

/// <summary>How a debugger shows the value.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class DebuggerDisplayAttribute : Attribute
{
    public DebuggerDisplayAttribute(string? value)
    {
    }
}

/// <summary>Debuggers step over it.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class DebuggerHiddenAttribute : Attribute
{
    public DebuggerHiddenAttribute()
    {
    }
}

/// <summary>Debuggers step through it.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class DebuggerStepThroughAttribute : Attribute
{
    public DebuggerStepThroughAttribute()
    {
    }
}

/// <summary>Left out of call traces.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class StackTraceHiddenAttribute : Attribute
{
    public StackTraceHiddenAttribute()
    {
    }
}

/// <summary>How the assembly was compiled.</summary>
[AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Module)]
public sealed class DebuggableAttribute : Attribute
{
    public DebuggableAttribute(DebuggingModes modes)
    {
    }

    /// <summary>Modes of the just-in-time compiler.</summary>
    [Flags]
    public enum DebuggingModes
    {
        None = 0x0,
        Default = 0x1,
        IgnoreSymbolStoreSequencePoints = 0x2,
        EnableEditAndContinue = 0x4,
        DisableOptimizations = 0x100,
    }
}
