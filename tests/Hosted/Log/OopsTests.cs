// Oops: the text of the reports, who is ended, recursion, several CPUs. Call traces proper are tested in the kernel itself.

using System.Runtime.InteropServices;
using CSharpOS.Arch;
using CSharpOS.Debugging;
using CSharpOS.Init;
using CSharpOS.Log;
using CSharpOS.Testing;
using Xunit;

namespace CSharpOS.Hosted.Log;

[Trait("Row", "IRQ-01")]
public unsafe class OopsTests : LogFixture
{
    private const int Write = 2, Present = 1, Fetch = 16, Reserved = 8;

    private static PtRegs s_regs;
    private static int s_vector;
    private static ulong s_address;

    public OopsTests()
    {
        DebugExit.Verdict = 0;
        ProbeKernel.Memory = [];
        s_regs = new PtRegs
        {
            Rip = 0xffffffff80123456, Cs = 0x10, Ss = 0x18, Rsp = 0xffffffff80200f00, Eflags = 0x10246,
            Rax = 0xa, Rbx = 0xb, Rcx = 0xc, Rdx = 0xd, Rsi = 0x51, Rdi = 0xd1, Rbp = 0xb9, R8 = 8, R9 = 9, R10 = 10, R11 = 11, R12 = 12, R13 = 13, R14 = 14, R15 = 15,
        };
        s_address = 0;
    }

    [Theory]
    [InlineData(0x10, 0, "unable to handle kernel NULL pointer dereference at 0000000000000010", "read: no page is there")]
    [InlineData(0xfff, Write, "unable to handle kernel NULL pointer dereference at 0000000000000fff", "write: no page is there")]
    [InlineData(0x1000, 0, "unable to handle kernel paging request at 0000000000001000", "read: no page is there")]
    [InlineData(0x80100000, Write | Present, "kernel tried to write to read-only memory at 0000000080100000", "write: the page does not allow it")]
    [InlineData(0x80300000, Fetch | Present, "kernel tried to execute NX-protected page at 0000000080300000", "execute: the page does not allow it")]
    [InlineData(0x80300000, Reserved | Present, "corrupted page table, at the entry for 0000000080300000", "page fault: 0009")]
    public void PageFaults(long address, int error, string first, string second)
    {
        string log = Fault(ExceptionNames.PageFault, error, (ulong)address);
        Assert.Contains("BUG: " + first + "\n", log);
        Assert.Contains(second, log);
        Assert.Contains($"page fault: {error:x4} [#1] SMP PREEMPT\n", log);
    }

    [Theory]
    [InlineData(0, "divide error: 0000 [#1] SMP PREEMPT")]
    [InlineData(6, "invalid opcode: 0000 [#1] SMP PREEMPT")]
    [InlineData(12, "stack segment: 0000 [#1] SMP PREEMPT")]
    [InlineData(13, "general protection fault: 0000 [#1] SMP PREEMPT")]
    [InlineData(17, "alignment check: 0000 [#1] SMP PREEMPT")]
    [InlineData(31, "reserved exception: 0000 [#1] SMP PREEMPT")]
    public void OtherFaults(int vector, string line) => Assert.Contains(line + "\n", Fault(vector, 0, 0));

    [Fact]
    public void RegistersAsInLinux()
    {
        Simulation.Hot(0)->Current->Pid = 42;
        "rtc-test"u8.CopyTo(new Span<byte>(Simulation.Hot(0)->Current->Comm, 16));
        string log = Fault(13, 0x28, 0x1234);
        Assert.Contains("The fault is about segment selector 0028\n", log);
        Assert.Contains("IP: [<ffffffff80123456>] 0xffffffff80123456\n", log);
        Assert.Contains("CPU: 0  Pid: 42, name: rtc-test  CSharpOS ", log);
        Assert.Contains("RIP: 0010:[<ffffffff80123456>] 0xffffffff80123456\n", log);
        Assert.Contains("RSP: 0018:ffffffff80200f00  EFLAGS: 00010246\n", log);
        Assert.Contains("RAX: 000000000000000a RBX: 000000000000000b RCX: 000000000000000c\n", log);
        Assert.Contains("RDX: 000000000000000d RSI: 0000000000000051 RDI: 00000000000000d1\n", log);
        Assert.Contains("RBP: 00000000000000b9 R08: 0000000000000008 R09: 0000000000000009\n", log);
        Assert.Contains("R10: 000000000000000a R11: 000000000000000b R12: 000000000000000c\n", log);
        Assert.Contains("R13: 000000000000000d R14: 000000000000000e R15: 000000000000000f\n", log);
        Assert.Contains("CR2: 0000000000001234 CR3: 0000000000abc000", log);
        Assert.Contains("Call Trace:\n", log);
        Assert.Contains("---[ end oops 1 ]---\n", log);
    }

