// UserModeHelper: the kernel runs a program.
//
// Linux: kernel/kmod.c (call_usermodehelper, khelper), lib/argv_split.c. CallUsermodehelper with NoWait from any context; else process context, sleeps. The
// program is started by a work of the queue khelper, in a kernel thread of its own that executes it: so it inherits nothing of whoever asked.
// Lifetime: a Request has two holders, the asker and the helper; the last one frees it. An asker that a signal takes away leaves the helper its hold.

using System.Runtime.CompilerServices;
using CSharpOS.Fs;

namespace CSharpOS.Processes;

/// <summary>How long to wait for a helper.</summary>
[Flags]
public enum UmhWait
{
    /// <summary>Not at all.</summary>
    /// <linux>UMH_NO_WAIT</linux>
    NoWait = 0,

    /// <summary>Until the program has been executed, or could not be.</summary>
    /// <linux>UMH_WAIT_EXEC</linux>
    WaitExec = 1,

    /// <summary>Until it has ended.</summary>
    /// <linux>UMH_WAIT_PROC</linux>
    WaitProc = 2,

    /// <summary>With one of the others: a signal ends the wait.</summary>
    /// <linux>UMH_KILLABLE</linux>
    Killable = 4,
}

/// <summary>Programs that the kernel runs.</summary>
/// <rows>KT-06</rows>
public static unsafe class UserModeHelper
{
    private const int PathMax = 256;

    private static WorkqueueStruct* s_queue;

    /// <summary>Starts khelper. 0 or -ENOMEM. Boot, after the work queues.</summary>
    /// <linux>usermodehelper_init</linux>
    internal static int Init()
    {
        s_queue = CreateSinglethreadWorkqueue("khelper"u8);
        return s_queue == null ? -ENOMEM : 0;
    }

    /// <summary>Runs a program as root, with pid 1 as its parent.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="argv">Arguments, ended by null; copied.</param>
    /// <param name="envp">Environment, ended by null; copied.</param>
    /// <param name="wait">How long to wait.</param>
    /// <returns>0; -ENOMEM; -EBUSY before khelper runs; -EINTR if a signal ended the wait. With WaitExec and WaitProc also what kept the program from
    /// being executed (-ENOENT, -EACCES, -ENOEXEC); with WaitProc its status as wait gives it: exit code shifted by 8, or a signal.</returns>
    /// <linux>call_usermodehelper</linux>
    public static int CallUsermodehelper(byte* path, byte** argv, byte** envp, UmhWait wait)
    {
        GfpFlags gfp = wait == UmhWait.NoWait ? GfpFlags.Atomic : GfpFlags.Kernel;
        if (s_queue == null)
        {
            return -EBUSY;
        }

        Request* request = Kzalloc<Request>(gfp);
        if (request == null)
        {
            return -ENOMEM;
        }

        int error = Fill(request, path, argv, envp, gfp);
        if (error != 0)
        {
            request->Arguments.Free();
            Kfree(request);
            return error;
        }

        request->Wait = wait & ~UmhWait.Killable;
        request->References.Set(wait == UmhWait.NoWait ? 1 : 2);
        Completion.Init(&request->Done);
        WorkStruct.Init(&request->Work, &Start);
        QueueWork(s_queue, &request->Work);
        if (wait == UmhWait.NoWait)
        {
            return 0;
        }

        int result = 0;
        if ((wait & UmhWait.Killable) != 0)
        {
            result = Completion.WaitInterruptible(&request->Done) == 0 ? request->Result : -EINTR;
        }
        else
        {
            Completion.Wait(&request->Done);
            result = request->Result;
        }

        Put(request);
        return result;
    }

    /// <summary>Cuts a text at its blanks into arguments for <see cref="CallUsermodehelper"/>. Give back with <see cref="ArgvFree"/>.</summary>
    /// <param name="gfp">How memory is allocated.</param>
    /// <param name="text">The text.</param>
    /// <param name="count">How many there are.</param>
    /// <returns>Pointers ended by null; null without memory.</returns>
    /// <linux>argv_split</linux>
    public static byte** ArgvSplit(GfpFlags gfp, ReadOnlySpan<byte> text, out int count)
    {
        count = CountWords(text);
        nuint pointers = (nuint)(count + 1) * (nuint)sizeof(byte*);

        // One block: the pointers, and behind them the text.
        byte** argv = (byte**)Kmalloc(pointers + (nuint)text.Length + 1, gfp);
        if (argv == null)
        {
            return null;
        }

        byte* copy = (byte*)argv + pointers;
        int next = 0;
        bool inWord = false;
        for (int i = 0; i < text.Length; i++)
        {
            bool blank = IsBlank(text[i]);
            copy[i] = blank ? (byte)0 : text[i];
            if (!blank && !inWord)
            {
                argv[next++] = copy + i;
            }

            inWord = !blank;
        }

        copy[text.Length] = 0;
        argv[next] = null;
        return argv;
    }

