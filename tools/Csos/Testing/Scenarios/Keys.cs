// QEMU's key names (sendkey) for the characters of a US keyboard.

namespace CSharpOS.Tool.Testing.Scenarios;

/// <summary>Key names.</summary>
public static class Keys
{
    private static readonly Dictionary<char, string> s_names = new()
    {
        ['\n'] = "ret",
        [' '] = "spc",
        ['\t'] = "tab",
        ['\b'] = "backspace",
        ['-'] = "minus",
        ['='] = "equal",
        ['['] = "bracket_left",
        [']'] = "bracket_right",
        [';'] = "semicolon",
        ['\''] = "apostrophe",
        ['`'] = "grave_accent",
        ['\\'] = "backslash",
        [','] = "comma",
        ['.'] = "dot",
        ['/'] = "slash",
    };

    private const string Shifted = "!@#$%^&*()_+{}:\"~|<>?";
    private const string Plain = "1234567890-=[];'`\\,./";

    /// <summary>The key, with shift where it needs it, for one character.</summary>
    public static string NameOf(char letter)
    {
        int shifted = Shifted.IndexOf(letter);
        if (shifted >= 0)
        {
            return "shift-" + NameOf(Plain[shifted]);
        }

        return letter switch
        {
            >= 'a' and <= 'z' or >= '0' and <= '9' => letter.ToString(),
            >= 'A' and <= 'Z' => "shift-" + char.ToLowerInvariant(letter),
            _ => s_names.GetValueOrDefault(letter) ?? throw new ArgumentException($"no key gives '{letter}'", nameof(letter)),
        };
    }
}
