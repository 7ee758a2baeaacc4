// IrqMachine: a simulated PC with its interrupt controllers, as far as the irq layer sees it, just booted and with interrupts on.

using System.Text;
using CSharpOS.Hosted.Mm;
using CSharpOS.Init;
using Xunit;

namespace CSharpOS.Hosted.Irq;

/// <summary>The machine under test.</summary>
public sealed unsafe class IrqMachine
{
    public IrqMachine(bool withElcr = true, int elcr = 0)
    {
        CommandLine.Init(default);
        SimulatedMemory.Start();
        Simulation.InterruptsEnabled = false;
        Clock.Init();
        Timers.Init();
        Hrtimers.Init();
        EntropyPool.Init();
        Interrupts.Init();
        Pic = new SimulatedPic();
        Pic.SetElcr(elcr);
        Pic.Attach(withElcr);
        I8259A.Init();
        Simulation.InterruptsEnabled = true;
    }

    public SimulatedPic Pic { get; }

    /// <summary>How deep interrupts are nested on the host's stack right now.</summary>
    public int Depth { get; private set; }

    /// <summary>Deepest nesting so far.</summary>
    public int DeepestNesting { get; private set; }

    /// <summary>All that the kernel has logged.</summary>
    public static string Log
    {
        get
        {
            StringBuilder text = new();
            LogReader reader = new(0);
            while (reader.MoveNext())
            {
                text.Append(Encoding.UTF8.GetString(reader.Current.Text)).Append('\n');
            }

            return text.ToString();
        }
    }

    /// <summary>How often <paramref name="text"/> is in the log.</summary>
    public static int Logged(string text) => (Log.Length - Log.Replace(text, null).Length) / text.Length;

    /// <summary>From now on the machine takes interrupts at every arch call, as a real one does between two instructions.</summary>
    public void TakeInterruptsAnywhere() => Simulation.OnArchCall = Deliver;

    /// <summary>Takes whatever interrupts the controllers hold, as long as the interrupt flag allows it.</summary>
    public void Deliver()
    {
        while (Simulation.InterruptsEnabled && Pic.Interrupt)
        {
            Take(Pic.Acknowledge() - 0x20);
        }
    }

    /// <summary>Raises an edge on <paramref name="irq"/> and takes it.</summary>
    public void Pulse(int irq)
    {
        Pic.Pulse(irq);
        Deliver();
    }

    /// <summary>What the CPU and the entry stub do with the vector of line <paramref name="irq"/>.</summary>
    public void Take(int irq)
    {
        PtRegs regs = new() { OrigRax = (ulong)(irq - 256), Rip = 0x1234, Cs = 0x10, Eflags = 0x202 };
        int count = PreemptCount();
        PtRegs* outer = InterruptRegs;
        bool enabled = Simulation.InterruptsEnabled;
        Simulation.InterruptsEnabled = false;
        Depth++;
        DeepestNesting = Math.Max(DeepestNesting, Depth);
        InterruptRegs = &regs;
        DoIrq(&regs);
        InterruptRegs = outer;
        Depth--;
        Assert.False(Simulation.InterruptsEnabled, "DoIrq returned with interrupts on");
        Assert.Equal(count, PreemptCount());
        Simulation.InterruptsEnabled = enabled;
    }

    /// <summary>What must hold whenever no interrupt is being served.</summary>
    public void AssertQuiet()
    {
        Assert.Equal(0, Pic.InService);
        Assert.Equal(0, Pic.WrongEois);
        Assert.Equal(0, PreemptCount());
        for (int irq = 0; irq < I8259A.Lines; irq++)
        {
            IrqDescriptor* descriptor = IrqToDescriptor(irq);
            Assert.False(descriptor->Has(IrqStatus.InProgress));
            Assert.False(descriptor->Lock.IsLocked());
            Assert.Equal(descriptor->Depth > 0, descriptor->Has(IrqStatus.Disabled));
        }
    }
}
