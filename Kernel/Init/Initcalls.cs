// Initcalls: runs the init functions of the linked drivers, level by level.
//
// Linux: do_initcalls, init/main.c. Process context, boot CPU. The table is read-only data made by the build; nothing here or elsewhere
// in the kernel names a driver.

using System.Runtime.InteropServices;

namespace CSharpOS.Init;

/// <summary>The boot-time callers of <see cref="ModuleInitAttribute"/> functions.</summary>
public static unsafe class Initcalls
{
    /// <summary>Runs every init function of <paramref name="level"/>. One that fails is logged with its module's name, unless its device is not there
    /// (-ENODEV); the others still run.</summary>
    /// <linux>do_initcalls</linux>
    public static void Run(InitLevel level)
    {
        var end = (Entry*)LinkerSymbols.InitcallsEnd;
        for (var entry = (Entry*)LinkerSymbols.InitcallsStart; entry < end; entry++)
        {
            if (entry->Level != (long)level)
            {
                continue;
            }

            int error = entry->Init();

            // A machine without the device is no news.
            if (error != 0 && error != -ENODEV)
            {
                Printk(LogLevel.Warning, $"{new ReadOnlySpan<byte>(entry->Name, (int)entry->NameLength)}: init failed with error {error}\n");
            }
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Entry
    {
        public long Level;
        public delegate*<int> Init;
        public delegate*<void> Exit;
        public byte* Name;
        public long NameLength;
    }
}
