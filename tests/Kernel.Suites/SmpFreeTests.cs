// SmpFreeTests: free_irq, disable_irq and synchronize_irq against handlers that run on another CPU. Each round ends with the handler's memory being poisoned, or with a
// look whether it is still running: one round in which the caller went on too early is enough to fail.

namespace CSharpOS.Suites;

internal static unsafe class SmpFreeTests
{
    private const ulong Good = 0x600d600d600d600d, Bad = 0xbadbadbadbadbad0;
    private const int DefaultRounds = 10_000;
    private const int Turns = 4;

    // Microseconds. The message takes its time to arrive; so long that every moment from before it to after the handler is met.
    private const int Spread = 64;

    // In one of so many rounds the handler is met for sure: it stays until it has been seen, however the host shares its time out to the CPUs.
    private const int HoldEvery = 16;

    private static int s_hold;
    private static int s_inside;
    private static int s_bad;
    private static int s_handled;
    private static int s_running;
    private static int s_irq;
    private static int s_rounds;
    private static int s_seenInside;

    internal static void Free()
    {
        int irq = SmpTests.HasSeveralCpus() ? SmpLine.Find() : -1;
        if (irq < 0)
        {
            return;
        }

        Reset(irq);
        int inside = 0;
        for (int i = 0; i < s_rounds && s_bad == 0; i++)
        {
            ulong* cookie = (ulong*)Kmalloc(64, GfpFlags.Kernel);
            Shared.WriteOnce(ref *cookie, Good);
            Check.Equal(0, RequestIrq(irq, &LookAtCookie, IrqFlags.None, "smp"u8, cookie));
            if (i == 0)
            {
                SmpLine.Route(irq, 1);
            }

            bool hold = i % HoldEvery == 0;
            Shared.WriteOnce(ref s_hold, hold ? 1 : 0);
            SmpLine.Raise(irq);
            inside += hold ? MeetHandler() : Glance(i);
            FreeIrq(irq, cookie);
            Shared.WriteOnce(ref *cookie, Bad);
            Kfree(cookie);
        }

        SmpLine.Quiesce(1);
        Check.Equal(0, s_bad);

        // Otherwise nothing was tested: the handler was met at its work, and not only once.
        Check.Between(s_rounds / 1000, s_rounds, inside);
        Check.Between(s_rounds / 100, s_rounds, s_handled);
    }

    // The handler has been seen at its work, and has some of it left: when synchronize_irq returns it has done it.
    internal static void Synchronize()
    {
        int irq = SmpTests.HasSeveralCpus() ? SmpLine.Find() : -1;
        if (irq < 0)
        {
            return;
        }

        Reset(irq);
        ulong cookie = Good;
        Check.Equal(0, RequestIrq(irq, &LookAtCookie, IrqFlags.None, "smp"u8, &cookie));
        SmpLine.Route(irq, 1);
        int early = 0;
        for (int i = 1; i <= s_rounds && early == 0; i++)
        {
            Shared.WriteOnce(ref s_hold, 1);
            SmpLine.Raise(irq);
            early += 1 - MeetHandler();
            SynchronizeIrq(irq);
            early += Shared.ReadOnce(ref s_inside) == 0 && Shared.ReadOnce(ref s_handled) == i ? 0 : 1;
        }

        Check.Equal(0, early);
        Check.Equal(0, s_bad);
        SmpLine.Route(irq, 0);
        FreeIrq(irq, &cookie);
    }

    internal static void Disable()
    {
        int irq = SmpTests.HasSeveralCpus() ? SmpLine.Find() : -1;
        if (irq < 0)
        {
            return;
        }

        Reset(irq);
        ulong cookie = Good;
        Check.Equal(0, RequestIrq(irq, &LookAtCookie, IrqFlags.None, "smp"u8, &cookie));
        SmpLine.Route(irq, 1);
        int lost = 0;
        for (int i = 0; i < s_rounds && s_bad == 0 && lost == 0; i++)
        {
            int before = Shared.ReadOnce(ref s_handled);
            SmpLine.Raise(irq);
            SmpLine.Delay(i % Spread);
            DisableIrq(irq);

            // Nobody is in the handler now, and nobody gets in before the line is enabled.
            Shared.WriteOnce(ref cookie, Bad);
            SmpLine.Delay(i % Turns);
            Shared.WriteOnce(ref cookie, Good);
            EnableIrq(irq);

            // Whenever the edge came, it is served: before, or now.
            lost += SmpTests.Becomes(ref s_handled, before + 1) ? 0 : 1;
        }

        Check.Equal(0, s_bad);
        Check.Equal(0, lost);
        Check.Equal(s_rounds, s_handled);
        SmpLine.Route(irq, 0);
        FreeIrq(irq, &cookie);
    }

