// ThreadArea: thread-local storage of programs.
//
// Linux: arch/x86/kernel/tls.c, do_arch_prctl. Process context of the task itself. 32-bit programs have three descriptors of the GDT and load gs with one of
// them; 64-bit programs set the base of fs or gs.

using System.Runtime;
using System.Runtime.InteropServices;

namespace CSharpOS.Processes;

/// <summary>set_thread_area, get_thread_area, arch_prctl.</summary>
internal static unsafe class ThreadArea
{
    private const int SetGs = 0x1001, SetFs = 0x1002, GetFs = 0x1003, GetGs = 0x1004;

    // Bits of user_desc.
    private const uint Seg32Bit = 1, ContentsMask = 6, ReadExecOnly = 8, LimitInPages = 0x10, NotPresent = 0x20, Useable = 0x40;

    /// <summary>clone with CLONE_SETTLS.</summary>
    internal static int SetForChild(TaskStruct* child, PtRegs* regs, ulong tls)
    {
        if (regs->Cs == AsmOffsets.USER_CS)
        {
            if (tls >= Uaccess.TaskSizeMax)
            {
                return -EPERM;
            }

            child->User.FsBase = tls;
            child->User.HasBases = true;
            return 0;
        }

        if (Uaccess.GetUser(out UserDescriptor descriptor, (UserDescriptor*)tls) != 0)
        {
            return -EFAULT;
        }

        int index = (int)descriptor.EntryNumber - Gdt.FirstTlsEntry;
        if ((uint)index >= UserContext.TlsEntries)
        {
            return -EINVAL;
        }

        child->User.Tls[index] = Encode(descriptor);
        child->User.HasBases = true;
        return 0;
    }

    [RuntimeExport("sys_set_thread_area")]
    private static long SysSetThreadArea(UserDescriptor* user)
    {
        if (Uaccess.GetUser(out UserDescriptor descriptor, user) != 0)
        {
            return -EFAULT;
        }

        TaskStruct* task = Current;
        int index = (int)descriptor.EntryNumber - Gdt.FirstTlsEntry;
        if (descriptor.EntryNumber == uint.MaxValue)
        {
            index = 0;
            while (index < UserContext.TlsEntries && task->User.Tls[index] != 0)
            {
                index++;
            }

            if (index == UserContext.TlsEntries)
            {
                return -ESRCH;
            }

            // The entry's number is the first field; &user->EntryNumber might touch it.
            if (Uaccess.PutUser((uint)(index + Gdt.FirstTlsEntry), (uint*)user) != 0)
            {
                return -EFAULT;
            }
        }

        if ((uint)index >= UserContext.TlsEntries)
        {
            return -EINVAL;
        }

        ulong flags = LocalIrqSave();
        UserSwitch.Save(task);
        task->User.Tls[index] = IsEmpty(descriptor) ? 0 : Encode(descriptor);
        task->User.HasBases = true;
        UserSwitch.Load(task);
        LocalIrqRestore(flags);
        return 0;
    }

    [RuntimeExport("sys_get_thread_area")]
    private static long SysGetThreadArea(UserDescriptor* user)
    {
        if (Uaccess.GetUser(out UserDescriptor descriptor, user) != 0)
        {
            return -EFAULT;
        }

        int index = (int)descriptor.EntryNumber - Gdt.FirstTlsEntry;
        if ((uint)index >= UserContext.TlsEntries)
        {
            return -EINVAL;
        }

        return Uaccess.PutUser(Decode(Current->User.Tls[index], descriptor.EntryNumber), user);
    }

    [RuntimeExport("sys_arch_prctl")]
    private static long SysArchPrctl(int code, ulong address)
    {
        TaskStruct* task = Current;
        if (code is SetFs or SetGs && address >= Uaccess.TaskSizeMax)
        {
            return -EPERM;
        }

        switch (code)
        {
            case SetFs or SetGs:
                ulong flags = LocalIrqSave();
                UserSwitch.Save(task);
                task->User.HasBases = true;
                if (code == SetFs)
                {
                    task->User.FsBase = address;
                    task->User.Segments &= ~(0xffffUL << 32);
                }
                else
                {
                    task->User.GsBase = address;
                    task->User.Segments &= ~(0xffffUL << 48);
                }

                UserSwitch.Load(task);
                LocalIrqRestore(flags);
                return 0;
            case GetFs:
                return Uaccess.PutUser(task->User.FsBase, (ulong*)address);
            case GetGs:
                return Uaccess.PutUser(task->User.GsBase, (ulong*)address);
            default:
                return -EINVAL;
        }
    }

    private static bool IsEmpty(in UserDescriptor descriptor) =>
        descriptor.Base == 0 && descriptor.Limit == 0 && (descriptor.Flags & ~Useable) == (ReadExecOnly | NotPresent);

    // Always a data or code segment of privilege 3: nothing that a gate or a task segment could be made of.
    private static ulong Encode(in UserDescriptor descriptor)
    {
        uint flags = descriptor.Flags;
        uint type = ((flags & ReadExecOnly) != 0 ? 0u : 2u) | ((flags & ContentsMask) << 1);
        uint high = (descriptor.Base & 0xff000000) | ((flags & LimitInPages) != 0 ? 1u << 23 : 0) | ((flags & Seg32Bit) != 0 ? 1u << 22 : 0) |
            ((flags & Useable) != 0 ? 1u << 20 : 0) | (descriptor.Limit & 0xf0000) | ((flags & NotPresent) != 0 ? 0 : 1u << 15) | 0x7000 | (type << 8) |
            ((descriptor.Base >> 16) & 0xff);
        return ((ulong)high << 32) | (descriptor.Base << 16) | (descriptor.Limit & 0xffff);
    }

    private static UserDescriptor Decode(ulong entry, uint number)
    {
        uint high = (uint)(entry >> 32), low = (uint)entry, type = (high >> 8) & 0xf;
        return new UserDescriptor
        {
            EntryNumber = number,
            Base = (low >> 16) | ((high & 0xff) << 16) | (high & 0xff000000),
            Limit = (low & 0xffff) | (high & 0xf0000),
            Flags = ((high >> 22) & 1) | ((type >> 1) & ContentsMask) | ((type & 2) != 0 ? 0 : ReadExecOnly) | ((high & (1u << 23)) != 0 ? LimitInPages : 0) |
                ((high & (1u << 15)) != 0 ? 0 : NotPresent) | ((high & (1u << 20)) != 0 ? Useable : 0),
        };
    }

    // user_desc.
    [StructLayout(LayoutKind.Sequential)]
    private struct UserDescriptor
    {
        public uint EntryNumber, Base, Limit, Flags;
    }
}