    /// <summary>Frees what <see cref="ArgvSplit"/> gave; null is fine. Any context.</summary>
    /// <linux>argv_free</linux>
    public static void ArgvFree(byte** argv) => Kfree(argv);

    /// <summary>A process has ended; if it was a helper, whoever waits for it is told.</summary>
    internal static void Ended(Process* process)
    {
        Request* request = process->Helper;
        if (request != null)
        {
            process->Helper = null;
            Finish(request, process->ExitCode);
        }
    }

    private static int CountWords(ReadOnlySpan<byte> text)
    {
        int count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            count += !IsBlank(text[i]) && (i == 0 || IsBlank(text[i - 1])) ? 1 : 0;
        }

        return count;
    }

    private static bool IsBlank(byte c) => c is (byte)' ' or (byte)'\t' or (byte)'\n';

    private static int Fill(Request* request, byte* path, byte** argv, byte** envp, GfpFlags gfp)
    {
        ReadOnlySpan<byte> name = Text(path);
        if (name.Length >= PathMax)
        {
            return -ENAMETOOLONG;
        }

        name.CopyTo(new Span<byte>(request->Path, PathMax));
        request->PathLength = name.Length;

        // A script puts its interpreter and its own path in front.
        int size = (2 * PathMax) + SizeOf(argv) + SizeOf(envp);
        int error = request->Arguments.Allocate(size, gfp);
        for (; error == 0 && argv != null && *argv != null; argv++)
        {
            error = request->Arguments.Add(Text(*argv), ref request->Arguments.ArgumentCount);
        }

        for (; error == 0 && envp != null && *envp != null; envp++)
        {
            error = request->Arguments.Add(Text(*envp), ref request->Arguments.EnvironmentCount);
        }

        return error;
    }

    private static int SizeOf(byte** strings)
    {
        int size = 0;
        for (; strings != null && *strings != null; strings++)
        {
            size += Text(*strings).Length + 1;
        }

        return size;
    }

    private static ReadOnlySpan<byte> Text(byte* text)
    {
        int length = 0;
        while (text[length] != 0)
        {
            length++;
        }

        return new ReadOnlySpan<byte>(text, length);
    }

    // In khelper.
    private static void Start(WorkStruct* work)
    {
        Request* request = Request.Of(work);
        int pid = KernelThread.Run(&Execute, request, "khelper-exec"u8);
        if (pid < 0)
        {
            Finish(request, pid);
        }
    }

    // In a thread of its own, which becomes the program.
    private static int Execute(void* argument)
    {
        var request = (Request*)argument;
        TaskStruct* task = Current;
        int error = ProcessTree.Adopt();
        if (error == 0)
        {
            task->Files = FilesStruct.New();
            task->FsInfo = FsStruct.New();
            error = task->Files == null || task->FsInfo == null ? -ENOMEM
                : Exec.RunFromKernel(new ReadOnlySpan<byte>(request->Path, request->PathLength), ref request->Arguments);
        }

        if (error != 0)
        {
            Finish(request, error);
            return error;
        }

        if (request->Wait == UmhWait.WaitProc)
        {
            task->Process->Helper = request;
        }
        else
        {
            Finish(request, 0);
        }

        ContextSwitch.EnterUserMode();
        return 0;
    }

    private static void Finish(Request* request, int result)
    {
        request->Result = result;
        Completion.Complete(&request->Done);
        Put(request);
    }

    private static void Put(Request* request)
    {
        if (request->References.DecAndTest())
        {
            request->Arguments.Free();
            Kfree(request);
        }
    }

    /// <summary>One program to be run.</summary>
    /// <linux>subprocess_info</linux>
    internal struct Request
    {
        internal WorkStruct Work;
        internal Completion Done;
        internal Atomic References;
        internal UmhWait Wait;
        internal int Result, PathLength;
        internal ExecArguments Arguments;
        internal fixed byte Path[PathMax];

        internal static Request* Of(WorkStruct* work) => (Request*)work;
    }
}