    // With the 8259A all device interrupts go to CPU 0: here the drivers are on the other one.
    internal static void FreeFromOtherCpu()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        if (Smp.HasIoApic || !SmpDeviceTests.HasTestDevice())
        {
            Test.Skip("no 8259A in use, or no pc-testdev"u8);
            return;
        }

        Reset(SmpDeviceTests.TestLine);
        Shared.WriteOnce(ref s_running, 1);
        Shared.WriteOnce(ref s_seenInside, 0);
        OnCpu job;
        if (OnCpu.Start(&job, 1, &RequestAndFree, null))
        {
            while (Shared.ReadOnce(ref s_running) != 0)
            {
                SmpDeviceTests.Pulse(s_irq);
            }

            OnCpu.Wait(&job);
        }

        // A pulse that came after the last free_irq waits in the 8259A for whoever has the line next: here, not in another test.
        ulong cookie = Good;
        Check.Equal(0, RequestIrq(s_irq, &LookAtCookie, IrqFlags.None, "smp"u8, &cookie));
        Mdelay(1);
        FreeIrq(s_irq, &cookie);
        Check.Equal(0, s_bad);
        Check.Between(s_rounds / 1000, s_rounds, s_seenInside);
        Check.True(s_handled > s_rounds / 100);
    }

    private static void RequestAndFree(void* unused)
    {
        for (int i = 0; i < s_rounds && Shared.ReadOnce(ref s_bad) == 0; i++)
        {
            ulong* cookie = (ulong*)Kmalloc(64, GfpFlags.Kernel);
            Shared.WriteOnce(ref *cookie, Good);
            bool hold = i % HoldEvery == 0;
            Shared.WriteOnce(ref s_hold, hold ? 1 : 0);
            if (RequestIrq(s_irq, &LookAtCookie, IrqFlags.None, "smp"u8, cookie) != 0)
            {
                Shared.AddReturn(ref s_bad, 1);
            }

            s_seenInside += hold ? MeetHandler() : Glance(i);
            FreeIrq(s_irq, cookie);
            Shared.WriteOnce(ref *cookie, Bad);
            Kfree(cookie);
        }

        Shared.WriteOnce(ref s_running, 0);
    }

    // The handler has only begun when this returns.
    private static int MeetHandler()
    {
        bool met = SmpTests.Becomes(ref s_inside, 1);
        Shared.WriteOnce(ref s_hold, 0);
        return met ? 1 : 0;
    }

    private static int Glance(int round)
    {
        SmpLine.Delay(round % Spread);
        return Shared.ReadOnce(ref s_inside);
    }

    private static void Reset(int irq)
    {
        Shared.WriteOnce(ref s_hold, 0);
        s_irq = irq;
        s_rounds = SmpTests.Rounds(DefaultRounds);
        Shared.WriteOnce(ref s_inside, 0);
        Shared.WriteOnce(ref s_bad, 0);
        Shared.WriteOnce(ref s_handled, 0);
    }

    private static IrqReturn LookAtCookie(int irq, void* devId, PtRegs* regs)
    {
        Shared.WriteOnce(ref s_inside, 1);
        while (Shared.ReadOnce(ref s_hold) != 0)
        {
            CpuRelax();
        }

        for (int i = 0; i < Turns; i++)
        {
            if (Shared.ReadOnce(ref *(ulong*)devId) != Good)
            {
                Shared.AddReturn(ref s_bad, 1);
                break;
            }

            SmpLine.Delay(1);
            CpuRelax();
        }

        Shared.WriteOnce(ref s_inside, 0);
        Shared.AddReturn(ref s_handled, 1);
        return IrqReturn.Handled;
    }
}
