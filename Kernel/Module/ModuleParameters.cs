// ModuleParameters: what a driver has been told at its start: by insmod, KEY=VALUE, or, linked into the image, by the boot line, MODULE.KEY=VALUE.
//
// Linux: module_param, kernel/params.c. Process context, in an init function: later insmod's words are not found any more. No locks of its own.

namespace CSharpOS.Modules;

/// <summary>Parameters of drivers.</summary>
/// <rows>DRV-04</rows>
public static unsafe class ModuleParameters
{
    private const int KeySize = 128;

    /// <summary>Looks a parameter up, in an init function.</summary>
    /// <param name="module">The driver's name.</param>
    /// <param name="key">The parameter's.</param>
    /// <param name="value">What was given; valid until the init function returns.</param>
    /// <returns>False: it was not given.</returns>
    /// <linux>module_param</linux>
    public static bool TryGetValue(ReadOnlySpan<byte> module, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        ModuleStruct* coming = KernelModules.Coming();
        int end = 0;
        while (coming != null && NextWord(coming, ref end, out int start))
        {
            ReadOnlySpan<byte> word = Word(coming, start, end);
            if (word.Length > key.Length && word[key.Length] == '=' && word.StartsWith(key))
            {
                coming->ArgumentAsked[start] = 1;
                value = word[(key.Length + 1)..];
                return true;
            }
        }

        value = default;
        if (module.Length + key.Length + 1 > KeySize)
        {
            return false;
        }

        Span<byte> whole = stackalloc byte[KeySize];
        module.CopyTo(whole);
        whole[module.Length] = (byte)'.';
        key.CopyTo(whole[(module.Length + 1)..]);
        return CommandLine.TryGetValue(whole[..(module.Length + key.Length + 1)], out value);
    }

    /// <summary>Looks up a parameter that is true or false, in an init function: 1, y, Y or 0, n, N.</summary>
    /// <param name="module">The driver's name.</param>
    /// <param name="key">The parameter's.</param>
    /// <param name="value">What was given; it stays as it is if nothing was.</param>
    /// <returns>0; -EINVAL: it is neither, and the log says so.</returns>
    /// <linux>param_set_bool</linux>
    /// <rows>DRV-05</rows>
    public static int GetBool(ReadOnlySpan<byte> module, ReadOnlySpan<byte> key, ref bool value)
    {
        if (!TryGetValue(module, key, out ReadOnlySpan<byte> given))
        {
            return 0;
        }

        byte letter = given.Length == 1 ? given[0] : (byte)0;
        if (letter is not ((byte)'1' or (byte)'y' or (byte)'Y' or (byte)'0' or (byte)'n' or (byte)'N'))
        {
            Printk(LogLevel.Error, $"{module}: '{given}' invalid for parameter '{key}'\n");
            return -EINVAL;
        }

        value = letter is (byte)'1' or (byte)'y' or (byte)'Y';
        return 0;
    }

    /// <summary>After the init functions: names the words of insmod that none of them has asked for, misspelt ones most likely.</summary>
    /// <linux>unknown_module_param_cb</linux>
    internal static void ReportIgnored(ModuleStruct* module)
    {
        int end = 0;
        while (NextWord(module, ref end, out int start))
        {
            if (module->ArgumentAsked[start] == 0)
            {
                Printk(LogLevel.Warning, $"{ModuleStruct.Name(module)}: parameter '{Word(module, start, end)}' ignored\n");
            }
        }
    }

    // From end, which goes on, to where the next word begins and ends. False: there is none.
    private static bool NextWord(ModuleStruct* module, ref int end, out int start)
    {
        while (end < module->ArgumentsLength && module->ArgumentBytes[end] == ' ')
        {
            end++;
        }

        start = end;
        while (end < module->ArgumentsLength && module->ArgumentBytes[end] != ' ')
        {
            end++;
        }

        return end != start;
    }

    private static ReadOnlySpan<byte> Word(ModuleStruct* module, int start, int end) => new(module->ArgumentBytes + start, end - start);
}
