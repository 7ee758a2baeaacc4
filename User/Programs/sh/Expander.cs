// Expander: what becomes of a word before it is an argument: ~, $NAME, ${NAME}, $(command), quotes away, cut at blanks, names of files for
// * ? [ ]. The system is behind ShellHost: host tests give their own.

using System;
using System.Collections.Generic;
using System.Text;

namespace CSharpOS.User.Shell;

/// <summary>What the shell's logic wants to know of the system.</summary>
internal abstract class ShellHost
{
    /// <summary>The names in a directory without "." and "..", in any order; nothing if it cannot be read.</summary>
    public abstract List<string> List(string directory);

    public abstract bool IsDirectory(string path);

    public abstract bool Exists(string path);

    /// <summary>What a command writes to its standard output.</summary>
    public abstract string Capture(string command);
}

/// <summary>Turns words into arguments.</summary>
internal sealed class Expander(Variables variables, ShellHost host)
{
    private readonly StringBuilder _text = new();

    // The text with a backslash before characters that were quoted and mean something in a pattern.
    private readonly StringBuilder _pattern = new();
    private bool _isPattern;
    private bool _hasField;
    private List<string> _fields = new();

    /// <summary>The arguments that a word stands for: none, one or many.</summary>
    public List<string> Expand(string word)
    {
        _fields = new List<string>();
        Walk(word, cut: true);
        EndField();
        return _fields;
    }

    /// <summary>The one text a word stands for: for assignments and redirections, which are neither cut nor taken for names of
    /// files.</summary>
    public string ExpandOne(string word)
    {
        _fields = new List<string>();
        Walk(word, cut: false);
        string result = _text.ToString();
        Reset();
        return result;
    }

    private void Walk(string word, bool cut)
    {
        int i = 0;
        if (word.Length > 0 && word[0] == '~' && (word.Length == 1 || word[1] == '/'))
        {
            Put(variables.Get("HOME"), quoted: true);
            i = 1;
        }

        while (i < word.Length)
        {
            int end = Lexer.EndOfPart(word, i);
            end = end < 0 ? word.Length : end;
            switch (word[i])
            {
                case '\\':
                    Put(word.Substring(i + 1, end - i - 1), quoted: true);
                    break;
                case '\'':
                    Put(word.Substring(i + 1, end - i - 2), quoted: true);
                    break;
                case '"':
                    WalkQuoted(word.Substring(i + 1, end - i - 2));
                    break;
                case '$':
                    i = Dollar(word, i, out string? value);
                    PutUnquoted(value ?? "$", cut);
                    continue;
                default:
                    Put(word.Substring(i, 1), quoted: false);
                    break;
            }

            i = end;
        }
    }

    private void WalkQuoted(string text)
    {
        _hasField = true;
        int i = 0;
        while (i < text.Length)
        {
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] is '"' or '\\' or '$')
            {
                Put(text.Substring(i + 1, 1), quoted: true);
                i += 2;
            }
            else if (text[i] == '$')
            {
                i = Dollar(text, i, out string? value);
                Put(value ?? "$", quoted: true);
            }
            else
            {
                Put(text.Substring(i, 1), quoted: true);
                i++;
            }
        }
    }

    // What begins with the dollar at i: where it ends, and its value; null if the dollar stands for itself.
    private int Dollar(string text, int i, out string? value)
    {
        value = null;
        int start = i + 1;
        if (start == text.Length)
        {
            return start;
        }

        if (text[start] == '(')
        {
            int end = Lexer.EndOfPart(text, i);
            end = end < 0 ? text.Length + 1 : end;
            value = host.Capture(text.Substring(start + 1, end - start - 2));
            return Math.Min(end, text.Length);
        }

        if (text[start] == '{')
        {
            int closing = text.IndexOf('}', start);
            if (closing > 0)
            {
                value = variables.Get(text.Substring(start + 1, closing - start - 1));
                return closing + 1;
            }

            return start;
        }

        int length = 0;
        while (start + length < text.Length && Variables.IsNameCharacter(text[start + length], length))
        {
            length++;
        }

        if (length == 0 && text[start] is (>= '0' and <= '9') or '?' or '$' or '!' or '#' or '@' or '*')
        {
            length = 1;
        }

        if (length > 0)
        {
            value = variables.Get(text.Substring(start, length));
        }

        return start + length;
    }

    private void PutUnquoted(string value, bool cut)
    {
        int start = 0;
        for (int i = 0; cut && i < value.Length; i++)
        {
            if (value[i] is ' ' or '\t' or '\n')
            {
                Put(value.Substring(start, i - start), quoted: false);
                EndField();
                start = i + 1;
            }
        }

        Put(value.Substring(start), quoted: false);
        if (value.Length > 0 && start == value.Length)
        {
            EndField();
        }
    }

    private void Put(string text, bool quoted)
    {
        _hasField |= quoted || text.Length > 0;
        foreach (char c in text)
        {
            bool special = Glob.IsSpecial(c);
            if (special && quoted)
            {
                _pattern.Append('\\');
            }

            _isPattern |= special && !quoted && c != '\\';
            _text.Append(c);
            _pattern.Append(c);
        }
    }

    private void EndField()
    {
        if (_hasField)
        {
            List<string>? names = _isPattern ? Glob.Expand(_pattern.ToString(), host) : null;
            if (names is not null && names.Count > 0)
            {
                _fields.AddRange(names);
            }
            else
            {
                _fields.Add(_text.ToString());
            }
        }

        Reset();
    }

    private void Reset()
    {
        _text.Clear();
        _pattern.Clear();
        _isPattern = false;
        _hasField = false;
    }
}
