// Variables: the shell's variables and what $ gives. No system calls: host tests run it.
//
// They outlive the command that sets them, so their memory is kept out of the round's (ManagedHeap.Keep).

using System;
using System.Collections.Generic;
using CSharpOS.Runtime;

namespace CSharpOS.User.Shell;

/// <summary>A shell variable.</summary>
internal sealed class Variable(string name)
{
    public string Name => name;

    public string Value { get; set; } = "";

    public bool IsExported { get; set; }
}

/// <summary>The shell's variables.</summary>
internal sealed class Variables
{
    private readonly List<Variable> _all = new();

    public int LastStatus { get; set; }

    public int ProcessId { get; set; }

    public int LastBackground { get; set; }

    /// <summary>$0, $1 and so on.</summary>
    public List<string> Arguments { get; } = new();

    public List<Variable> All => _all;

    public static bool IsNameCharacter(char c, int index) =>
        c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or '_' || (index > 0 && c is >= '0' and <= '9');

    public static bool IsName(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!IsNameCharacter(text[i], i))
            {
                return false;
            }
        }

        return text.Length > 0;
    }

    public Variable? Find(string name)
    {
        for (int i = 0; i < _all.Count; i++)
        {
            if (_all[i].Name == name)
            {
                return _all[i];
            }
        }

        return null;
    }

    /// <summary>Sets a variable; an unknown one is made.</summary>
    public Variable Set(string name, string value)
    {
        bool outside = ManagedHeap.Keep(true);
        Variable? variable = Find(name);
        if (variable is null)
        {
            variable = new Variable(new string(name.AsSpan()));
            _all.Add(variable);
        }

        if (variable.Value != value)
        {
            variable.Value = new string(value.AsSpan());
        }

        ManagedHeap.Keep(outside);
        return variable;
    }

    /// <summary>Sets NAME=value.</summary>
    public Variable SetFrom(string assignment)
    {
        int equals = assignment.IndexOf('=');
        return Set(assignment.Substring(0, equals), assignment.Substring(equals + 1));
    }

    public void Unset(string name)
    {
        for (int i = 0; i < _all.Count; i++)
        {
            if (_all[i].Name == name)
            {
                _all.RemoveAt(i);
                return;
            }
        }
    }

    /// <summary>What $<paramref name="name"/> is; nothing for an unknown one.</summary>
    public string Get(string name)
    {
        if (name.Length == 1)
        {
            switch (name[0])
            {
                case '?':
                    return Text(LastStatus);
                case '$':
                    return Text(ProcessId);
                case '!':
                    return LastBackground == 0 ? "" : Text(LastBackground);
                case '#':
                    return Text(Math.Max(Arguments.Count - 1, 0));
                case '@' or '*':
                    System.Text.StringBuilder all = new();
                    for (int i = 1; i < Arguments.Count; i++)
                    {
                        all.Append(i == 1 ? "" : " ").Append(Arguments[i]);
                    }

                    return all.ToString();
                case >= '0' and <= '9':
                    return name[0] - '0' < Arguments.Count ? Arguments[name[0] - '0'] : "";
            }
        }

        return Find(name)?.Value ?? "";
    }

    private static string Text(int number) => new System.Text.StringBuilder().Append(number).ToString();
}
