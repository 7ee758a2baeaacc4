// TtyMachine: a terminal whose screen is a string, and processes to sit at it.

using System.Runtime.InteropServices;
using System.Text;
using CSharpOS.Arch;
using CSharpOS.Hosted.Sched;
using CSharpOS.Tty;
using Xunit;

namespace CSharpOS.Hosted.Tty;

/// <summary>Base of the tests of terminals.</summary>
public abstract unsafe class TtyMachine : IDisposable
{
    private static readonly StringBuilder s_shown = new();
    private readonly SchedMachine _machine = new();
    private readonly TaskStruct* _boot;
    private readonly List<nint> _memory = [];
    private int _pids = 100;

    protected TtyMachine()
    {
        _boot = Current;
        ProcessTree.Initialize();
        TtyFiles.Init();
        s_shown.Clear();
        TtyOperations* operations = Allocate<TtyOperations>();
        operations->Write = &Show;
        Terminal = Allocate<TtyStruct>();
        TtyStruct.Init(Terminal, operations);
        File = OpenFile();
    }

    private protected TtyStruct* Terminal { get; }

    /// <summary>Open on it, not to wait.</summary>
    protected CSharpOS.Fs.File* File { get; }

    /// <summary>What the screen got since the last call.</summary>
    protected static string Shown()
    {
        string shown = s_shown.ToString();
        s_shown.Clear();
        return shown;
    }

    public void Dispose()
    {
        Cpu.Hot->Current = _boot;
        foreach (nint memory in _memory)
        {
            NativeMemory.Free((void*)memory);
        }

        _machine.Dispose();
        GC.SuppressFinalize(this);
    }

    protected CSharpOS.Fs.File* OpenFile(bool isConsole = false)
    {
        CSharpOS.Fs.File* file = Allocate<CSharpOS.Fs.File>();
        file->Flags = OpenFlags.O_RDWR | OpenFlags.O_NONBLOCK;
        Assert.Equal(0, TtyFiles.Open(Terminal, file, isConsole));
        return file;
    }

    protected void Type(string text) => TtyReceive.Receive(Terminal, Bytes(text));

    /// <summary>What a read gives: text, or a number below zero.</summary>
    protected string Read(int most = 10_000) => Read(File, most);

    protected static string Read(CSharpOS.Fs.File* file, int most = 10_000)
    {
        byte[] bytes = new byte[most];
        fixed (byte* memory = bytes)
        {
            IoBuffer buffer = IoBuffer.Kernel(memory, (nuint)most);
            long position = 0;
            long result = TtyRead.Read(file, &buffer, &position);
            return result < 0 ? $"{result}" : Encoding.Latin1.GetString(bytes, 0, (int)result);
        }
    }

    protected long Write(string text) => Write(File, text);

    protected static long Write(CSharpOS.Fs.File* file, string text)
    {
        fixed (byte* memory = Bytes(text))
        {
            IoBuffer buffer = IoBuffer.Kernel(memory, (nuint)text.Length);
            long position = 0;
            return TtyWrite.Write(file, &buffer, &position);
        }
    }

    private protected delegate void TermiosChange(ref Termios termios);

    private protected void Set(TermiosChange change)
    {
        Termios termios = TtyIoctl.GetTermios(Terminal);
        change(ref termios);
        TtyIoctl.SetTermios(Terminal, termios, flush: false);
    }

    private protected void Set(InputFlags flags, bool on) => Set((ref Termios t) => t.Input = on ? t.Input | flags : t.Input & ~flags);

    private protected void Set(OutputFlags flags, bool on) => Set((ref Termios t) => t.Output = on ? t.Output | flags : t.Output & ~flags);

    private protected void Set(LocalFlags flags, bool on) => Set((ref Termios t) => t.Local = on ? t.Local | flags : t.Local & ~flags);

    private protected void Set(ControlCharacter which, byte value) => Set((ref Termios t) => t.Special[(int)which] = value);

    /// <summary>A process with one thread.</summary>
    protected Process* MakeProcess(Process* parent, int group = 0, int session = 0)
    {
        TaskStruct* task = Allocate<TaskStruct>();
        task->Pid = task->Tgid = ++_pids;
        Process* process = ProcessTree.Allocate(task);
        task->Process = process;
        process->Group = group == 0 ? task->Pid : group;
        process->Session = session == 0 ? task->Pid : session;
        process->Terminal = parent == null ? null : parent->Terminal;

        // Else it would vanish, for nobody wants it.
        process->Action(Signal.SIGCONT).Handler = 0x1000;
        ProcessTree.Enter(process, parent);
        return process;
    }

    /// <summary>It runs from now on.</summary>
    protected static void Become(Process* process) => Cpu.Hot->Current = process->Leader;

    /// <summary>The signals that wait for it; they are taken.</summary>
    protected static List<int> Signals(Process* process)
    {
        List<int> signals = [];
        for (int signal = 1; signal <= Signal.Count; signal++)
        {
            if ((process->Pending.Set & Signal.Mask(signal)) != 0)
            {
                signals.Add(signal);
            }
        }

        process->Pending = default;
        process->Leader->PendingSignals = 0;
        return signals;
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    private static void Show(TtyStruct* tty, byte* bytes, int count) => s_shown.Append(Encoding.Latin1.GetString(bytes, count));

    private T* Allocate<T>()
        where T : unmanaged
    {
        void* memory = NativeMemory.AllocZeroed((nuint)sizeof(T));
        _memory.Add((nint)memory);
        return (T*)memory;
    }
}
