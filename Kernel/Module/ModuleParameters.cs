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
        ReadOnlySpan<byte> rest = KernelModules.ArgumentsOfComing();
        while (rest.Length > 0)
        {
            int end = rest.IndexOf((byte)' ');
            ReadOnlySpan<byte> word = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (word.Length > key.Length && word[key.Length] == '=' && word.StartsWith(key))
            {
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
}
