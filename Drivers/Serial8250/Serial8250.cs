// Serial8250: the serial ports COM1 and COM2 as consoles, for output and input.
//
// Linux: drivers/serial/8250.c. A port becomes a console early, by polling (ConsoleInit), and gets its interrupt when drivers may have one
// (Init). COM1 is always a console. COM2 is one if the command line says console=ttyS1, unless it carries the results of tests.
// Contexts: Write is called by the log from any context but NMI; Interrupt is a hard interrupt handler.
// Locks: a port's Lock (SerialPort.cs), with interrupts off.
// Output: bytes go into a ring and the transmitter's interrupt sends them on. Where that interrupt cannot come (interrupts are off, the
// handler is not there yet, or the machine is going down) the ring is sent by polling before Write returns. So nothing is lost when the
// machine stops afterwards, and nothing is reordered, because all output goes through the ring.

using System.Runtime.CompilerServices;
using CSharpOS.Init;
using Console = CSharpOS.Log.Console;

namespace CSharpOS.Drivers;

/// <summary>The driver of the PC's serial ports.</summary>
/// <linux>serial8250_init</linux>
/// <rows>DRV-01</rows>
public static unsafe class Serial8250
{
    private const int Count = 2;
    private const int MaxPasses = 256;
    private const int MaxFills = 4;

    private static Ports s_ports;
    private static Consoles s_consoles;

    /// <summary>Finds the ports and registers them as consoles. Boot, interrupts off.</summary>
    /// <returns>0; -ENODEV if the machine has no such port.</returns>
    /// <linux>serial8250_console_init</linux>
    [ModuleInit(InitLevel.Console)]
    public static int ConsoleInit()
    {
        int found = 0;
        for (int i = 0; i < Count; i++)
        {
            *Port(i) = default;
            if (IsWanted(i) && Port(i)->Init(BasePort(i), i == 0 ? 4 : 3))
            {
                Port(i)->Receive();
                Console* console = ConsoleOf(i);
                *console = default;
                console->Name = i == 0 ? "ttyS0"u8 : "ttyS1"u8;
                console->Write = &Write;
                console->WriteBytes = &WriteBytes;
                console->Data = Port(i);
                RegisterConsole(console);
                found++;
            }
        }

        return found != 0 ? 0 : -ENODEV;
    }

    /// <summary>Requests the interrupts of the ports that were found. Process context.</summary>
    /// <returns>0, or the error of the first request that failed; the port goes on by polling then.</returns>
    /// <linux>serial8250_startup</linux>
    [ModuleInit(InitLevel.Device)]
    public static int Init()
    {
        int result = 0;
        for (int i = 0; i < Count; i++)
        {
            SerialPort* port = Port(i);
            if (port->Type == UartType.None)
            {
                continue;
            }

            int error = RequestIrq(port->Irq, &Interrupt, IrqFlags.Shared, "serial"u8, port);
            if (error != 0)
            {
                Printk(LogLevel.Error, $"serial8250: cannot register IRQ {port->Irq}: {error}\n");
                result = result == 0 ? error : result;
                continue;
            }

            ulong flags = port->Lock.LockIrqSave();
            port->UseInterrupts(true);
            port->Lock.UnlockIrqRestore(flags);
            ReadOnlySpan<byte> type = port->Type == UartType.Uart16550A ? "16550A"u8 : "16450"u8;
            Printk(LogLevel.Info, $"serial8250: {ConsoleOf(i)->Name} at ports {port->Base:x}, irq {port->Irq}, {type}\n");
        }

        return result;
    }

    /// <summary>Gives everything back. Process context.</summary>
    [ModuleExit]
    public static void Exit()
    {
        for (int i = 0; i < Count; i++)
        {
            SerialPort* port = Port(i);
            if (port->Type == UartType.None)
            {
                continue;
            }

            UnregisterConsole(ConsoleOf(i));
            bool interrupts = port->UsesInterrupts;
            ulong flags = port->Lock.LockIrqSave();
            port->SendAllByPolling();
            port->UseInterrupts(false);
            port->Lock.UnlockIrqRestore(flags);
            if (interrupts)
            {
                FreeIrq(port->Irq, port);
            }

            *port = default;
        }
    }

