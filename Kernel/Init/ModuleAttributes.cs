// ModuleInit, ModuleExit: how a driver says where it begins and ends. The build collects them into a table (tools/AsmGen).

namespace CSharpOS.Init;

/// <summary>When an init function runs; within a level in link order.</summary>
/// <linux>initcall levels</linux>
public enum InitLevel
{
    /// <summary>Before anything else of the drivers; interrupts are off.</summary>
    Early = 0,

    /// <summary>Consoles register here, so that the log shows early; interrupts are off.</summary>
    Console = 1,

    /// <summary>What the platform needs: the timer. Interrupts are off.</summary>
    Arch = 2,

    /// <summary>Frameworks that drivers use. Interrupts are on from here.</summary>
    Subsystem = 3,

    /// <summary>Ordinary drivers.</summary>
    Device = 4,

    /// <summary>What wants all devices present.</summary>
    Late = 5,
}

/// <summary>On a static method <c>int Init()</c>: called at boot, or when the module is loaded. 0 or a negative error number.</summary>
/// <linux>module_init</linux>
[AttributeUsage(AttributeTargets.All)]
public sealed class ModuleInitAttribute(InitLevel level) : Attribute
{
    /// <summary>When it runs.</summary>
    public InitLevel Level { get; } = level;
}

/// <summary>On a static method <c>void Exit()</c>: undoes Init when the module is unloaded.</summary>
/// <linux>module_exit</linux>
[AttributeUsage(AttributeTargets.All)]
public sealed class ModuleExitAttribute : Attribute;
