// I8042: the keyboard controller of the PC, and the keyboard behind it.
//
// Linux: drivers/input/serio/i8042.c and drivers/input/keyboard/atkbd.c, in one. Init and Exit: process context. Interrupt: hard interrupt.
// No lock: before the interrupt is requested only Init touches the controller, afterwards only the handler, which the irq layer never
// runs twice at once. Invariant: no wait without a bound; a controller that is not there reads as all ones.
// What the keys mean is in Keyboard.cs and KeyboardLayout.cs. The second port (mouse) is kept shut.

using System.Runtime.CompilerServices;
using CSharpOS.Init;
using CSharpOS.Power;

namespace CSharpOS.Drivers;

/// <summary>The driver of the keyboard.</summary>
/// <linux>i8042_init</linux>
/// <rows>DRV-01 DRV-06</rows>
public static unsafe class I8042
{
    private const int Irq = 1;
    private const int DataPort = 0x60;
    private const int StatusPort = 0x64;
    private const int CommandPort = 0x64;

    private const byte StatusOutputFull = 0x01, StatusInputFull = 0x02, StatusFromMouse = 0x20;
    private const byte NothingThere = 0xff;

    private const byte ReadConfiguration = 0x20, WriteConfiguration = 0x60;
    private const byte DisableMouse = 0xa7, SelfTest = 0xaa, TestKeyboardPort = 0xab;
    private const byte DisableKeyboard = 0xad, EnableKeyboard = 0xae;
    private const byte SelfTestPassed = 0x55, PortTestPassed = 0x00;

    private const byte ConfigurationKeyboardIrq = 0x01, ConfigurationMouseIrq = 0x02, ConfigurationNoKeyboard = 0x10;
    private const byte ConfigurationNoMouse = 0x20, ConfigurationTranslate = 0x40;

    private const byte ResetKeyboard = 0xff, EnableScanning = 0xf4, SetLeds = 0xed;
    private const byte Acknowledge = 0xfa, Resend = 0xfe, ResetPassed = 0xaa;

    // Each round of a wait takes a microsecond or more: a controller answers within some milliseconds, a keyboard resets in half a second.
    private const int ControllerWait = 50_000;
    private const int ResetWait = 1_000_000;
    private const int FlushLimit = 32;

    private static Keyboard s_keyboard;
    private static bool s_active;
    private static LedState s_leds;

    private enum LedState
    {
        Idle,
        CommandSent,
        ValueSent,
    }

    /// <summary>Bytes from the mouse port that were thrown away.</summary>
    public static uint Ignored { get; private set; }

    /// <summary>Finds the controller, tests it, resets the keyboard and requests its interrupt. Process context.</summary>
    /// <returns>0; -ENODEV without a controller; -EIO if the controller fails its tests; or the error of the request.</returns>
    /// <linux>i8042_probe</linux>
    [ModuleInit(InitLevel.Device)]
    public static int Init()
    {
        s_keyboard.Init();
        s_leds = LedState.Idle;
        s_active = false;
        Ignored = 0;
        int result = StartController();
        if (result != 0)
        {
            return result;
        }

        StartKeyboard();
        result = RequestIrq(Irq, &Interrupt, IrqFlags.SampleRandom, "i8042"u8, Cookie);
        if (result != 0)
        {
            Printk(LogLevel.Error, $"i8042: cannot register IRQ {Irq}: {result}\n");
            Configure(ConfigurationNoKeyboard | ConfigurationNoMouse);
            return result;
        }

        Configure(ConfigurationKeyboardIrq | ConfigurationNoMouse | ConfigurationTranslate);
        s_active = true;
        Printk(LogLevel.Info, $"i8042: keyboard at irq {Irq}\n");
        return 0;
    }

    /// <summary>Makes the keyboard quiet and gives the interrupt back. Process context.</summary>
    [ModuleExit]
    public static void Exit()
    {
        if (s_active)
        {
            s_active = false;
            Configure(ConfigurationNoKeyboard | ConfigurationNoMouse);
            FreeIrq(Irq, Cookie);
        }
    }

    private static void* Cookie => Unsafe.AsPointer(ref s_keyboard);

