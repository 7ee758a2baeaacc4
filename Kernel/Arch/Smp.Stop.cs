// Smp.Stop: stopping the other CPUs, and non-maskable interrupts to them.
//
// Linux: smp_send_stop, stop_this_cpu (arch/i386/kernel/smp.c), send_IPI_mask(NMI_VECTOR). Any context, a panic and an NMI included: no lock is waited for.
// A CPU is asked to stop by a message; one that has interrupts off, and so does not hear it, gets an NMI. Either way it leaves OnlineMask, so that nobody
// waits for it any more, and stays where it is: for good if the machine panics, otherwise until ResumeOthers.
// s_nmiAsked tells an NMI from another CPU from one that a device raised.

using System.Runtime.CompilerServices;

namespace CSharpOS.Arch;

public static unsafe partial class Smp
{
    private const int MaxNmiCallbacks = 4;
    // A CPU may have interrupts off, and for good; but an NMI it takes, if not at once: a virtual one may have lost its processor for a while.
    private const ulong StopMicroseconds = 1_000_000, NmiMicroseconds = 10_000_000;

    private static int s_stopped;
    private static int s_stopByNmi;
    private static int s_nmiAsked;
    private static uint s_onlineBeforeStop;
    private static NmiCallbacks s_nmiCallbacks;

    /// <summary>Stops all other CPUs where they are and waits, at most two seconds, until they have stopped. Any context.</summary>
    /// <linux>smp_send_stop</linux>
    public static void StopOthers()
    {
        PreemptDisable();
        uint me = 1u << Cpu.SmpProcessorId();
        if ((OnlineMask & ~me) != 0 && Shared.Exchange(ref s_stopped, 1) == 0)
        {
            s_onlineBeforeStop = OnlineMask;
            SendTo(OnlineMask & ~me, LocalApic.StopVector);
            if (!WaitUntilStopped(me, StopMicroseconds))
            {
                uint deaf = OnlineMask & ~me;
                Shared.WriteOnce(ref s_stopByNmi, (int)deaf);
                for (int cpu = 0; deaf >> cpu != 0; cpu++)
                {
                    if ((deaf & (1u << cpu)) != 0)
                    {
                        SendNmi(cpu);
                    }
                }

                if (!WaitUntilStopped(me, NmiMicroseconds))
                {
                    Printk(LogLevel.Emergency, $"CPUs {OnlineMask & ~me:x} (bit mask) do not stop\n");
                }
            }
        }

        PreemptEnable();
    }

    /// <summary>Lets the CPUs that <see cref="StopOthers"/> has stopped go on, and waits until they do. For debugging; not after a panic.</summary>
    public static void ResumeOthers()
    {
        if (Shared.ReadOnce(ref s_stopped) == 0)
        {
            return;
        }

        Shared.WriteOnce(ref s_stopByNmi, 0);
        Shared.WriteOnce(ref s_stopped, 0);
        while (OnlineMask != s_onlineBeforeStop)
        {
            CpuRelax();
        }
    }

    /// <summary>Raises a non-maskable interrupt on CPU <paramref name="cpu"/>, where every callback of <see cref="RegisterNmiCallback"/> is called. Any
    /// context; does not wait. Nothing happens if that CPU is not online.</summary>
    public static void SendNmi(int cpu)
    {
        if (IsOnline(cpu))
        {
            Shared.SetBit(cpu, ref s_nmiAsked);
            LocalApic.SendNmi(cpu);
        }
    }

    /// <summary>Registers what is called on a CPU that gets an NMI by <see cref="SendNmi"/>: in NMI context, with the registers of what it was doing. Each
    /// callback finds out by itself whether it is meant.</summary>
    /// <returns>0; -EBUSY: there are four already.</returns>
    /// <linux>register_nmi_handler</linux>
    public static int RegisterNmiCallback(delegate*<PtRegs*, void> callback)
    {
        for (int i = 0; i < MaxNmiCallbacks; i++)
        {
            if (Shared.CompareExchange(ref s_nmiCallbacks[i], (long)callback, 0) == 0)
            {
                return 0;
            }
        }

        return -EBUSY;
    }

    /// <summary>Takes a callback back. One that runs at this moment may still be running on return.</summary>
    /// <linux>unregister_nmi_handler</linux>
    public static void UnregisterNmiCallback(delegate*<PtRegs*, void> callback)
    {
        for (int i = 0; i < MaxNmiCallbacks; i++)
        {
            if (Shared.CompareExchange(ref s_nmiCallbacks[i], 0, (long)callback) == (long)callback)
            {
                return;
            }
        }
    }

    // True if the NMI came from another CPU and has been served. From the exception handler.
    internal static bool HandleNmi(PtRegs* regs)
    {
        int bit = Cpu.SmpProcessorId();
        if (!Shared.TestAndClearBit(bit, ref s_nmiAsked))
        {
            return false;
        }

        if (Shared.TestBit(bit, ref s_stopByNmi))
        {
            StopThisCpu();
            return true;
        }

        for (int i = 0; i < MaxNmiCallbacks; i++)
        {
            var callback = (delegate*<PtRegs*, void>)Shared.ReadOnce(ref s_nmiCallbacks[i]);
            if (callback != null)
            {
                callback(regs);
            }
        }

        return true;
    }

    // Linux: stop_this_cpu. In a panic nobody releases it: then it need not watch.
    internal static void StopThisCpu()
    {
        int bit = Cpu.SmpProcessorId();
        if (Shared.ReadOnce(ref s_stopped) == 0)
        {
            // The message came late: the CPU was stopped by an NMI and has been released since.
            return;
        }

        Shared.ClearBit(bit, ref s_online);
        while (Shared.ReadOnce(ref s_stopped) != 0)
        {
            if (Debugging.PanicReport.InProgress)
            {
                HaltForever();
            }

            CpuRelax();
        }

        Shared.SetBit(bit, ref s_online);
        Paging.FlushTlbAllLocal();
    }

    private static bool WaitUntilStopped(uint me, ulong patience)
    {
        ulong start = ReadTsc();
        while ((OnlineMask & ~me) != 0)
        {
            if (Late(start, patience))
            {
                return false;
            }

            CpuRelax();
        }

        return true;
    }

    private static void ResetStop()
    {
        s_stopped = 0;
        s_stopByNmi = 0;
        s_nmiAsked = 0;
        s_nmiCallbacks = default;
    }

    [InlineArray(MaxNmiCallbacks)]
    private struct NmiCallbacks
    {
        private long _first;
    }
}
