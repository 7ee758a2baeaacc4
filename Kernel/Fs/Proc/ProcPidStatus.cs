// ProcPidStatus: /proc/PID/status: a task for people to read.
//
// Linux: proc_pid_status, fs/proc/array.c; task_mem, fs/proc/task_mmu.c. Process context. The lines Vm... are there only if the task has memory of its own.

namespace CSharpOS.Fs;

/// <summary>The file status.</summary>
/// <rows>KT-03</rows>
internal static unsafe class ProcPidStatus
{
    internal static int Show(TextArea* text, ProcPidInode* its)
    {
        TaskStruct* task = its->Task;
        TaskFigures figures = TaskFigures.Of(task, !its->OfThread);
        text->Append($"Name:\t{task->Name}\nState:\t{(char)figures.State} {StateName(figures.State)}\n");
        text->Append($"Tgid:\t{figures.Tgid}\nPid:\t{figures.Pid}\nPPid:\t{figures.ParentPid}\nTracerPid:\t0\n");
        text->Append($"Uid:\t{figures.Uid}\t{figures.Euid}\t{figures.Suid}\t{figures.Euid}\n");
        text->Append($"Gid:\t{figures.Gid}\t{figures.Egid}\t{figures.Sgid}\t{figures.Egid}\n");
        text->Append($"FDSize:\t{figures.FdSize}\nGroups:\t{figures.Egid} \n");
        MmStruct* mm = AddressSpaces.OfTask(task);
        if (mm != null)
        {
            ShowMemory(text, mm);
            AddressSpaces.Put(mm);
        }

        int pending = System.Numerics.BitOperations.PopCount(figures.Pending) + System.Numerics.BitOperations.PopCount(figures.SharedPending);
        text->Append($"Threads:\t{figures.Threads}\nSigQ:\t{pending}/{2 * Signal.Count}\n");
        text->Append($"SigPnd:\t{figures.Pending:x16}\nShdPnd:\t{figures.SharedPending:x16}\nSigBlk:\t{figures.Blocked:x16}\n");
        text->Append($"SigIgn:\t{figures.Ignored:x16}\nSigCgt:\t{figures.Caught:x16}\n");
        text->Append($"CapInh:\t{0ul:x16}\nCapPrm:\t{figures.Capabilities:x16}\nCapEff:\t{figures.Capabilities:x16}\n");
        text->Append($"Cpus_allowed:\t{task->CpusAllowed & ((1u << MaxCpus) - 1):x8}\n");
        text->Append($"voluntary_ctxt_switches:\t{Shared.ReadOnce(ref task->VoluntarySwitches)}\n");
        text->Append($"nonvoluntary_ctxt_switches:\t{Shared.ReadOnce(ref task->InvoluntarySwitches)}\n");
        return 0;
    }

    private static ReadOnlySpan<byte> StateName(byte letter) => letter switch
    {
        (byte)'R' => "(running)"u8,
        (byte)'S' => "(sleeping)"u8,
        (byte)'D' => "(disk sleep)"u8,
        (byte)'T' => "(stopped)"u8,
        (byte)'Z' => "(zombie)"u8,
        _ => "(dead)"u8,
    };

    private static void ShowMemory(TextArea* text, MmStruct* mm)
    {
        MemoryFigures figures = MemoryFigures.Of(mm);
        Kilobytes(text, "VmSize"u8, figures.Pages);
        Kilobytes(text, "VmLck"u8, 0);
        Kilobytes(text, "VmHWM"u8, (ulong)mm->HighestResident);
        Kilobytes(text, "VmRSS"u8, (ulong)mm->ResidentPages);
        Kilobytes(text, "VmData"u8, figures.DataPages);
        Kilobytes(text, "VmStk"u8, figures.StackPages);
        Kilobytes(text, "VmExe"u8, figures.TextPages);
        Kilobytes(text, "VmLib"u8, 0);
    }

    private static void Kilobytes(TextArea* text, ReadOnlySpan<byte> name, ulong pages) =>
        text->Append($"{name}:\t{(pages << DirectMap.PAGE_SHIFT) >> 10,8} kB\n");
}
