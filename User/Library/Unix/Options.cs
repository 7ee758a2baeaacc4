// Options: the letters behind a dash, as every Unix program takes them.

namespace CSharpOS.User;

/// <summary>A program's options.</summary>
public static class Options
{
    /// <summary>Reads options of one letter: -a -l or -al. An option that takes a value is not for this.</summary>
    /// <param name="args">The program's arguments.</param>
    /// <param name="letters">The letters that are allowed.</param>
    /// <param name="flags">Bit n stands for letter n of <paramref name="letters"/>.</param>
    /// <param name="first">The first argument that is not an option; "--" ends them, "-" is not one.</param>
    /// <returns>False for an unknown letter.</returns>
    public static bool TryParse(string[] args, string letters, out uint flags, out int first)
    {
        flags = 0;
        for (first = 0; first < args.Length && args[first].Length > 1 && args[first][0] == '-'; first++)
        {
            if (args[first] == "--")
            {
                first++;
                return true;
            }

            for (int i = 1; i < args[first].Length; i++)
            {
                int letter = letters.IndexOf(args[first][i]);
                if (letter < 0)
                {
                    return false;
                }

                flags |= 1u << letter;
            }
        }

        return true;
    }

    /// <summary>Takes "-n 5" or "-n5" off the arguments from <paramref name="first"/> on. False if there is an -n without a
    /// number.</summary>
    public static bool TryTakeNumber(string[] args, string option, ref int first, ref int number)
    {
        if (first >= args.Length || !args[first].StartsWith(option))
        {
            return true;
        }

        string value = args[first].Substring(option.Length);
        first++;
        if (value.Length == 0 && first < args.Length)
        {
            value = args[first];
            first++;
        }

        return Number.TryParse(value, out number);
    }
}