    /// <summary>The port with a number: 0 is COM1.</summary>
    internal static SerialPort* Port(int index) => (SerialPort*)Unsafe.AsPointer(ref s_ports) + index;

    private static Console* ConsoleOf(int index) => (Console*)Unsafe.AsPointer(ref s_consoles) + index;

    private static int BasePort(int index) => index == 0 ? 0x3f8 : 0x2f8;

    private static bool IsWanted(int index)
    {
        if (index == 0)
        {
            return true;
        }

        if (CommandLine.Has("test"u8) || CommandLine.Has("bench"u8))
        {
            return false;
        }

        int position = 0;
        while (CommandLine.NextWord(ref position, out ReadOnlySpan<byte> key, out _, out ReadOnlySpan<byte> value))
        {
            if (key.SequenceEqual("console"u8) && value.SequenceEqual("ttyS1"u8))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The handler: asks the UART for its events until it has none, since the line reports only that the first one came.</summary>
    /// <linux>serial8250_interrupt</linux>
    private static IrqReturn Interrupt(int irq, void* devId, PtRegs* regs)
    {
        SerialPort* port = (SerialPort*)devId;
        IrqReturn result = IrqReturn.None;

        // Interrupts off: a handler of another line may interrupt this one and print, and would wait for the lock for ever.
        ulong flags = port->Lock.LockIrqSave();
        for (int pass = 0; pass < MaxPasses && port->HasEvent(); pass++)
        {
            result = IrqReturn.Handled;
            if (!port->IsThrottled)
            {
                port->Receive();
            }

            // An emulated transmitter is always empty and would keep us here until the whole ring is sent: quiet for now.
            port->ContinueSending(pass >= MaxFills);
        }

        port->ResumeSending();
        port->Unthrottle();
        port->Lock.UnlockIrqRestore(flags);
        return result;
    }

    /// <summary>Console output; a line feed becomes carriage return and line feed.</summary>
    /// <linux>serial8250_console_write</linux>
    private static void Write(Console* console, byte* text, int length) => Write((SerialPort*)console->Data, text, length, true);

    /// <summary>Output of a terminal: the bytes as they are.</summary>
    /// <linux>uart_write</linux>
    private static void WriteBytes(Console* console, byte* text, int length) => Write((SerialPort*)console->Data, text, length, false);

    private static void Write(SerialPort* port, byte* text, int length, bool returns)
    {
        bool polling = IrqsDisabled() || OopsInProgress;
        bool locked = ConsoleLock.Acquire(ref port->Lock, ref port->LockIsHopeless, out ulong flags);
        for (int i = 0; i < length; i++)
        {
            if (returns && text[i] == '\n')
            {
                Queue(port, (byte)'\r', locked, ref flags);
            }

            Queue(port, text[i], locked, ref flags);
        }

        if (!port->UsesInterrupts)
        {
            port->Receive();
            port->SendAllByPolling();
        }
        else if (polling)
        {
            port->SendAllByPolling();
        }
        else
        {
            port->StartSending();
        }

        // Somebody who reads the console answers on it: a good moment to look whether there is room again.
        port->Unthrottle();
        ConsoleLock.Release(ref port->Lock, locked, flags);
    }

    private static void Queue(SerialPort* port, byte value, bool locked, ref ulong flags)
    {
        while (!port->TryQueue(value))
        {
            port->SendByPolling();

            // A full ring takes a third of a second to send: let interrupts in between, if they were on.
            if (locked)
            {
                port->Lock.UnlockIrqRestore(flags);
                flags = port->Lock.LockIrqSave();
            }
        }
    }

    [InlineArray(Count)]
    private struct Ports
    {
        private SerialPort _first;
    }

    [InlineArray(Count)]
    private struct Consoles
    {
        private Console _first;
    }
}
