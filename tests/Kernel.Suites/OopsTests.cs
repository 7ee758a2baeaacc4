// OopsTests: every kind of fault that the kernel must survive, each made for real, through Recovery.Call; the report must name what
// happened, the function, and the source line.

using System.Runtime.CompilerServices;
using CSharpOS.Debugging;

namespace CSharpOS.Suites;

public static unsafe partial class OopsTests
{
    private const int DivideError = 0, Bounds = 5, InvalidOpcode = 6, DoubleFault = 8, GeneralProtection = 13, PageFault = 14;

    private static int s_zero;
    private static int s_sink;
    private static ulong s_result;
    private static ulong s_start;
    private static int s_spoilt;
    private static OopsMachineCode s_code;
    private static OopsMachineCode s_spoil;
    private static Log.Console s_console;

    [TestSuite("oops")]
    public static void Suite()
    {
        Test.Run("null dereference"u8, "IRQ-01"u8, &NullDereference);
        Test.Run("write through a bad pointer"u8, "IRQ-01"u8, &BadPointer);
        Test.Run("wild jump"u8, "IRQ-01"u8, &WildJump);
        Test.Run("divide error"u8, "IRQ-01"u8, &Divide);
        Test.Run("stack overflow"u8, "IRQ-01 IRQ-11"u8, &StackOverflow);
        Test.Run("write to kernel text"u8, "IRQ-01"u8, &WriteText);
        Test.Run("write to constants"u8, "IRQ-01"u8, &WriteConstant);
        Test.Run("execution of data"u8, "IRQ-01"u8, &ExecuteData);
        Test.Run("non-canonical address"u8, "IRQ-01"u8, &NonCanonical);
        Test.Run("bad segment selector, an error code"u8, "IRQ-01"u8, &BadSelector);
        Test.Run("invalid opcode, all registers arrive"u8, "IRQ-01"u8, &Registers);
        Test.Run("int3 is logged and goes on"u8, "IRQ-01"u8, &Breakpoint);
        Test.Run("single step is logged and goes on"u8, "IRQ-01"u8, &SingleStep);
        OnCpuZero.Run("an exception keeps all registers"u8, "IRQ-01"u8, &ExceptionKeepsRegisters);
        Test.Run("an interrupt keeps all registers"u8, "IRQ-02"u8, &InterruptKeepsRegisters);
        Test.Run("index out of range"u8, "LOG-02"u8, &IndexOutOfRange);
        Test.Run("arithmetic overflow"u8, "LOG-02"u8, &ArithmeticOverflow);
        Test.Run("BUG_ON"u8, "LOG-02"u8, &Bug);
        Test.Run("a fault in a hole of printk"u8, "LOG-01"u8, &FaultInPrintk);
        Test.Run("the report is whole"u8, "LOG-02"u8, &WholeReport);
    }

    private static void NullDereference()
    {
        Fails(PageFault, &ReadNull);
        Check.Logged("BUG: unable to handle kernel NULL pointer dereference at 0000000000000010"u8);
        Check.Logged("the kernel wanted to read: no page is there"u8);
        Check.Logged("page fault: 0000 [#"u8);
        InFunction(" OopsTests.ReadNull+0x"u8);
    }

    private static void BadPointer()
    {
        Fails(PageFault, &WriteNowhere);
        Check.Logged("BUG: unable to handle kernel paging request at ffffe00000001000"u8);
        Check.Logged("the kernel wanted to write: no page is there"u8);
        Check.Logged("page fault: 0002 [#"u8);
        InFunction(" OopsTests.WriteNowhere+0x"u8);
    }

    private static void WildJump()
    {
        Fails(PageFault, &JumpNowhere);
        Check.Logged("BUG: unable to handle kernel paging request at ffffe00000001000"u8);
        Check.Logged("the kernel wanted to execute: no page is there"u8);
        Check.Logged("IP: [<ffffe00000001000>] 0xffffe00000001000"u8);
        Check.Logged("Code: no memory at ffffe00000001000"u8);
        Check.Logged("] OopsTests.JumpNowhere+0x"u8);
    }

    private static void Divide()
    {
        Fails(DivideError, &DivideByZero);
        Check.Logged("divide error: 0000 [#"u8);
        Check.Logged(": idiv "u8);
        InFunction(" OopsTests.DivideByZero+0x"u8);
    }

    private static void StackOverflow()
    {
        Fails(DoubleFault, &OverflowStack);
        Check.Logged("BUG: kernel stack overflow on the task's stack: its guard page was hit at ffff"u8);
        Check.Logged("double fault: 0000 [#"u8);
        InFunction(" OopsTests.Recurse+0x"u8);
        Check.Logged(" more of the same"u8);
    }

    private static void WriteText()
    {
        Fails(PageFault, &WriteOwnText);
        Check.Logged("BUG: kernel tried to write to read-only memory at ffffffff"u8);
        Check.Logged("page fault: 0003 [#"u8);
        InFunction(" OopsTests.WriteOwnText+0x"u8);
    }

