// Unwinder: walks from one frame to its caller's, through interrupt entries, for call traces.
//
// Linux: struct unwind_state, unwind_start, unwind_next_frame, unwind_done (arch/x86/kernel/unwind_orc.c).
//
// How it goes on, by the kind of frame:
// - C# and assembly with a rule (UnwinderRows): the frame address is rsp or rbp plus an offset, the return address lies below it.
// - Code without a rule: taken as a leaf that has pushed nothing; the return address is at [rsp]. So is a jump to nowhere:
//   a call through a bad pointer has just pushed its return address.
// - A return address in the entry stubs (Boot/entry.asm): there the word at rsp is the address of the PtRegs of the interrupted code,
//   which is the next frame, with its exact address and registers. It is marked (IsInterruptFrame).
// - User mode, a zero return address, the top of a stack: the end.
//
// Contexts: any, NMI and double fault included. No locks, no allocation. It never faults: it reads nothing outside of the stack ranges
// that the caller names, and those must be mapped. It always ends: within a stack every step goes up, a stack that was left is
// entered again only above the point where it was left, and there are at most MaxFrames frames.
// The walked stack must stand still: the caller's own, one of a task that does not run, or of a stopped CPU.

using CSharpOS.Arch;

namespace CSharpOS.Debugging;

/// <summary>One walk. <c>while (unwinder.MoveNext()) { unwinder.Pc ... }</c>; a struct on the caller's stack.</summary>
/// <linux>unwind_state</linux>
public unsafe struct Unwinder
{
    /// <summary>Where a walk is cut off.</summary>
    public const int MaxFrames = 128;

    private static nuint s_entryStart;
    private static nuint s_entryEnd;

    private readonly StackRange* _stacks;
    private readonly int _stackCount;
    private int _frames;

    /// <summary>The frame's instruction: exact in the first frame and in an interrupted one, else a return address.</summary>
    public nuint Pc { get; private set; }

    /// <summary>rsp in that frame.</summary>
    public nuint Sp { get; private set; }

    /// <summary>rbp in that frame.</summary>
    public nuint Fp { get; private set; }

    /// <summary>This frame was interrupted: <see cref="Regs"/> are its registers, and the frames before it are the handler's.</summary>
    public bool IsInterruptFrame { get; private set; }

    /// <summary>The registers of the frame if <see cref="IsInterruptFrame"/>, or if the walk started with them; else null.</summary>
    public PtRegs* Regs { get; private set; }

    /// <summary><see cref="Pc"/> is the instruction itself, not where a call returns to.</summary>
    public bool IsExact { get; private set; }

    /// <summary>Why <see cref="MoveNext"/> gave false.</summary>
    public UnwinderEnd End { get; private set; }

    /// <summary>The address to look symbols and lines up with: of the call, not behind it, which may be another line or function.</summary>
    public readonly nuint LookupPc => IsExact ? Pc : Pc - 1;

    /// <summary>Says where the entry stubs are. Once at boot; SymbolTable.Init brings the tables.</summary>
    public static void Init(nuint entryTextStart, nuint entryTextEnd)
    {
        s_entryStart = entryTextStart;
        s_entryEnd = entryTextEnd;
    }

    /// <summary>Starts at a place to which a call returns: <paramref name="pc"/> is its return address, the registers are those after the
    /// return. So a running function describes itself, and so does a task that waits inside the context switch.</summary>
    /// <param name="pc">The first frame's address.</param>
    /// <param name="sp">Its rsp.</param>
    /// <param name="fp">Its rbp.</param>
    /// <param name="stacks">The stacks that may be read; must live as long as the walk, which leaves notes in them.</param>
    /// <param name="stackCount">How many.</param>
    /// <linux>unwind_start</linux>
    public Unwinder(nuint pc, nuint sp, nuint fp, StackRange* stacks, int stackCount)
    {
        this = default;
        _stacks = stacks;
        _stackCount = stackCount;
        Pc = pc;
        Sp = sp;
        Fp = fp;
        ForgetNotes();
    }

    /// <summary>Starts at interrupted or faulting code.</summary>
    /// <param name="regs">Its registers. User mode: there are no frames to walk.</param>
    /// <param name="stacks">The stacks that may be read.</param>
    /// <param name="stackCount">How many.</param>
    public Unwinder(PtRegs* regs, StackRange* stacks, int stackCount)
    {
        this = default;
        _stacks = stacks;
        _stackCount = stackCount;
        Take(regs);
        ForgetNotes();
        if (regs->UserMode)
        {
            End = UnwinderEnd.UserMode;
        }
    }

