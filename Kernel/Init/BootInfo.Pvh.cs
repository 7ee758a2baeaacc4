// BootInfo, PVH: the start information of QEMU -kernel (Xen's public hvm_start_info, version 1).

using System.Runtime.InteropServices;

namespace CSharpOS.Init;

public static unsafe partial class BootInfo
{
    /// <summary>Reads the PVH start information at <paramref name="info"/>; <paramref name="physicalToVirtual"/> is added to addresses in it.</summary>
    public static void ParsePvh(void* info, ulong physicalToVirtual)
    {
        var start = (PvhStartInfo*)info;
        if (start->CommandLine != 0)
        {
            SetCommandLine((byte*)(start->CommandLine + physicalToVirtual), MaxCommandLine);
        }

        AcpiRsdp = start->Rsdp;
        if (start->ModuleCount != 0 && start->ModuleList != 0)
        {
            var module = (PvhModule*)(start->ModuleList + physicalToVirtual);
            ModuleStart = module->Address;
            ModuleEnd = module->Address + module->Size;
        }

        if (start->Version < 1)
        {
            return;
        }

        var entry = (PvhMemoryMapEntry*)(start->MemoryMap + physicalToVirtual);
        for (uint i = 0; i < start->MemoryMapEntries; i++, entry++)
        {
            AddRange(entry->Address, entry->Size, entry->Type);
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PvhStartInfo
    {
        public uint Magic, Version, Flags, ModuleCount;
        public ulong ModuleList, CommandLine, Rsdp, MemoryMap;
        public uint MemoryMapEntries, Reserved;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PvhModule
    {
        public ulong Address, Size, CommandLine, Reserved;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PvhMemoryMapEntry
    {
        public ulong Address, Size;
        public uint Type, Reserved;
    }
}
