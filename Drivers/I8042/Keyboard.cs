// Keyboard: from scan codes to bytes on the console's input.
//
// Linux: drivers/char/keyboard.c. Hard interrupt context (the handler of I8042), never two at once: no lock.
// Scan codes are those of set 1, to which the controller translates: a key sends its number, with bit 7 set when it is released; the keys
// that the first PCs did not have send 0xe0 before it. Keys without a character send the escape sequences of a terminal, so that
// readers of the console need not know where a key was pressed.

namespace CSharpOS.Drivers;

/// <summary>The state of the shift keys and of a sequence of scan codes.</summary>
internal struct Keyboard
{
    private const byte Extended = 0xe0, Pause = 0xe1, Released = 0x80;
    private const byte KeyLeftShift = 0x2a, KeyRightShift = 0x36, KeyControl = 0x1d, KeyAlt = 0x38, KeyDelete = 0x53;
    private const byte KeyCapsLock = 0x3a, KeyNumLock = 0x45, KeyKeypadSlash = 0x35, KeyEnter = 0x1c;
    private const byte LedNum = 0x02, LedCaps = 0x04;
    private const int BytesAfterPause = 2;

    private bool _extended;
    private int _skip;
    private bool _leftShift;
    private bool _rightShift;
    private bool _leftControl;
    private bool _rightControl;
    private bool _leftAlt;
    private bool _rightAlt;
    private bool _capsLock;
    private bool _capsHeld;
    private bool _numLock;
    private bool _numHeld;

    /// <summary>The lights as the keyboard wants them: number lock in bit 1, caps lock in bit 2.</summary>
    public readonly byte Leds => (byte)((_numLock ? LedNum : 0) | (_capsLock ? LedCaps : 0));

    /// <summary>Set when <see cref="Leds"/> changes; to be cleared by whoever tells the keyboard.</summary>
    public bool LedsChanged { get; set; }

    /// <summary>Set when Delete is pressed, of either kind, while a Ctrl and an Alt key are down; to be cleared by whoever acts on it.</summary>
    public bool CtrlAltDel { get; set; }

    /// <summary>No key is down; number lock is on, as the firmware leaves it.</summary>
    public void Init()
    {
        this = default;
        _numLock = true;
    }

    /// <summary>Takes one byte from the keyboard.</summary>
    public void Feed(byte code)
    {
        if (_skip > 0)
        {
            // The pause key sends e1 1d 45 and e1 9d c5, which has nothing to do with the keys 1d and 45.
            _skip--;
            return;
        }

        switch (code)
        {
            case Extended:
                _extended = true;
                return;
            case Pause:
                _skip = BytesAfterPause;
                return;
            case 0x00 or 0xfa or 0xfe or 0xff:
                // An overrun, or an answer nobody waits for.
                _extended = false;
                return;
        }

        bool extended = _extended;
        _extended = false;
        byte key = (byte)(code & ~Released);
        bool pressed = (code & Released) == 0;
        if (!TakeModifier(key, pressed, extended) && pressed)
        {
            Press(key, extended);
        }
    }

    // Keys that only change what others mean. A key that is held repeats: only the first press of a lock key counts.
    private bool TakeModifier(byte key, bool pressed, bool extended)
    {
        switch (key)
        {
            case KeyLeftShift or KeyRightShift when extended:
                // Keyboards send these around the navigation keys, for the sake of programs that predate them.
                return true;
            case KeyLeftShift:
                _leftShift = pressed;
                return true;
            case KeyRightShift:
                _rightShift = pressed;
                return true;
            case KeyControl when extended:
                _rightControl = pressed;
                return true;
            case KeyControl:
                _leftControl = pressed;
                return true;
            case KeyAlt when extended:
                _rightAlt = pressed;
                return true;
            case KeyAlt:
                _leftAlt = pressed;
                return true;
            case KeyCapsLock:
                Toggle(ref _capsLock, ref _capsHeld, pressed);
                return true;
            case KeyNumLock when !extended:
                Toggle(ref _numLock, ref _numHeld, pressed);
                return true;
            default:
                return false;
        }
    }

    private void Toggle(ref bool state, ref bool held, bool pressed)
    {
        if (pressed && !held)
        {
            state = !state;
            LedsChanged = true;
        }

        held = pressed;
    }

    private void Press(byte key, bool extended)
    {
        if (key == KeyDelete && (_leftControl || _rightControl) && (_leftAlt || _rightAlt))
        {
            CtrlAltDel = true;
            return;
        }

        bool shift = _leftShift || _rightShift;
        if (extended && key is not (KeyKeypadSlash or KeyEnter))
        {
            Send(KeyboardLayout.Sequence(key));
            return;
        }

        // The keypad is digits or arrows, as number lock says; shift turns that round.
        if (KeyboardLayout.IsKeypadDigit(key) && _numLock == shift)
        {
            Send(KeyboardLayout.Sequence(key));
            return;
        }

        byte character = KeyboardLayout.Character(key, shift && !extended && !KeyboardLayout.IsKeypadDigit(key));
        if (_capsLock && (character | 0x20) is >= 'a' and <= 'z')
        {
            character ^= 0x20;
        }

        if (_leftControl || _rightControl)
        {
            character = (character & 0x7f) is >= '@' and <= '~' ? (byte)(character & 0x1f) : (byte)0;
        }

        if (character != 0)
        {
            ConsoleInput.Put(character);
        }
    }

    private static void Send(ReadOnlySpan<byte> sequence)
    {
        foreach (byte value in sequence)
        {
            ConsoleInput.Put(value);
        }
    }
}
