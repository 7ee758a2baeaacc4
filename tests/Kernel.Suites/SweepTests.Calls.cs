// The sweep through the way into the kernel and back: a program whose system calls are interrupted at every instruction, its own and the kernel's.
//
// The program (usertest, case sweep) drives it through a device of the test: it writes an "a" to arm the timer with one instruction more than before, makes
// its calls, and writes a "c", to which the answer is 1 as long as the strike came before. It compares all registers. Each strike wakes a thread that is more
// urgent, so that the way back is by another task's stack.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

public static unsafe partial class SweepTests
{
    private static FileOperations s_driver;
    private static uint s_instructions;
    private static int s_struckUser, s_struckKernel;
    private static bool s_struck, s_sweeping;

    private static void SystemCalls()
    {
        if (!Begin() || !StartSleeper())
        {
            return;
        }

        s_driver = new FileOperations { Write = &Drive };
        int major = RegisterChrdev(0, "sweep"u8, (FileOperations*)Unsafe.AsPointer(ref s_driver));
        Check.True(major > 0);
        Check.Equal(0, DeviceCreate("sweep"u8, FileModes.S_IFCHR | 0x180, DeviceNumber.Make((uint)major, 0)));
        s_instructions = 0;
        s_struckUser = s_struckKernel = 0;
        Check.Equal(0, UserHelp.Run("/bin/usertest\0"u8, "sweep\0"u8));
        EndSweep();
        WokenOften();
        Check.True(s_struckUser > 100 && s_struckKernel > 100);
        Check.Equal(0, DeviceDestroy("sweep"u8));
        UnregisterChrdev((uint)major);
        Kthread.Stop(s_thread);
    }

    private static long Drive(File* file, IoBuffer* buffer, long* position)
    {
        byte command;
        if (buffer->Take(&command, 1) != 1)
        {
            return -EFAULT;
        }

        if (command != 'a')
        {
            InstructionTimer.Cancel();
            CheckSame(0, PreemptCount());
            CheckSame(0, IrqsDisabled() ? 1 : 0);
            if (!s_struck)
            {
                EndSweep();
            }

            return s_struck ? 1 : 0;
        }

        if (!s_sweeping)
        {
            int error = InstructionTimer.Begin(&StrikeCall);
            if (error != 0)
            {
                return error;
            }

            s_sweeping = true;
        }

        s_struck = false;
        InstructionTimer.Arm(++s_instructions);
        return 1;
    }

    // Also when the program has ended before its time.
    private static void EndSweep()
    {
        if (s_sweeping)
        {
            s_sweeping = false;
            InstructionTimer.End();
        }
    }

    private static void StrikeCall(PtRegs* regs)
    {
        s_struck = true;
        s_struckUser += (regs->Cs & 3) != 0 ? 1 : 0;
        s_struckKernel += (regs->Cs & 3) == 0 ? 1 : 0;
        StrikeWakes();
    }
}
