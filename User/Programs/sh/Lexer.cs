// Lexer: cuts a command line into words and operators. Quotes stay in the words; Expander takes them away. No system calls: host tests run
// it.

using System;
using System.Collections.Generic;

namespace CSharpOS.User.Shell;

/// <summary>What a token is.</summary>
internal enum TokenKind
{
    Word,

    /// <summary>| &amp;&amp; || ; &amp; ( ) and the end of a line, which is ";" too.</summary>
    Operator,

    /// <summary>&lt; &gt; &gt;&gt; &gt;&amp; with the number in front of it.</summary>
    Redirection,
}

/// <summary>A word or an operator.</summary>
internal sealed class Token(TokenKind kind, string text, int number)
{
    public TokenKind Kind => kind;

    public string Text => text;

    /// <summary>The descriptor of a redirection, -1 if none was written.</summary>
    public int Number => number;
}

/// <summary>Cuts a line into tokens.</summary>
internal sealed class Lexer
{
    private readonly string _line;
    private int _at;

    private Lexer(string line) => _line = line;

    /// <summary>The tokens of <paramref name="line"/>; null when a quote is not closed.</summary>
    public static List<Token>? Cut(string line)
    {
        Lexer lexer = new(line);
        List<Token> tokens = new();
        while (lexer.SkipBlanks())
        {
            Token? token = lexer.Next();
            if (token is null)
            {
                return null;
            }

            tokens.Add(token);
        }

        return tokens;
    }

    /// <summary>Where the word ends that begins at <paramref name="start"/>; -1 when a quote in it is not closed.</summary>
    public static int EndOfWord(string line, int start)
    {
        int i = start;
        while (i < line.Length && !IsBlank(line[i]) && !IsOperator(line[i]))
        {
            i = EndOfPart(line, i);
            if (i < 0)
            {
                return -1;
            }
        }

        return i;
    }

    /// <summary>Where the quoted part, the escaped character, the $(...) or the plain character at <paramref name="i"/> ends; -1 if
    /// never.</summary>
    public static int EndOfPart(string line, int i)
    {
        switch (line[i])
        {
            case '\\':
                return i + 1 < line.Length ? i + 2 : -1;
            case '\'':
                int closing = line.IndexOf('\'', i + 1);
                return closing < 0 ? -1 : closing + 1;
            case '"':
                i++;
                while (i < line.Length && line[i] != '"')
                {
                    i = line[i] == '\'' ? i + 1 : EndOfPart(line, i);
                    if (i < 0)
                    {
                        return -1;
                    }
                }

                return i < line.Length ? i + 1 : -1;
            case '$' when i + 1 < line.Length && line[i + 1] == '(':
                i += 2;
                int depth = 1;
                while (i < line.Length)
                {
                    depth += line[i] == '(' ? 1 : line[i] == ')' ? -1 : 0;
                    i = EndOfPart(line, i);
                    if (i < 0 || depth == 0)
                    {
                        return i;
                    }
                }

                return -1;
            default:
                return i + 1;
        }
    }

    private static bool IsBlank(char c) => c is ' ' or '\t';

    private static bool IsOperator(char c) => c is '|' or '&' or ';' or '<' or '>' or '(' or ')' or '\n';

    // Goes to the next token. False at the end.
    private bool SkipBlanks()
    {
        while (_at < _line.Length)
        {
            if (_line[_at] == '\\' && _at + 1 < _line.Length && _line[_at + 1] == '\n')
            {
                _at += 2;
            }
            else if (IsBlank(_line[_at]))
            {
                _at++;
            }
            else if (_line[_at] == '#')
            {
                while (_at < _line.Length && _line[_at] != '\n')
                {
                    _at++;
                }
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private Token? Next()
    {
        int digits = _at;
        int number = 0;
        while (digits < _line.Length && digits < _at + 3 && _line[digits] is >= '0' and <= '9')
        {
            number = (number * 10) + (_line[digits] - '0');
            digits++;
        }

        if (digits < _line.Length && _line[digits] is '<' or '>')
        {
            int length = digits + 1 < _line.Length && (_line[digits + 1] == '&' || (_line[digits] == '>' && _line[digits + 1] == '>')) ? 2 : 1;
            string text = _line.Substring(digits, length);
            number = digits == _at ? -1 : number;
            _at = digits + length;
            return new Token(TokenKind.Redirection, text, number);
        }

        int start = _at;
        char c = _line[_at];
        if (IsOperator(c))
        {
            bool twice = c is '|' or '&' && _at + 1 < _line.Length && _line[_at + 1] == c;
            _at += twice ? 2 : 1;
            return new Token(TokenKind.Operator, c == '\n' ? ";" : _line.Substring(start, _at - start), -1);
        }

        int end = EndOfWord(_line, _at);
        if (end < 0)
        {
            return null;
        }

        _at = end;
        return new Token(TokenKind.Word, _line.Substring(start, end - start), -1);
    }
}
