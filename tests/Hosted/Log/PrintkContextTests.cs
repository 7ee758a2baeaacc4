// Printk: interrupts of every kind at every point in it, other CPUs, drivers that print, and the buffers of messages.

using System.Text;
using CSharpOS.Arch;
using CSharpOS.Log;
using CSharpOS.Sched;
using Xunit;

namespace CSharpOS.Hosted.Log;

[Trait("Row", "LOG-01")]
public unsafe class PrintkContextTests : LogFixture
{
    [Fact]
    public void PrintingFromAConsoleDriverIsShownAfterwards()
    {
        CSharpOS.Log.Console* console = Register();
        bool once = false;
        OnConsoleWrite = () =>
        {
            if (!once)
            {
                once = true;
                Printk("from the driver\n"u8);
            }
        };
        Printk("outer\n"u8);
        Assert.Equal("[T] outer\n[T] from the driver\n", Shown(console));
    }

    [Fact]
    public void PrintingWhileRawTextIsShownIsShownAfterwards()
    {
        CSharpOS.Log.Console* console = Register();
        bool once = false;
        OnConsoleWrite = () =>
        {
            if (!once)
            {
                once = true;
                Printk("from the driver\n"u8);
            }
        };
        KernelLog.WriteToConsoles("prompt> "u8);
        Assert.Equal("prompt> [T] from the driver\n", Shown(console));
    }

