// What the log and the oops code need of the hardware, simulated: same members as the classes of Kernel/Arch and Kernel/Testing.

using System.Collections.Generic;
using CSharpOS.Debugging;

namespace CSharpOS.Arch
{
    /// <summary>Collects what would go out in an emergency.</summary>
    public static unsafe class EarlyConsole
    {
        public static string Text { get; set; } = "";

        public static void Write(byte* text, int length) =>
            Text += System.Text.Encoding.UTF8.GetString(text, length);
    }

    public enum StackKind
    {
        Unknown,
        Task,
        Interrupt,
        DoubleFault,
        Nmi,
        Debug,
        MachineCheck,
    }

    /// <summary>Stacks that a test lays out.</summary>
    public static unsafe class KernelStacks
    {
        public const int MaxRanges = 7;

        public static List<(nuint Low, nuint High, StackKind Kind)> Stacks { get; } = [];

        /// <summary>Where a trace of "here" starts.</summary>
        public static (nuint Pc, nuint Sp, nuint Fp) Here { get; set; }

        public static int Ranges(StackRange* ranges)
        {
            for (int i = 0; i < Stacks.Count; i++)
            {
                ranges[i] = new StackRange(Stacks[i].Low, Stacks[i].High);
            }

            return Stacks.Count;
        }

        public static StackKind KindOf(nuint sp)
        {
            foreach ((nuint low, nuint high, StackKind kind) in Stacks)
            {
                if (sp >= low && sp < high)
                {
                    return kind;
                }
            }

            return StackKind.Unknown;
        }

        public static bool InGuardPage(nuint address, out StackKind kind)
        {
            kind = KindOf(address + 4096);
            return kind != StackKind.Unknown && KindOf(address) != kind;
        }

        public static void Trace(delegate*<nuint, nuint, nuint, LogLevel, void> show, LogLevel level) =>
            show(Here.Pc, Here.Sp, Here.Fp, level);
    }

    /// <summary>Memory that a test declares readable.</summary>
    public static class ProbeKernel
    {
        public static ulong Base { get; set; }

        public static byte[] Memory { get; set; } = [];

        public static int Read(Span<byte> destination, ulong address)
        {
            int i = 0;
            while (i < destination.Length && address + (ulong)i - Base < (ulong)Memory.Length)
            {
                destination[i] = Memory[address + (ulong)i - Base];
                i++;
            }

            return i;
        }
    }
}

namespace CSharpOS.Testing
{
    /// <summary>The verdict that the emulator would get.</summary>
    public static class DebugExit
    {
        public const byte Passed = 0x10, Failed = 0x11, Crashed = 0x12;

        public static byte Verdict { get; set; }

        public static void Exit(byte value) => Verdict = value;
    }
}
