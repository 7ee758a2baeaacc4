// Hosted UserContext: no program runs here, so nothing is exchanged. Same members as Kernel/Arch/UserContext.cs and UserCopy.cs.

using System.Runtime.InteropServices;
using CSharpOS.Mm;
using CSharpOS.Sched;

namespace CSharpOS.Arch;

/// <summary>The part of a program's registers that a switch between programs exchanges.</summary>
/// <linux>thread_struct</linux>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct UserContext
{
    /// <summary>Descriptors for thread-local storage.</summary>
    /// <linux>GDT_ENTRY_TLS_ENTRIES</linux>
    public const int TlsEntries = 3;

    /// <summary>Bases of fs and gs as arch_prctl has set them.</summary>
    public ulong FsBase, GsBase;

    /// <summary>The selectors: ds, es, fs, gs from the lowest word up.</summary>
    internal ulong Segments;

    internal fixed ulong Tls[TlsEntries];

    /// <summary>x87, MXCSR and what xsave keeps; null for kernel threads.</summary>
    internal byte* Fpu;

    internal bool HasBases;
}

internal static unsafe class UserSwitch
{
    internal static int AllocateFpu(TaskStruct* task) => 0;

    internal static void FreeFpu(TaskStruct* task)
    {
    }

    internal static void Reset(TaskStruct* task) => task->User = default;

    internal static void Copy(TaskStruct* child) => child->User = Current->User;

    internal static void Activate(MmStruct* mm)
    {
    }

    internal static void Deactivate()
    {
    }

    internal static void Switch(TaskStruct* previous, TaskStruct* next)
    {
    }

    internal static MmStruct* TakeDropped() => null;

    internal static void Save(TaskStruct* task)
    {
    }

    internal static void Load(TaskStruct* task)
    {
    }
}

internal static unsafe class UserCopy
{
    internal static nuint Copy(void* to, void* from, nuint count)
    {
        Buffer.MemoryCopy(from, to, count, count);
        return 0;
    }

    internal static nuint Clear(void* to, nuint count)
    {
        NativeMemory.Clear(to, count);
        return 0;
    }

    internal static nint String(byte* to, byte* from, nint count)
    {
        for (nint i = 0; i < count; i++)
        {
            to[i] = from[i];
            if (from[i] == 0)
            {
                return i;
            }
        }

        return count;
    }
}

internal static class CpuFeatures
{
    internal static uint FpuStateSize => 512;

    internal static ulong XsaveFeatures => 0;

    internal static ulong Capabilities => 0;

    internal static bool HasSysenter => false;

    internal static bool HasCompatSyscall => false;
}

internal static class Gdt
{
    internal const int FirstTlsEntry = 12;
}
