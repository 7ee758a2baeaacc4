// ModuleCalls: the system calls that load and unload modules.
//
// Linux: sys_init_module, sys_delete_module (kernel/module.c). Process context of a program, sleep. No locks of their own.

using System.Runtime;
using CSharpOS.Processes;

namespace CSharpOS.Syscalls;

/// <summary>init_module, delete_module.</summary>
/// <rows>DRV-04 SYS-06</rows>
internal static unsafe class ModuleCalls
{
    private const ulong LargestFile = 64 << 20;

    [RuntimeExport("sys_init_module")]
    private static long SysInitModule(byte* image, ulong length, byte* arguments)
    {
        if (!Capabilities.Capable(Capability.SysModule))
        {
            return -EPERM;
        }

        byte* words = stackalloc byte[ModuleStruct.ArgumentsSize + 1];
        nint count = Uaccess.StrncpyFromUser(words, arguments, ModuleStruct.ArgumentsSize + 1);
        if (count < 0 || count > ModuleStruct.ArgumentsSize)
        {
            return count < 0 ? count : -EINVAL;
        }

        if (length is 0 or > LargestFile)
        {
            return length == 0 ? -ENOEXEC : -ENOMEM;
        }

        var copy = (byte*)Vmalloc.Alloc((nuint)length);
        if (copy == null)
        {
            return -ENOMEM;
        }

        long result = Uaccess.CopyFromUser(copy, image, (nuint)length) != 0
            ? -EFAULT : KernelModules.Load(copy, (nuint)length, new ReadOnlySpan<byte>(words, (int)count));
        Vmalloc.Free(copy);
        return result;
    }

    [RuntimeExport("sys_delete_module")]
    private static long SysDeleteModule(byte* name, uint flags)
    {
        if (!Capabilities.Capable(Capability.SysModule))
        {
            return -EPERM;
        }

        byte* copy = stackalloc byte[ModuleStruct.NameSize + 1];
        nint length = Uaccess.StrncpyFromUser(copy, name, ModuleStruct.NameSize + 1);
        return length < 0 ? length : length > ModuleStruct.NameSize ? -ENOENT : KernelModules.Unload(new ReadOnlySpan<byte>(copy, (int)length));
    }
}
