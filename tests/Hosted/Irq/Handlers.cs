// Handlers: interrupt handlers for tests. What they do is a script that the test writes; what happened is a list that it reads.

using System.Linq;

namespace CSharpOS.Hosted.Irq;

/// <summary>Five handlers that note their calls and run the test's script.</summary>
public static unsafe class Handlers
{
    public readonly record struct Call(int Handler, int Irq, nint DevId, nint Regs);

    public static List<Call> Calls { get; } = [];

    /// <summary>What handler n does and returns. Not set: it returns Handled.</summary>
    public static Func<IrqReturn>?[] Scripts { get; } = new Func<IrqReturn>?[5];

    public static string Order => string.Join(" ", Calls.Select(call => call.Handler));

    public static void Reset()
    {
        Calls.Clear();
        Array.Clear(Scripts);
    }

    public static delegate*<int, void*, PtRegs*, IrqReturn> Get(int handler) => handler switch
    {
        0 => &Handler0,
        1 => &Handler1,
        2 => &Handler2,
        3 => &Handler3,
        _ => &Handler4,
    };

    private static IrqReturn Run(int handler, int irq, void* devId, PtRegs* regs)
    {
        Calls.Add(new Call(handler, irq, (nint)devId, (nint)regs));
        return Scripts[handler]?.Invoke() ?? IrqReturn.Handled;
    }

    private static IrqReturn Handler0(int irq, void* devId, PtRegs* regs) => Run(0, irq, devId, regs);

    private static IrqReturn Handler1(int irq, void* devId, PtRegs* regs) => Run(1, irq, devId, regs);

    private static IrqReturn Handler2(int irq, void* devId, PtRegs* regs) => Run(2, irq, devId, regs);

    private static IrqReturn Handler3(int irq, void* devId, PtRegs* regs) => Run(3, irq, devId, regs);

    private static IrqReturn Handler4(int irq, void* devId, PtRegs* regs) => Run(4, irq, devId, regs);
}
