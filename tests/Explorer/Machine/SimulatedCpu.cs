// SimulatedCpu: one processor of the explored machine: its interrupt flag, its hot words, what it runs, and what it is about to do.

using System.Runtime.InteropServices;

namespace CSharpOS.Explorer;

/// <summary>What a step does, as far as its order with other CPUs' steps matters.</summary>
internal enum OpKind : byte
{
    /// <summary>The first step of a thread of the scenario.</summary>
    Gate,

    Read,
    Write,

    /// <summary>A locked read-modify-write: also a full barrier.</summary>
    Rmw,

    ListRead,
    ListWrite,

    /// <summary>Taking a spin lock: possible only while it is free.</summary>
    Lock,
    Unlock,
    TryLock,
    IsLocked,
    Fence,

    /// <summary>The interrupt flag: nothing that other CPUs see.</summary>
    Local,

    /// <summary>Giving memory back: concerns whoever touches the block.</summary>
    Free,

    /// <summary>A message to another CPU, whose number is the address.</summary>
    Send,

    /// <summary>cpu_relax: goes on when somebody has written what the loop looks at.</summary>
    Spin,

    /// <summary>hlt: goes on after an interrupt.</summary>
    Halt,

    /// <summary>A thread of a machine without the scheduler has ended: only interrupts run there.</summary>
    End,

    /// <summary>An interrupt is taken.</summary>
    Deliver,

    /// <summary>A buffered store reaches memory.</summary>
    Commit,
}

/// <summary>What a CPU does next.</summary>
internal struct Op
{
    public OpKind Kind;
    public nuint Address;
    public string What;

    /// <summary>Bytes, of a block that is given back.</summary>
    public int Length;

    /// <summary>Where it stands; looked up only for a report, and always for a spin.</summary>
    public string? File;
    public int Line;

    /// <summary>File and line have been looked up on the stack.</summary>
    public bool Placed;

    public readonly bool ChangesMemory => Kind is OpKind.Write or OpKind.Rmw or OpKind.ListWrite or OpKind.Lock or OpKind.Unlock or OpKind.TryLock or OpKind.Commit or OpKind.Free;
}

/// <summary>One processor.</summary>
internal sealed unsafe class SimulatedCpu
{
    public SimulatedCpu(int number)
    {
        Number = number;
        Hot = (PerCpuHot*)NativeMemory.AlignedAlloc((nuint)sizeof(PerCpuHot), 64);
        Area = (byte*)NativeMemory.AlignedAlloc(PerCpuArea.Size, 64);
        BootTask = (TaskStruct*)NativeMemory.AlignedAlloc((nuint)sizeof(TaskStruct), 64);
    }

    public int Number { get; }

    public PerCpuHot* Hot { get; }

    public byte* Area { get; }

    /// <summary>The task it starts with: the idle task of CPU 0, and the only one on a machine without the scheduler.</summary>
    public TaskStruct* BootTask { get; }

    public bool InterruptsEnabled { get; set; }

    /// <summary>Interrupts that have been raised and not yet taken, one bit for each vector.</summary>
    public uint Raised { get; set; }

    /// <summary>The stack it runs on; null if this CPU has nothing to run.</summary>
    public Context? Context { get; set; }

    /// <summary>How deep it is in interrupts.</summary>
    public int Depth { get; set; }

    /// <summary>What it does next.</summary>
    public Op Pending;

    /// <summary>What the explorer has decided for it.</summary>
    public int Chosen { get; set; }

    /// <summary>Where and on what its loop spins.</summary>
    public SpinWatch Watch;

    public void Reset()
    {
        new Span<byte>(Hot, sizeof(PerCpuHot)).Clear();
        new Span<byte>(Area, PerCpuArea.Size).Clear();
        new Span<byte>(BootTask, sizeof(TaskStruct)).Clear();
        PerCpuArea.SetBase(Number, Area);
        PerCpuArea.SetHot(Number, Hot);
        Hot->Self = Hot;
        Hot->CpuNumber = Number;
        Hot->IrqStackDepth = -1;
        Hot->NoReschedule = 1;
        Hot->PerCpuOffset = (ulong)Area;
        Hot->Current = BootTask;
        InterruptsEnabled = false;
        Raised = 0;
        Context = null;
        Depth = 0;
        Pending = default;
        Watch.Reset();
    }
}

/// <summary>What a spinning CPU has looked at since its last turn. If that was reads only, a write to one of them lets it go on; otherwise whatever
/// somebody else has changed since the last turn does (and the first turn is free).</summary>
internal unsafe struct SpinWatch
{
    private const int Most = 6;
    private fixed ulong _addresses[Most];
    private fixed int _events[Most];
    private int _count;
    private bool _pure;
    private string? _file;
    private int _line;

    /// <summary>True if the turn looked at nothing but a few words, and the turn before stood at the same place.</summary>
    public bool Precise { get; private set; }

    public readonly int Count => _count;

    public void Reset()
    {
        _count = 0;
        _pure = false;
        Precise = false;
        _file = null;
    }

    public readonly nuint Address(int index) => (nuint)_addresses[index];

    public readonly int Event(int index) => _events[index];

    /// <summary>A step of this CPU.</summary>
    public void Note(in Op op, int index)
    {
        switch (op.Kind)
        {
            case OpKind.Read or OpKind.ListRead or OpKind.IsLocked:
                if (_count < Most)
                {
                    _addresses[_count] = op.Address;
                    _events[_count++] = index;
                }
                else
                {
                    _pure = false;
                }

                break;
            case OpKind.Local:
                break;
            case OpKind.Spin:
                _count = 0;
                _pure = true;
                _file = op.File;
                _line = op.Line;
                break;
            default:
                _count = 0;
                _pure = false;
                _file = null;
                break;
        }
    }

    /// <summary>It has come to cpu_relax.</summary>
    public void Arrive(in Op op)
    {
        Precise = _pure && _count > 0 && _line == op.Line && (object?)_file == op.File;
    }
}