    private static void WriteConstant()
    {
        Fails(PageFault, &WriteLiteral);
        Check.Logged("BUG: kernel tried to write to read-only memory at ffffffff"u8);
        InFunction(" OopsTests.WriteLiteral+0x"u8);
    }

    private static void ExecuteData()
    {
        Fails(PageFault, &RunStack);
        Check.Logged("BUG: kernel tried to execute NX-protected page at ffff"u8);
        Check.Logged("page fault: 0011 [#"u8);
        Check.Logged(": ret"u8);
        Check.Logged("] OopsTests.RunStack+0x"u8);
    }

    private static void NonCanonical()
    {
        Fails(GeneralProtection, &ReadNonCanonical);
        Check.Logged("general protection fault: 0000 [#"u8);
        InFunction(" OopsTests.ReadNonCanonical+0x"u8);
    }

    private static void BadSelector()
    {
        s_code = OopsMachineCode.Of([0xb8, 0xf8, 0xff, 0x00, 0x00, 0x8e, 0xd8, 0xc3]);          // mov eax, 0xfff8; mov ds, ax; ret
        Fails(GeneralProtection, &RunCode);
        Check.Logged("The fault is about segment selector fff8"u8);
        Check.Logged("general protection fault: fff8 [#"u8);
        Check.Logged(": mov ds, "u8);
        s_code.Free();
    }

    private static void Registers()
    {
        s_code = OopsMachineCode.RegistersThenInvalid();
        Fails(InvalidOpcode, &RunCode);
        Check.Logged("invalid opcode: 0000 [#"u8);
        Check.Logged(": ud2"u8);
        byte* bytes = stackalloc byte[64];
        Register(bytes, "RAX: "u8, 0);
        Register(bytes, "RCX: "u8, 1);
        Register(bytes, "RDX: "u8, 2);
        Register(bytes, "RBX: "u8, 3);
        Register(bytes, "RBP: "u8, 5);
        Register(bytes, "RSI: "u8, 6);
        Register(bytes, "RDI: "u8, 7);
        Register(bytes, "R08: "u8, 8);
        Register(bytes, "R09: "u8, 9);
        Register(bytes, "R10: "u8, 10);
        Register(bytes, "R11: "u8, 11);
        Register(bytes, "R12: "u8, 12);
        Register(bytes, "R13: "u8, 13);
        Register(bytes, "R14: "u8, 14);
        Register(bytes, "R15: "u8, 15);
        s_code.Free();
    }

    private static void Breakpoint()
    {
        uint before = Traps.Count(3, SmpProcessorId());
        s_code = OopsMachineCode.Of([0xcc, 0xb8, 0x2a, 0x00, 0x00, 0x00, 0xc3]);                // int3; mov eax, 42; ret
        Check.Equal(0, Recovery.Call(&RunCode, null));
        Check.Equal(42, (long)s_result);
        Check.Equal(before + 1, Traps.Count(3, SmpProcessorId()));
        Check.Logged("int3 at [<ffff"u8);
        s_code.Free();
    }

    private static void SingleStep()
    {
        // pushfq; or qword [rsp], TF; popfq; nop; mov eax, 43; ret
        s_code = OopsMachineCode.Of([0x9c, 0x48, 0x81, 0x0c, 0x24, 0, 1, 0, 0, 0x9d, 0x90, 0xb8, 0x2b, 0, 0, 0, 0xc3]);
        uint before = Traps.Count(1, SmpProcessorId());
        Check.Equal(0, Recovery.Call(&RunCode, null));
        Check.Equal(43, (long)s_result);
        Check.Equal(before + 1, Traps.Count(1, SmpProcessorId()));
        Check.Logged("debug at [<ffff"u8);
        s_code.Free();
    }

    private static void IndexOutOfRange()
    {
        Fails(Bounds, &ReadBeyond);
        Check.Logged("BUG: index out of range"u8);
        Check.Logged("bounds: 0000 [#"u8);
        InFunction(" OopsTests.ReadBeyond+0x"u8);
    }

    private static void ArithmeticOverflow()
    {
        Fails(4, &AddTooMuch);
        Check.Logged("BUG: arithmetic overflow"u8);
        InFunction(" OopsTests.AddTooMuch+0x"u8);
    }

    private static void Bug()
    {
        Fails(InvalidOpcode, &Impossible);
        Check.Logged("kernel BUG at tests/Kernel.Suites/OopsTests.cs:"u8);
        InFunction(" OopsTests.Impossible+0x"u8);
    }

    // Each leaves a message half made. Their buffers must come back.
    private static void FaultInPrintk()
    {
        for (int i = 0; i < 40; i++)
        {
            Fails(PageFault, &PrintNull);
        }

        Printk(LogLevel.Info, $"and on it goes {1}\n");
        Check.Logged("and on it goes 1"u8);
        Check.NotLogged("messages lost"u8);
    }

