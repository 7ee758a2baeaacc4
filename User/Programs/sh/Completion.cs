// Completion: what the tabulator key adds. The first word of a command is the name of a program or a command of the shell, every other word
// a path. No system calls but through ShellHost: host tests run it.

using System;
using System.Collections.Generic;

namespace CSharpOS.User.Shell;

/// <summary>What fits behind the cursor.</summary>
internal sealed class Completion
{
    private Completion(int start)
    {
        Start = start;
    }

    /// <summary>Where the word begins that is completed.</summary>
    public int Start { get; }

    /// <summary>Every name that fits, sorted: the last part of a path only, with / behind a directory.</summary>
    public List<string> Candidates { get; } = new();

    /// <summary>What all of them have in common behind what is written.</summary>
    public string Addition { get; private set; } = "";

    /// <summary>Completes the word in front of the end of <paramref name="before"/>.</summary>
    public static Completion Of(string before, ReadOnlySpan<string> builtins, string path, ShellHost host)
    {
        int start = before.Length;
        while (start > 0 && before[start - 1] is not (' ' or '\t' or '|' or '&' or ';' or '<' or '>' or '(' or '='))
        {
            start--;
        }

        int previous = start;
        while (previous > 0 && before[previous - 1] is ' ' or '\t')
        {
            previous--;
        }

        bool isCommand = previous == 0 || before[previous - 1] is '|' or '&' or ';' or '(';
        string word = before.Substring(start);
        int slash = word.LastIndexOf('/');
        Completion completion = new(start);
        string written = word.Substring(slash + 1);
        if (isCommand && slash < 0)
        {
            foreach (string name in builtins)
            {
                completion.Offer(name, written);
            }

            foreach (string directory in path.Split(':'))
            {
                foreach (string name in host.List(directory))
                {
                    completion.Offer(name, written);
                }
            }
        }
        else
        {
            string directory = slash < 0 ? "." : slash == 0 ? "/" : word.Substring(0, slash);
            foreach (string name in host.List(directory))
            {
                if (name[0] != '.' || (written.Length > 0 && written[0] == '.'))
                {
                    completion.Offer(host.IsDirectory(directory + "/" + name) ? name + "/" : name, written);
                }
            }
        }

        completion.FindAddition(written.Length);
        return completion;
    }

    private void Offer(string name, string written)
    {
        if (!name.AsSpan().StartsWith(written.AsSpan()))
        {
            return;
        }

        int at = 0;
        while (at < Candidates.Count && string.CompareOrdinal(Candidates[at], name) < 0)
        {
            at++;
        }

        if (at == Candidates.Count || Candidates[at] != name)
        {
            Candidates.Insert(at, name);
        }
    }

    private void FindAddition(int written)
    {
        if (Candidates.Count == 0)
        {
            return;
        }

        string first = Candidates[0];
        int common = first.Length;
        for (int i = 1; i < Candidates.Count; i++)
        {
            int same = 0;
            while (same < common && same < Candidates[i].Length && Candidates[i][same] == first[same])
            {
                same++;
            }

            common = same;
        }

        Addition = first.Substring(written, common - written);
        if (Candidates.Count == 1 && first[first.Length - 1] != '/')
        {
            Addition += " ";
        }
    }
}