    [Fact]
    public void AHoleMayPrintItself()
    {
        Printk($"a{Nested()}b\n");
        Assert.Equal("[T] nested\n[T] a5b\n", Dmesg());
        Assert.Equal(0, TextPool.InUse);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnInterruptAtAnyPointLosesNothing(bool nmi)
    {
        int points = 1;
        for (int strike = 0; strike < points; strike++)
        {
            Simulation.Reset();
            Simulation.InterruptsEnabled = true;
            Boot("");
            CSharpOS.Log.Console* console = ConsoleAt(strike % 3);
            *console = default;
            int before = Raw(console).Length;
            Register(strike % 3);
            int calls = 0;
            bool struck = false;
            Simulation.OnArchCall = () =>
            {
                if (calls++ >= strike && !struck && (nmi || Simulation.InterruptsEnabled))
                {
                    struck = true;
                    Interrupt(nmi);
                }
            };
            Printk($"outer {strike}\n");
            Simulation.OnArchCall = null;
            points = Math.Max(points, calls);
            KernelLog.FlushDeferred();

            string log = Dmesg();
            string inner = struck ? "[T] inner 1\n[T] inner 2\n" : "";
            string outer = $"[T] outer {strike}\n";
            Assert.True(log == outer + inner || log == inner + outer, $"at {strike}: {log}");
            Assert.Equal(log, WithoutTimes(Raw(console)[before..]));
            Assert.Equal(0, TextPool.InUse);
            Assert.Equal(0, Simulation.Hot(0)->PreemptCount);
            Assert.True(Simulation.InterruptsEnabled);
        }

        Assert.True(points > 4, "there are points to strike at");
    }

    [Fact]
    public void AnotherCpuAtAnyPointLosesNothing()
    {
        int points = 1;
        for (int strike = 0; strike < points; strike++)
        {
            Simulation.Reset();
            Simulation.InterruptsEnabled = true;
            Boot("");
            CSharpOS.Log.Console* console = ConsoleAt(0);
            *console = default;
            int before = Raw(console).Length;
            Register(0);
            int calls = 0;
            bool struck = false;
            Simulation.OnArchCall = () =>
            {
                if (calls++ == strike)
                {
                    struck = true;
                    Simulation.SwitchTo(1);
                    Printk("cpu1 "u8);
                    Printk("goes on\n"u8);
                    Simulation.SwitchTo(0);
                }
            };
            Printk($"outer {strike}\n");
            Simulation.OnArchCall = null;
            points = Math.Max(points, calls);
            string log = Dmesg();
            string inner = struck ? "[T] cpu1 goes on\n" : "";
            string outer = $"[T] outer {strike}\n";
            Assert.True(log == outer + inner || log == inner + outer, $"at {strike}: {log}");
            Assert.Equal(log, WithoutTimes(Raw(console)[before..]));
        }
    }

    [Fact]
    public void AnNmiDoesNotTouchTheConsoles()
    {
        CSharpOS.Log.Console* console = Register();
        NmiEnter();
        Printk("from the NMI\n"u8);
        NmiExit();
        Assert.Equal("", Shown(console));
        KernelLog.FlushDeferred();
        Assert.Equal("[T] from the NMI\n", Shown(console));
        KernelLog.FlushDeferred();
        Assert.Equal("[T] from the NMI\n", Shown(console));
    }

    [Fact]
    public void WithoutABufferTheMessageIsCounted()
    {
        int[] slots = new int[28];
        for (int i = 0; i < slots.Length; i++)
        {
            slots[i] = TextPool.Claim((nuint)1);
            Assert.Equal(i, slots[i]);
        }

        Printk($"lost {1}\n");
        Printk($"lost {2}\n");
        foreach (int slot in slots)
        {
            TextPool.Free(slot);
        }

        Printk($"kept {3}\n");
        Assert.Equal("[T] 1 messages lost\n[T] 1 messages lost\n[T] kept 3\n", Dmesg());
        Assert.Equal(0, TextPool.InUse);
    }

    [Fact]
    public void AnOopsHasBuffersOfItsOwn()
    {
        for (int i = 0; i < 28; i++)
        {
            TextPool.Claim((nuint)1);
        }

        Assert.Equal(TextPool.None, TextPool.Claim((nuint)1));
        KernelLog.BustSpinlocks(true);
        Printk($"oops {1}\n");
        KernelLog.BustSpinlocks(false);
        Assert.Contains("oops 1\n", Dmesg());
    }

    [Fact]
    public void BuffersOfDeadFramesComeBack()
    {
        byte* stack = (byte*)System.Runtime.InteropServices.NativeMemory.AllocZeroed(AsmOffsets.THREAD_SIZE);
        TaskStruct task = default;
        task.Stack = stack;
        nuint low = (nuint)stack;
        int dead = TextPool.Claim(low + 100);
        TextPool.Claim(low + 5000);
        int elsewhere = TextPool.Claim(low - 100);
        int above = TextPool.Claim(low + AsmOffsets.THREAD_SIZE);
        TextPool.ReclaimDead(null, nuint.MaxValue);
        TextPool.ReclaimDead(&task, low);
        Assert.Equal(4, TextPool.InUse);
        TextPool.ReclaimDead(&task, low + 1000);
        Assert.Equal(3, TextPool.InUse);
        Assert.Equal(dead, TextPool.Claim(low + 100));
        TextPool.ReclaimDead(&task, nuint.MaxValue);
        Assert.Equal(2, TextPool.InUse);
        Assert.Equal(dead, TextPool.Claim(1));
        TextPool.Free(above);
        TextPool.Free(dead);
        TextPool.Free(elsewhere);
        Assert.Equal(0, TextPool.InUse);
        System.Runtime.InteropServices.NativeMemory.Free(stack);
    }

    [Fact]
    public void NothingIsAllocated()
    {
        Register();
        for (int i = 0; i < 10; i++)
        {
            Printk(LogLevel.Debug, $"warm up {i,5:x4} {i > 2} {"text"u8}\n");
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            Printk(LogLevel.Debug, $"irq {i,5:x4} {i > 2} {"text"u8}\n");
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static int Nested()
    {
        Printk("nested\n"u8);
        return 5;
    }

    private static void Interrupt(bool nmi)
    {
        bool enabled = Simulation.InterruptsEnabled;
        Simulation.InterruptsEnabled = false;
        if (nmi)
        {
            NmiEnter();
        }
        else
        {
            IrqEnter();
        }

        Printk($"inner {1}\n");
        Printk(LogLevel.Info, $"inner {2}\n");
        if (nmi)
        {
            NmiExit();
        }
        else
        {
            IrqExit();
        }

        Simulation.InterruptsEnabled = enabled;
    }
}