    private static int StartController()
    {
        if (PortIo.In8(StatusPort) == NothingThere)
        {
            return -ENODEV;
        }

        // Shut both ports, so that no key comes between a command and its answer.
        if (!Command(DisableKeyboard) || !Command(DisableMouse))
        {
            return -ENODEV;
        }

        Flush();
        if (!Command(SelfTest) || !Read(ControllerWait, out byte answer))
        {
            return -ENODEV;
        }

        if (answer != SelfTestPassed)
        {
            Printk(LogLevel.Error, $"i8042: self-test failed: {answer:x2}\n");
            return -EIO;
        }

        // The self-test may have reset the configuration.
        Configure(ConfigurationNoKeyboard | ConfigurationNoMouse | ConfigurationTranslate);
        if (!Command(TestKeyboardPort) || !Read(ControllerWait, out answer) || answer != PortTestPassed)
        {
            Printk(LogLevel.Error, $"i8042: the keyboard port failed its test\n");
            return -EIO;
        }

        return Command(EnableKeyboard) ? 0 : -EIO;
    }

    // A keyboard that does not answer is no error: one may be plugged in later, and will send scan codes by itself.
    private static void StartKeyboard()
    {
        if (!SendToKeyboard(ResetKeyboard) || !Read(ResetWait, out byte answer) || answer != ResetPassed)
        {
            Printk(LogLevel.Warning, $"i8042: no keyboard answers\n");
            Flush();
            return;
        }

        SendToKeyboard(EnableScanning);
        if (SendToKeyboard(SetLeds))
        {
            SendToKeyboard(s_keyboard.Leds);
        }

        Flush();
    }

    /// <summary>The handler: one byte for each interrupt.</summary>
    /// <linux>i8042_interrupt</linux>
    private static IrqReturn Interrupt(int irq, void* devId, PtRegs* regs)
    {
        byte status = PortIo.In8(StatusPort);
        if ((status & StatusOutputFull) == 0 || status == NothingThere)
        {
            return IrqReturn.None;
        }

        byte value = PortIo.In8(DataPort);
        if ((status & StatusFromMouse) != 0)
        {
            Ignored++;
            return IrqReturn.Handled;
        }

        if (s_leds != LedState.Idle && value == Acknowledge)
        {
            ContinueLeds();
        }
        else if (s_leds != LedState.Idle && value == Resend)
        {
            s_leds = LedState.Idle;
        }
        else
        {
            s_keyboard.Feed(value);
        }

        if (s_keyboard.CtrlAltDel)
        {
            s_keyboard.CtrlAltDel = false;
            Reboot.CtrlAltDel();
        }

        if (s_keyboard.LedsChanged && (status & StatusInputFull) == 0)
        {
            s_keyboard.LedsChanged = false;
            s_leds = LedState.CommandSent;
            PortIo.Out8(DataPort, SetLeds);
        }

        return IrqReturn.Handled;
    }

    // The keyboard takes the lights in two bytes and acknowledges each; the handler must not wait for that, so each answer sends the next.
    private static void ContinueLeds()
    {
        if (s_leds == LedState.CommandSent)
        {
            s_leds = LedState.ValueSent;
            PortIo.Out8(DataPort, s_keyboard.Leds);
            return;
        }

        s_leds = LedState.Idle;
    }

    private static void Configure(byte value)
    {
        if (Command(WriteConfiguration))
        {
            Write(value);
        }
    }

    private static bool Command(byte command)
    {
        if (!WaitUntilWritable())
        {
            return false;
        }

        PortIo.Out8(CommandPort, command);
        return true;
    }

    private static bool Write(byte value)
    {
        if (!WaitUntilWritable())
        {
            return false;
        }

        PortIo.Out8(DataPort, value);
        return true;
    }

    private static bool SendToKeyboard(byte value) =>
        Write(value) && Read(ControllerWait, out byte answer) && answer == Acknowledge;

    private static bool Read(int wait, out byte value)
    {
        for (int i = 0; i < wait; i++)
        {
            if ((PortIo.In8(StatusPort) & StatusOutputFull) != 0)
            {
                value = PortIo.In8(DataPort);
                return true;
            }

            PortIo.IoDelay();
        }

        value = 0;
        return false;
    }

    private static bool WaitUntilWritable()
    {
        for (int i = 0; i < ControllerWait; i++)
        {
            if ((PortIo.In8(StatusPort) & StatusInputFull) == 0)
            {
                return true;
            }

            PortIo.IoDelay();
        }

        return false;
    }

    private static void Flush()
    {
        for (int i = 0; i < FlushLimit && (PortIo.In8(StatusPort) & StatusOutputFull) != 0; i++)
        {
            PortIo.In8(DataPort);
            PortIo.IoDelay();
        }
    }
}