    /// <summary>Goes to the first frame, then to each caller's. Any context.</summary>
    /// <returns>False at the end; <see cref="End"/> says why.</returns>
    /// <linux>unwind_next_frame</linux>
    public bool MoveNext()
    {
        if (End != UnwinderEnd.None)
        {
            return false;
        }

        if (_frames++ == 0)
        {
            return true;
        }

        if (_frames > MaxFrames)
        {
            return Stop(UnwinderEnd.TooDeep);
        }

        bool inEntry = Pc - s_entryStart < s_entryEnd - s_entryStart;
        if (inEntry)
        {
            return IsExact ? Stop(UnwinderEnd.InEntryStub) : ToInterrupted();
        }

        return ToCaller();
    }

    private bool ToCaller()
    {
        StackRange* stack = StackOf(Sp);
        if (stack == null)
        {
            return Stop(AtTop(Sp) ? UnwinderEnd.Complete : UnwinderEnd.OutsideStacks);
        }

        nuint frame = Sp + 8;
        nuint callerFp = Fp;
        uint rbpBelowFrame = 0;
        if (UnwinderRows.Lookup(LookupPc, out UnwinderRule rule))
        {
            frame = (rule.FromRbp ? Fp : Sp) + rule.FrameOffset;
            rbpBelowFrame = rule.RbpBelowFrame;
        }

        if (frame <= Sp || (frame & 7) != 0)
        {
            return Stop(UnwinderEnd.NoProgress);
        }

        if (!Read(stack, frame - 8, out nuint returnAddress) ||
            (rbpBelowFrame != 0 && !Read(stack, frame - rbpBelowFrame, out callerFp)))
        {
            return Stop(UnwinderEnd.OutsideStacks);
        }

        if (returnAddress == 0)
        {
            return Stop(UnwinderEnd.Complete);
        }

        if (!SymbolTable.IsText(returnAddress - 1))
        {
            return Stop(UnwinderEnd.NotText);
        }

        Pc = returnAddress;
        Sp = frame;
        Fp = callerFp;
        IsExact = false;
        IsInterruptFrame = false;
        Regs = null;
        return true;
    }

    // The word above the stub's return address, which is where rsp points now, is the address of the interrupted code's registers.
    private bool ToInterrupted()
    {
        StackRange* stack = StackOf(Sp);
        if (stack == null || !Read(stack, Sp, out nuint address))
        {
            return Stop(UnwinderEnd.OutsideStacks);
        }

        StackRange* regsStack = StackOf(address);
        if (regsStack == null || (address & 7) != 0 || regsStack->High - address < (nuint)sizeof(PtRegs))
        {
            return Stop(UnwinderEnd.OutsideStacks);
        }

        // Both stacks are left upwards: the stub's, and the one where the CPU saved the registers.
        PtRegs* regs = (PtRegs*)address;
        if (address <= regsStack->LeftAt || !Leave(stack, Sp) || (regsStack != stack && !Leave(regsStack, address)))
        {
            return Stop(UnwinderEnd.NoProgress);
        }

        if (regs->UserMode)
        {
            Regs = regs;
            return Stop(UnwinderEnd.UserMode);
        }

        StackRange* next = StackOf((nuint)regs->Rsp);
        if (next != null && (nuint)regs->Rsp <= next->LeftAt)
        {
            return Stop(UnwinderEnd.NoProgress);
        }

        Take(regs);
        IsInterruptFrame = true;
        return true;
    }

    private void Take(PtRegs* regs)
    {
        Pc = (nuint)regs->Rip;
        Sp = (nuint)regs->Rsp;
        Fp = (nuint)regs->Rbp;
        IsExact = true;
        Regs = regs;
    }

    private bool Stop(UnwinderEnd end)
    {
        End = end;
        return false;
    }

    private static bool Leave(StackRange* stack, nuint at)
    {
        bool progress = at > stack->LeftAt;
        stack->LeftAt = at;
        return progress;
    }

    private readonly StackRange* StackOf(nuint address)
    {
        for (int i = 0; i < _stackCount; i++)
        {
            if (address >= _stacks[i].Low && address < _stacks[i].High)
            {
                return &_stacks[i];
            }
        }

        return null;
    }

    private readonly bool AtTop(nuint address)
    {
        for (int i = 0; i < _stackCount; i++)
        {
            if (address == _stacks[i].High)
            {
                return true;
            }
        }

        return false;
    }

    private readonly void ForgetNotes()
    {
        for (int i = 0; i < _stackCount; i++)
        {
            _stacks[i].LeftAt = 0;
        }
    }

    private static bool Read(StackRange* stack, nuint address, out nuint value)
    {
        bool inside = address >= stack->Low && address <= stack->High - 8 && (address & 7) == 0;
        value = inside ? *(nuint*)address : 0;
        return inside;
    }
}