    private static void WholeReport()
    {
        int before = Oops.Count;
        Fails(PageFault, &ReadNull);
        Check.Equal(before + 1, Oops.Count);
        byte* bytes = stackalloc byte[100];
        TextBuffer task = new(new Span<byte>(bytes, 100));
        task.Append($"CPU: {SmpProcessorId()}  Pid: {Current->Pid}, name: {Current->Name}  {KernelVersion.Banner}");
        Check.Logged(task.Written);
        Check.Logged("RIP: 0010:[<ffffffff"u8);
        Check.Logged("RSP: "u8);
        Check.Logged("  EFLAGS: "u8);
        Check.Logged("CR2: 0000000000000010 CR3: "u8);
        Check.Logged("Call Trace:"u8);
        Check.Logged(" Recovery.Call+0x"u8);
        Check.Logged(" Test.Run+0x"u8);
        Check.Logged(" TestRunner.RunSuites+0x"u8);
        Check.Logged("Code: "u8);
        Check.Logged(": mov "u8);
        Check.Logged("Last interrupts: irq "u8);
        Check.Logged("---[ end oops "u8);
        Check.NotLogged("trace ends here"u8);
        Check.NotLogged("panic"u8);
        Check.False(KernelLog.OopsInProgress);
    }

    private static void Fails(int vector, delegate*<void*, void> function)
    {
        s_start = KernelLog.NextSequence;
        Check.Equal(vector + 1, Recovery.Call(function, null));
    }

    // The line "IP:" names the function, and the trace the test's file.
    private static void InFunction(ReadOnlySpan<byte> name)
    {
        bool found = false;
        LogReader reader = new(s_start);
        while (reader.MoveNext())
        {
            ReadOnlySpan<byte> text = reader.Current.Text;
            found |= text.StartsWith("IP: [<ffffffff"u8) && text.IndexOf(name) > 0
                && text.IndexOf(" [kernelsuites] at tests/Kernel.Suites/OopsTests.cs:"u8) > 0;
        }

        if (!found)
        {
            Check.Logged("IP: with file and line of the function:"u8);
            Check.Logged(name);
        }
    }

    private static void Register(byte* bytes, ReadOnlySpan<byte> name, int register)
    {
        TextBuffer text = new(new Span<byte>(bytes, 64));
        text.Append($"{name}{OopsMachineCode.Value(register):x16}");
        Check.Logged(text.Written);
    }

    private static void RunCode(void* unused) => s_result = s_code.Function();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReadNull(void* unused)
    {
        int* pointer = (int*)Shared.ReadOnce(ref s_zero);
        s_sink = pointer[4];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WriteNowhere(void* unused)
    {
        int* pointer = (int*)(0xffffe00000001000 + (ulong)Shared.ReadOnce(ref s_zero));
        *pointer = 1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void JumpNowhere(void* unused)
    {
        // Mapped nowhere. The low bits are clear: a function pointer with bit 1 set means something else to the compiler.
        var target = (delegate*<void>)(0xffffe00000001000 + (ulong)Shared.ReadOnce(ref s_zero));
        target();
        s_sink = 1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void DivideByZero(void* unused)
    {
        int zero = Shared.ReadOnce(ref s_zero);
        s_sink = 1 / zero;
    }

    private static void OverflowStack(void* unused) => s_sink = Recurse(1);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Recurse(int depth)
    {
        // What is done with the result keeps the compiler from making a loop of it.
        int deeper = Recurse(depth + 1);
        return deeper + Shared.ReadOnce(ref s_zero) + depth;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WriteOwnText(void* unused)
    {
        delegate*<void*, void> own = &WriteOwnText;
        byte* pointer = (byte*)own + Shared.ReadOnce(ref s_zero);
        *pointer = 0xcc;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WriteLiteral(void* unused)
    {
        ReadOnlySpan<byte> literal = "constant"u8;
        fixed (byte* pointer = literal)
        {
            pointer[Shared.ReadOnce(ref s_zero)] = 1;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunStack(void* unused)
    {
        ulong* code = stackalloc ulong[1];
        *code = 0xc3;
        ((delegate*<void>)code)();
        s_sink = 1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReadNonCanonical(void* unused)
    {
        int* pointer = (int*)(0x8000000000000000 + (ulong)Shared.ReadOnce(ref s_zero));
        s_sink = *pointer;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReadBeyond(void* unused)
    {
        ReadOnlySpan<byte> three = "abc"u8;
        int index = 3 + Shared.ReadOnce(ref s_zero);
        s_sink = three[index];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddTooMuch(void* unused)
    {
        int most = int.MaxValue - Shared.ReadOnce(ref s_zero);
        s_sink = checked(most + 1);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Impossible(void* unused)
    {
        int zero = Shared.ReadOnce(ref s_zero);
        BugOn(zero == 0);
        s_sink = 1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PrintNull(void* unused)
    {
        int* pointer = (int*)Shared.ReadOnce(ref s_zero);
        Printk(LogLevel.Info, $"half a message {pointer[1]}\n");
    }
}