    [Fact]
    public void TheInstructionIsDecoded()
    {
        ProbeKernel.Base = s_regs.Rip - 4;
        ProbeKernel.Memory = [0x90, 0x90, 0x90, 0x55, 0x48, 0x8b, 0x43, 0x10, 0xc3];
        string log = Fault(14, 0, 0x1000000);
        Assert.Contains("Code: <48> 8b 43 10 c3\n", log);
        Assert.Contains("  ffffffff80123456: mov rax, qword ptr [rbx+0x10]\n", log);

        ProbeKernel.Base = s_regs.Rip - 0x40;
        ProbeKernel.Memory = new byte[0x50];
        ProbeKernel.Memory[0x40] = 0x0f;
        ProbeKernel.Memory[0x41] = 0x0b;
        ProbeKernel.Memory[0x3f] = 0xaa;
        log = Fault(6, 0, 0);
        Assert.Contains(" 00 aa <0f> 0b 00", log);
        Assert.Contains(": ud2\n", log);
    }

    [Fact]
    public void NoCodeWhereThereIsNoMemory()
    {
        s_regs.Rip = 0xdead;
        Assert.Contains("Code: no memory at 000000000000dead\n", Fault(14, Fetch, 0xdead));
    }

    [Fact]
    public void AStackOverflowIsNamed()
    {
        byte* memory = (byte*)NativeMemory.AlignedAlloc(AsmOffsets.THREAD_SIZE, 4096);
        NativeMemory.Clear(memory, AsmOffsets.THREAD_SIZE);
        ulong low = (ulong)memory;
        KernelStacks.Stacks.Add(((nuint)memory, (nuint)memory + AsmOffsets.THREAD_SIZE, StackKind.Task));
        s_regs.Rsp = low + 8;
        Assert.Contains(
            $"BUG: kernel stack overflow on the task's stack: its guard page was hit at {low - 8:x16}\n",
            Fault(ExceptionNames.DoubleFault, 0, low - 8));
        Assert.DoesNotContain("stack overflow", Fault(ExceptionNames.DoubleFault, 0, low + 16));
        Assert.DoesNotContain("stack overflow", Fault(ExceptionNames.DoubleFault, 0, low - 4097));
        NativeMemory.AlignedFree(memory);
    }

    [Fact]
    public void LastInterruptsAreShown()
    {
        LastInterrupts.Note(4);
        LastInterrupts.Note(0);
        Simulation.Tsc += 1000;
        string log = Fault(6, 0, 0);
        Assert.Matches(@"Last interrupts: irq 0 1\d\d\d cycles, irq 4 1\d\d\d cycles ago\n", log);
    }

    [Fact]
    public void AFaultEndsOnlyTheCall()
    {
        for (int number = 1; number <= 3; number++)
        {
            string log = Fault(14, 0, 0x10);
            Assert.Contains($"[#{number}]", log);
            Assert.DoesNotContain("panic", log);
        }

        Assert.Equal(3, Oops.Count);
        Assert.False(KernelLog.OopsInProgress);
        Assert.Equal(0, TextPool.InUse);
    }

    [Fact]
    public void AMessageLeftHalfMadeGivesItsBufferBack()
    {
        byte* stack = (byte*)NativeMemory.AllocZeroed(AsmOffsets.THREAD_SIZE);
        Simulation.Hot(0)->Current->Stack = stack;
        TextPool.Claim((nuint)stack + 64);
        Fault(14, 0, 0x10);
        Assert.Equal(0, TextPool.InUse);
        NativeMemory.Free(stack);
    }

    [Fact]
    public void InAnInterruptItIsThePanic()
    {
        IrqEnter();
        Start(14, 0, 0x10);
        Assert.Throws<SimulatedHaltException>(() => Recovery.Call(&Strike, null));
        Assert.Contains("Kernel panic - not syncing: Fatal exception in interrupt\n", Dmesg());
        Assert.Equal(DebugExit.Crashed, DebugExit.Verdict);
    }

    [Fact]
    public void WithoutAnybodyToEndItIsThePanic()
    {
        Start(14, 0, 0x10);
        Assert.Throws<SimulatedHaltException>(() => Strike(null));
        Assert.Contains("Kernel panic - not syncing: Fatal exception\n", Dmesg());
    }

    [Fact]
    public void PanicOnOops()
    {
        Boot("panic_on_oops");
        Start(14, 0, 0x10);
        Assert.Throws<SimulatedHaltException>(() => Recovery.Call(&Strike, null));
        Assert.Contains("Kernel panic - not syncing: Fatal exception\n", Dmesg());
        Boot("panic_on_oops=0");
        Assert.Contains("page fault", Fault(14, 0, 0x10));
    }

