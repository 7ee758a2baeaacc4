// MonitorInput: the bytes typed on any console, for the monitor and its commands.
//
// Process context, one reader (the task that runs the monitor); no lock. Interrupt handlers of the serial and keyboard drivers put bytes
// into ConsoleInput and wake us.

using System.Runtime.CompilerServices;

namespace CSharpOS.Monitoring;

/// <summary>Input of the monitor.</summary>
internal static unsafe class MonitorInput
{
    private const byte ControlC = 3;

    // What Interrupted had to read in order to find a control-C. A ring: nothing typed while a command runs is lost.
    private const int Capacity = 1024;

    private static Buffer s_ahead;
    private static int s_head;
    private static int s_tail;

    public static void Init()
    {
        s_head = 0;
        s_tail = 0;
    }

    /// <summary>The next byte; sleeps until there is one.</summary>
    public static byte Read()
    {
        if (s_tail != s_head)
        {
            byte value = s_ahead[s_tail % Capacity];
            s_tail++;
            return value;
        }

        byte typed;
        WaitQueueEntry wait = WaitQueueEntry.ForCurrent();
        while (true)
        {
            WaitQueue.PrepareToWait(ConsoleInput.Readers, &wait, TaskState.Interruptible);
            if (ConsoleInput.TryGet(out typed))
            {
                break;
            }

            Scheduler.Schedule();
        }

        WaitQueue.FinishWait(ConsoleInput.Readers, &wait);
        return typed;
    }

    /// <summary>True if the user has typed control-C; what he typed before it is dropped then, otherwise kept for later.</summary>
    public static bool Interrupted()
    {
        while (s_head - s_tail < Capacity && ConsoleInput.TryGet(out byte value))
        {
            if (value == ControlC)
            {
                s_tail = s_head;
                return true;
            }

            s_ahead[s_head % Capacity] = value;
            s_head++;
        }

        return false;
    }

    [InlineArray(Capacity)]
    private struct Buffer
    {
        private byte _first;
    }
}
