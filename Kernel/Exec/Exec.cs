// Exec: another program in the place of the running one.
//
// Linux: do_execve, flush_old_exec, load_elf_binary (fs/exec.c, fs/binfmt_elf.c), load_script. Process context; sleeps. The new address space is made complete
// beside the old one; up to that point any error leaves the old program as it was. Behind it there is no way back: an error ends the process.

using CSharpOS.Fs;

namespace CSharpOS.Processes;

/// <summary>execve.</summary>
/// <rows>SYS-12</rows>
public static unsafe class Exec
{
    private const int MaxScriptDepth = 4, ScriptLine = 128;

    /// <summary>Executes the program at <paramref name="path"/> with the arguments of a program.</summary>
    /// <param name="path">Kernel memory.</param>
    /// <param name="argv">The program's array of pointers, null-ended.</param>
    /// <param name="envp">The same for the environment.</param>
    /// <param name="width">Bytes of one pointer.</param>
    /// <returns>0: the registers of user mode are those of the new program; else what kept it from being run.</returns>
    /// <linux>do_execve</linux>
    internal static int Run(ReadOnlySpan<byte> path, byte* argv, byte* envp, int width)
    {
        ExecArguments arguments = default;
        int error = arguments.Allocate();
        error = error != 0 ? error : arguments.AddFromUser(argv, width, ref arguments.ArgumentCount);
        error = error != 0 ? error : arguments.AddFromUser(envp, width, ref arguments.EnvironmentCount);
        error = error != 0 ? error : Load(path, ref arguments, 0);
        arguments.Free();
        return error;
    }

    /// <summary>A kernel thread executes a program: call_usermodehelper, and the first program. The thread must have a process. On success
    /// <see cref="ContextSwitch.EnterUserMode"/> goes there.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Allocated and filled by the caller, freed here.</param>
    /// <linux>kernel_execve</linux>
    internal static int RunFromKernel(ReadOnlySpan<byte> path, ref ExecArguments arguments)
    {
        int error = UserSwitch.AllocateFpu(Current);
        error = error != 0 ? error : Load(path, ref arguments, 0);
        arguments.Free();
        return error;
    }

    private static int Load(ReadOnlySpan<byte> path, ref ExecArguments arguments, int depth)
    {
        int error = ProgramFile.Open(path, out File* file);
        if (error != 0)
        {
            return error;
        }

        ulong size = (ulong)file->Inode->Size;
        byte* start = stackalloc byte[ScriptLine];
        long got = Vfs.KernelRead(file, start, ScriptLine, 0);
        if (got > 2 && start[0] == '#' && start[1] == '!')
        {
            Files.Put(file);
            return depth == MaxScriptDepth ? -ELOOP : LoadScript(new ReadOnlySpan<byte>(start + 2, (int)got - 2), path, ref arguments, depth);
        }

        error = ElfImage.Read(file, size, out ElfImage image);
        if (error != 0)
        {
            Files.Put(file);
            return error;
        }

        MmStruct* mm = AddressSpaces.Allocate();
        error = mm == null ? -ENOMEM : ProgramLoader.Map(mm, file, ref image);

        // From here on no other thread sees the descriptors: they are to be closed for this program alone.
        error = error != 0 ? error : FilesStruct.Unshare(Current);
        error = error != 0 ? error : OnlyThread();
        if (error != 0)
        {
            if (mm != null)
            {
                AddressSpaces.Put(mm);
            }

            Files.Put(file);
            return error;
        }

        Replace(mm, path, file);
        if (ProgramLoader.Finish(mm, ref image, arguments, path) != 0)
        {
            // Too large for what memory there is: the old program is gone already.
            ProcessExit.ExitGroup(Signal.SIGKILL);
        }

        return 0;
    }

    // #!interpreter [one argument]
    private static int LoadScript(ReadOnlySpan<byte> line, ReadOnlySpan<byte> path, ref ExecArguments arguments, int depth)
    {
        int end = line.IndexOf((byte)'\n');
        line = Trim(end < 0 ? line : line[..end]);
        int blank = line.IndexOfAny((byte)' ', (byte)'\t');
        ReadOnlySpan<byte> interpreter = blank < 0 ? line : line[..blank];
        ReadOnlySpan<byte> option = blank < 0 ? default : Trim(line[blank..]);
        if (interpreter.IsEmpty)
        {
            return -ENOEXEC;
        }

        // Paths end with a zero byte.
        byte* name = stackalloc byte[ScriptLine];
        interpreter.CopyTo(new Span<byte>(name, ScriptLine));
        name[interpreter.Length] = 0;
        int error = arguments.ReplaceFirst(interpreter, option, path);
        return error != 0 ? error : Load(new ReadOnlySpan<byte>(name, interpreter.Length), ref arguments, depth + 1);
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty && text[0] is (byte)' ' or (byte)'\t')
        {
            text = text[1..];
        }

        while (!text.IsEmpty && text[^1] is (byte)' ' or (byte)'\t' or (byte)'\r')
        {
            text = text[..^1];
        }

        return text;
    }

    // The other threads end; the one that is left must be the leader, whose number the process has.
    // Linux: de_thread.
    private static int OnlyThread()
    {
        TaskStruct* task = Current;
        Process* process = task->Process;
        process->Lock.LockIrq();
        bool busy = process->Exiting || process->Executing != null || (process->ThreadCount > 1 && task != process->Leader);
        if (!busy && process->ThreadCount > 1)
        {
            process->Executing = task;
            ProcessExit.KillOthers(process);
        }

        process->Lock.UnlockIrq();
        if (busy)
        {
            return -EAGAIN;
        }

        WaitQueue.WaitEvent(&process->ChildExit, &IsAlone, process);
        process->Executing = null;
        return 0;
    }

    private static bool IsAlone(void* process) => Shared.ReadOnce(ref ((Process*)process)->ThreadCount) == 1;

    // Nothing of the old program is left behind this.
    private static void Replace(MmStruct* mm, ReadOnlySpan<byte> path, File* file)
    {
        TaskStruct* task = Current;
        mm->Executable = file;
        ProcessExit.ReleaseMemory(task);
        task->MmLock.LockIrq();
        task->Mm = mm;
        task->MmLock.UnlockIrq();
        UserSwitch.Activate(mm);
        UserSwitch.Reset(task);
        task->Flags &= ~TaskFlags.KernelThread;
        int slash = path.LastIndexOf((byte)'/');
        KernelThread.SetName(task, path[(slash + 1)..]);
        Process* process = task->Process;
        PosixTimers.DeleteAll(process);
        process->Lock.LockIrq();
        for (int signal = 1; signal <= Signal.Count; signal++)
        {
            // Handlers are addresses in the old program; what was ignored stays ignored.
            ref SigAction action = ref process->Action(signal);
            ulong handler = action.Handler == SigAction.Ignore ? SigAction.Ignore : SigAction.Default;
            action = default;
            action.Handler = handler;
        }

        process->HasExecuted = true;
        process->ExitSignal = Signal.SIGCHLD;
        process->Lock.UnlockIrq();
        task->Signals.StackSize = 0;
        task->SetChildTid = null;
        FilesStruct.CloseOnExec(task->Files);
    }
}