    [Fact]
    public void AFaultInsideAnOopsEndsInFewWords()
    {
        CSharpOS.Log.Console* console = Register();
        bool once = false;
        OnConsoleWrite = () =>
        {
            if (!once)
            {
                once = true;
                Start(13, 0, 0);
                Strike(null);
            }
        };
        Start(14, 0, 0x10);
        Assert.Throws<SimulatedHaltException>(() => Recovery.Call(&Strike, null));
        Assert.Equal("\nFault inside an oops: general protection fault at ffffffff80123456\n", EarlyConsole.Text);
        Assert.Equal(DebugExit.Crashed, DebugExit.Verdict);
    }

    [Fact]
    public void AFaultInAConsoleDriverIsReportedAllTheSame()
    {
        CSharpOS.Log.Console* console = Register();
        bool once = false;
        OnConsoleWrite = () =>
        {
            if (!once)
            {
                // The console lock is held by the code that fails: the oops takes it.
                once = true;
                Strike(null);
            }
        };
        Start(14, 0, 0x10);
        Assert.Equal(15, Recovery.Call(&PrintOnce, null));
        Assert.Contains("NULL pointer dereference", Shown(console));
        OnConsoleWrite = null;
        Printk("afterwards\n"u8);
        Assert.EndsWith("[T] afterwards\n", Shown(console));
    }

    [Fact]
    public void WithoutAConsoleItGoesToTheEarlyOne()
    {
        string log = Fault(14, 0, 0x10);
        Assert.Equal(log, WithoutTimes(EarlyConsole.Text));
    }

    [Fact]
    public void AnOopsIsShownWhateverTheLevel()
    {
        Boot("quiet loglevel=1");
        CSharpOS.Log.Console* console = Register();
        string log = Fault(14, 0, 0x10);
        Assert.Equal(log, Shown(console));
    }

    [Fact]
    public void AnotherCpuWaitsItsTurn()
    {
        int calls = 0;
        CSharpOS.Log.Console* console = Register();
        OnConsoleWrite = () =>
        {
            if (calls++ == 3)
            {
                // CPU 1 faults in the middle of CPU 0's report. It would wait; the test only sees that it does not print.
                OnConsoleWrite = null;
                int waited = 0;
                Simulation.OnArchCall = () =>
                {
                    if (++waited == 50)
                    {
                        throw new SimulatedHaltException();
                    }
                };
                Simulation.SwitchTo(1);
                s_vector = 6;
                Assert.Throws<SimulatedHaltException>(() => Strike(null));
                s_vector = 14;
                Simulation.OnArchCall = null;
                Simulation.SwitchTo(0);
            }
        };
        string log = Fault(14, 0, 0x10);
        Assert.DoesNotContain("invalid opcode", log);
        Assert.Contains("---[ end oops 1 ]---", log);
    }

    [Fact]
    public void RuntimeChecks()
    {
        Assert.Equal(ExceptionNames.Bounds + 1, Recovery.Call(&IndexOutOfRange, null));
        string log = Dmesg();
        Assert.Contains("BUG: index out of range\n", log);
        Assert.Contains("bounds: 0000 [#1] SMP PREEMPT\n", log);
        Assert.Equal(ExceptionNames.DivideError + 1, Recovery.Call(&DivisionByZero, null));
        Assert.Equal(ExceptionNames.InvalidOpcode + 1, Recovery.Call(&NotSupported, null));
        Assert.Equal(3, Oops.Count);
    }

    private static void Start(int vector, int error, ulong address)
    {
        s_vector = vector;
        s_regs.OrigRax = (ulong)error;
        s_address = address;
    }

    // Lets the fault strike inside Recovery.Call and gives what was logged.
    private static string Fault(int vector, int error, ulong address)
    {
        ulong from = KernelLog.NextSequence;
        Start(vector, error, address);
        Assert.Equal(vector + 1, Recovery.Call(&Strike, null));
        return Dmesg(from);
    }

    private static void Strike(void* unused)
    {
        PtRegs regs = s_regs;
        Oops.Fault(&regs, s_vector, s_address, 0xabc000);
    }

    private static void PrintOnce(void* unused) => Printk("to the driver\n"u8);

    private static void IndexOutOfRange(void* unused) => Oops.RuntimeCheck("index out of range"u8);

    private static void DivisionByZero(void* unused) => Oops.RuntimeCheck("division by zero"u8);

    private static void NotSupported(void* unused) => Oops.RuntimeCheck("not supported"u8);
}
