// Context: one stack of the explored kernel (a task, or a bare CPU), which is a thread of the host.
//
// Exactly one of all threads runs at any moment: control is handed over by Wake, and whoever hands it over waits. Threads are kept for the next
// run; the n-th context of every run gets the same thread, so the addresses of locals are the same in every run too.

using System.Runtime.InteropServices;
using System.Threading;
using Volatile = System.Threading.Volatile;

namespace CSharpOS.Explorer;

/// <summary>Thrown in every context that still waits when a run is over: unwinds its stack.</summary>
internal sealed class RunOverException : Exception;

/// <summary>A stack, and the thread that has it.</summary>
internal sealed unsafe class Context
{
    private const int StackSize = 512 * 1024;
    private readonly Baton _baton = new();
    private Action? _work;

    private Context()
    {
    }

    /// <summary>All that were ever made, in order.</summary>
    private static readonly List<Context> s_pool = [];
    private static int s_used;

    /// <summary>What a schedule calls it.</summary>
    public string Name { get; private set; } = "";

    /// <summary>The kernel's task; null on a machine without the scheduler.</summary>
    public TaskStruct* Task { get; private set; }

    /// <summary>The task that ran before it was switched to.</summary>
    public TaskStruct* Previous { get; set; }

    /// <summary>Its number in the run.</summary>
    public int Number { get; private set; }

    /// <summary>The step of its last cpu_relax; -1 before that.</summary>
    public int LastSpin { get; set; }

    /// <summary>True from its first run until its stack is unwound.</summary>
    public bool Live { get; private set; }

    public static IReadOnlyList<Context> Pool => s_pool;

    /// <summary>A stack that will do <paramref name="work"/> when it is first woken.</summary>
    public static Context Take(string name, TaskStruct* task, Action work)
    {
        if (s_used == s_pool.Count)
        {
            Context made = new();
            s_pool.Add(made);
            new Thread(made.Life, StackSize) { IsBackground = true, Name = $"explorer {s_used}" }.Start();
        }

        Context context = s_pool[s_used];
        context.Number = s_used++;
        context.LastSpin = -1;
        context.Name = name;
        context.Task = task;
        context.Previous = null;
        context._work = work;
        context.Live = false;
        return context;
    }

    /// <summary>Gives every stack back; they are unwound.</summary>
    public static void ReleaseAll() => s_used = 0;

    /// <summary>Lets it go on. The caller waits for something directly afterwards.</summary>
    public void Wake()
    {
        Live = true;
        _baton.Give();
    }

    /// <summary>Waits until somebody wakes this context, which is the running one.</summary>
    public void Wait()
    {
        _baton.Await();
        if (Machine.RunIsOver)
        {
            throw new RunOverException();
        }
    }

    private void Life()
    {
        while (true)
        {
            _baton.Await();
            try
            {
                if (!Machine.RunIsOver)
                {
                    _work!();
                }
            }
            catch (RunOverException)
            {
            }
            catch (Exception failure)
            {
                Machine.Crashed(failure);
            }

            Live = false;
            Machine.ReturnToTest();
        }
    }
}

/// <summary>Hands control to a waiting thread: a word and the futex call of Linux, a few microseconds.</summary>
internal sealed unsafe class Baton
{
    private const long FutexCall = 202;
    private const int FutexWaitPrivate = 128;
    private const int FutexWakePrivate = 129;

    private readonly int* _word = (int*)NativeMemory.AllocZeroed(64);

    public void Give()
    {
        Volatile.Write(ref *_word, 1);
        SystemCall(FutexCall, _word, FutexWakePrivate, 1, null, null, 0);
    }

    public void Await()
    {
        while (Volatile.Read(ref *_word) == 0)
        {
            SystemCall(FutexCall, _word, FutexWaitPrivate, 0, null, null, 0);
        }

        Volatile.Write(ref *_word, 0);
    }

    [DllImport("libc", EntryPoint = "syscall")]
    private static extern long SystemCall(long number, int* word, int operation, int value, void* timeout, void* second, int third);
}
