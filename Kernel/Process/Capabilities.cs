// Capabilities: what a process may do beyond others.
//
// Linux: capable, include/linux/capability.h. Root (effective user 0) has every capability, nobody else any. Process context.

namespace CSharpOS.Processes;

/// <summary>Capabilities with Linux's numbers.</summary>
public enum Capability
{
    /// <linux>CAP_CHOWN</linux>
    Chown = 0,

    /// <linux>CAP_DAC_OVERRIDE</linux>
    DacOverride = 1,

    /// <linux>CAP_FOWNER</linux>
    Fowner = 3,

    /// <linux>CAP_KILL</linux>
    Kill = 5,

    /// <linux>CAP_SETGID</linux>
    SetGid = 6,

    /// <linux>CAP_SETUID</linux>
    SetUid = 7,

    /// <linux>CAP_SYS_MODULE</linux>
    SysModule = 16,

    /// <linux>CAP_SYS_ADMIN</linux>
    SysAdmin = 21,

    /// <linux>CAP_SYS_BOOT</linux>
    SysBoot = 22,

    /// <linux>CAP_SYS_NICE</linux>
    SysNice = 23,

    /// <linux>CAP_SYS_RESOURCE</linux>
    SysResource = 24,

    /// <linux>CAP_SYS_TIME</linux>
    SysTime = 25,
}

/// <summary>Asking for them.</summary>
/// <rows>SYS-06</rows>
public static unsafe class Capabilities
{
    /// <summary>True if the running task may. Kernel threads may everything.</summary>
    /// <linux>capable</linux>
    public static bool Capable(Capability capability) => Current->Process == null || Current->Process->Euid == 0;
}
