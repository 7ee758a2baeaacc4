// KernelThread.Clone: kernel threads that share with their maker, and the signals that a kernel thread lets through.
//
// Linux: kernel_thread (arch/x86/kernel/process_64.c), allow_signal, disallow_signal (kernel/exit.c). Process context. Clone sleeps. No locks: a thread's allowed
// signals are written by itself alone.

using CSharpOS.Fs;
using CSharpOS.Processes;

namespace CSharpOS.Sched;

public static unsafe partial class KernelThread
{
    private const CloneFlags Shareable = CloneFlags.Fs | CloneFlags.Files | CloneFlags.SigHand | CloneFlags.ExitSignal | CloneFlags.Vm;

    /// <summary>Makes a thread that runs <paramref name="function"/>(<paramref name="argument"/>) and starts it. What <paramref name="flags"/> do not let it share with
    /// the caller it gets a copy of. Process context; may sleep.</summary>
    /// <param name="function">The thread.</param>
    /// <param name="argument">Its argument.</param>
    /// <param name="name">Its name.</param>
    /// <param name="flags">CLONE_FS: root, working directory and umask. CLONE_FILES: the descriptors. CLONE_SIGHAND: the signals that the caller has allowed are allowed
    /// here too; without it none are. CLONE_VM changes nothing: a kernel thread has no memory of its own.</param>
    /// <returns>Its pid; -EINVAL for other flags; -ENOMEM, -EAGAIN.</returns>
    /// <linux>kernel_thread</linux>
    /// <rows>KT-01</rows>
    public static int Clone(delegate*<void*, int> function, void* argument, ReadOnlySpan<byte> name, CloneFlags flags)
    {
        if ((flags & ~Shareable) != 0)
        {
            return -EINVAL;
        }

        int error = Create(function, argument, name, out TaskStruct* task);
        if (error != 0)
        {
            return error;
        }

        // Nobody has started it, so nobody but us looks at these.
        error = Inherit(task, flags);
        int pid = task->Pid;
        if (error != 0)
        {
            ContextSwitch.Prepare(task, &EndAtOnce, null);
        }

        Scheduler.WakeUpProcess(task);
        return error != 0 ? error : pid;
    }

    /// <summary>Lets a signal through to the running kernel thread: <see cref="Scheduler.SignalPending"/> then says so, and sleeps end. The others do
    /// nothing to it, SIGKILL included. Process context.</summary>
    /// <returns>0; -EINVAL for a bad number.</returns>
    /// <linux>allow_signal</linux>
    /// <rows>KT-01</rows>
    public static int AllowSignal(int signal)
    {
        if (!Signal.IsValid(signal))
        {
            return -EINVAL;
        }

        Shared.WriteOnce(ref Current->AllowedSignals, Current->AllowedSignals | Signal.Mask(signal));
        return 0;
    }

    /// <summary>The opposite. One that is pending stays so until <see cref="FlushSignals"/>.</summary>
    /// <returns>0; -EINVAL for a bad number.</returns>
    /// <linux>disallow_signal</linux>
    public static int DisallowSignal(int signal)
    {
        if (!Signal.IsValid(signal))
        {
            return -EINVAL;
        }

        Shared.WriteOnce(ref Current->AllowedSignals, Current->AllowedSignals & ~Signal.Mask(signal));
        return 0;
    }

    /// <summary>The running kernel thread has seen its signals: none is pending any more. Process context.</summary>
    /// <linux>flush_signals</linux>
    public static void FlushSignals() => Shared.WriteOnce(ref Current->PendingSignals, 0);

    private static int Inherit(TaskStruct* task, CloneFlags flags)
    {
        TaskStruct* maker = Current;
        if ((flags & CloneFlags.SigHand) != 0)
        {
            task->AllowedSignals = maker->AllowedSignals;
        }

        if (maker->FsInfo != null)
        {
            task->FsInfo = (flags & CloneFlags.Fs) != 0 ? FsStruct.Share(maker->FsInfo) : FsStruct.Copy(maker->FsInfo);
            if (task->FsInfo == null)
            {
                return -ENOMEM;
            }
        }

        if (maker->Files == null)
        {
            return 0;
        }

        if ((flags & CloneFlags.Files) != 0)
        {
            task->Files = FilesStruct.Share(maker->Files);
            return 0;
        }

        int error = FilesStruct.Copy(maker->Files, out FilesStruct* files);
        task->Files = error == 0 ? files : null;
        return error;
    }

    private static int EndAtOnce(void* unused) => 0;
}
