// Exceptions and interrupts keep all registers, whatever runs inside them. Part of the suite oops.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

public static unsafe partial class OopsTests
{
    // int3 is logged, so a console of the test's own runs inside the exception.
    private static void ExceptionKeepsRegisters()
    {
        s_spoil = OopsMachineCode.SpoilRegisters();
        s_console = default;
        s_console.Name = "spoil"u8;
        s_console.Write = &SpoilInConsole;
        s_console.Flags = ConsoleFlags.NoReplay;
        var console = (Log.Console*)Unsafe.AsPointer(ref s_console);
        KernelLog.RegisterConsole(console);

        // While another CPU writes to the consoles it writes this CPU's lines as well: then the exception was an ordinary one.
        s_spoilt = 0;
        for (int rounds = 0; s_spoilt < 3 && rounds < 100; rounds++)
        {
            KeepsRegisters(3);
        }

        Check.True(s_spoilt >= 3);
        Check.Equal(0, KernelLog.UnregisterConsole(console));
        s_spoil.Free();
    }

    private static void InterruptKeepsRegisters()
    {
        ReadOnlySpan<byte> lines = [5, 3, 6, 9, 10, 11];
        s_spoil = OopsMachineCode.SpoilRegisters();
        s_spoilt = 0;
        fixed (int* cookie = &s_spoilt)
        {
            foreach (int line in lines)
            {
                if (RequestIrq(line, &SpoilInHandler, IrqFlags.None, "oops test"u8, cookie) == 0)
                {
                    KeepsRegisters(OopsMachineCode.FirstLineVector + line);
                    Check.Equal(3, s_spoilt);
                    FreeIrq(line, cookie);
                    s_spoil.Free();
                    return;
                }
            }
        }

        s_spoil.Free();
        Test.Skip("no free ISA line"u8);
    }

    private static void SpoilInConsole(Log.Console* console, byte* text, int length)
    {
        s_spoilt += SmpProcessorId() == 0 ? 1 : 0;
        s_spoil.Function();
    }

    private static IrqReturn SpoilInHandler(int irq, void* cookie, PtRegs* regs)
    {
        s_spoilt++;
        s_spoil.Function();
        return IrqReturn.Handled;
    }

    private static void KeepsRegisters(int vector)
    {
        s_code = OopsMachineCode.SumAfterInterrupt(vector);
        for (int i = 0; i < 3; i++)
        {
            Check.Equal(0, Recovery.Call(&RunCode, null));
            Check.Equal(OopsMachineCode.Sum(), s_result);
        }

        s_code.Free();
    }
}
