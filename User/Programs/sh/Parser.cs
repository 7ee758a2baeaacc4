// Parser: from tokens to what is to be run. No system calls: host tests run it.
//
//     list     = pipeline { ("&&" | "||" | ";" | "&") pipeline }
//     pipeline = ["!"] command { "|" command }
//     command  = { NAME=value } { word | redirection } | "(" list ")" { redirection }

using System;
using System.Collections.Generic;

namespace CSharpOS.User.Shell;

/// <summary>How the pipeline before is followed.</summary>
internal enum Connection
{
    Always,
    IfSucceeded,
    IfFailed,
}

/// <summary>An input or output that goes somewhere else.</summary>
internal sealed class Redirection(int descriptor, string operation, string target)
{
    public int Descriptor => descriptor;

    /// <summary>&lt;, &gt;, &gt;&gt;, or &gt;&amp; and &lt;&amp; for a copy of another descriptor.</summary>
    public string Operation => operation;

    /// <summary>A word, not expanded yet.</summary>
    public string Target => target;
}

/// <summary>A command with its arguments, not expanded yet; or a list in parentheses.</summary>
internal sealed class Command
{
    public List<string> Assignments { get; } = new();

    public List<string> Words { get; } = new();

    public List<Redirection> Redirections { get; } = new();

    public List<Pipeline>? Group { get; set; }
}

/// <summary>Commands joined by pipes.</summary>
internal sealed class Pipeline(Connection connection)
{
    public Connection Connection => connection;

    public List<Command> Commands { get; } = new();

    /// <summary>An exclamation mark in front: success and failure change places.</summary>
    public bool IsNegated { get; set; }

    /// <summary>An ampersand behind: the shell does not wait.</summary>
    public bool IsBackground { get; set; }

    /// <summary>The text, for the list of jobs.</summary>
    public string Text { get; set; } = "";
}

/// <summary>Makes pipelines of a command line.</summary>
internal sealed class Parser
{
    private readonly List<Token> _tokens;
    private int _at;

    private Parser(List<Token> tokens) => _tokens = tokens;

    /// <summary>What is wrong, or null.</summary>
    public string? Error { get; private set; }

    /// <summary>True if more lines could make it right: a quote is open, or the line ends with an operator that wants more.</summary>
    public bool IsIncomplete { get; private set; }

    /// <summary>The pipelines of <paramref name="line"/>. With an error the list is to be ignored.</summary>
    public static List<Pipeline> Parse(string line, out string? error, out bool isIncomplete)
    {
        List<Token>? tokens = Lexer.Cut(line);
        if (tokens is null)
        {
            error = "syntax error: a quote is not closed";
            isIncomplete = true;
            return new List<Pipeline>();
        }

        Parser parser = new(tokens);
        List<Pipeline> list = parser.ParseList(inGroup: false);
        error = parser.Error;
        isIncomplete = parser.IsIncomplete;
        return list;
    }

    private static bool IsAssignment(string word)
    {
        int i = 0;
        while (i < word.Length && Variables.IsNameCharacter(word[i], i))
        {
            i++;
        }

        return i > 0 && i < word.Length && word[i] == '=';
    }

    private List<Pipeline> ParseList(bool inGroup)
    {
        List<Pipeline> list = new();
        Connection connection = Connection.Always;
        while (Error is null)
        {
            while (connection == Connection.Always && IsOperator(";") && list.Count == 0)
            {
                _at++;
            }

            if (_at == _tokens.Count || (inGroup && IsOperator(")")))
            {
                if (connection != Connection.Always)
                {
                    Expect();
                }

                return list;
            }

            Pipeline pipeline = ParsePipeline(connection);
            list.Add(pipeline);
            connection = Connection.Always;
            if (IsOperator("&&") || IsOperator("||"))
            {
                connection = _tokens[_at].Text == "&&" ? Connection.IfSucceeded : Connection.IfFailed;
                _at++;
                SkipLineEnds();
            }
            else if (IsOperator("&") || IsOperator(";"))
            {
                pipeline.IsBackground = _tokens[_at].Text == "&";
                _at++;
                SkipLineEnds();
            }
            else if (_at < _tokens.Count && !(inGroup && IsOperator(")")))
            {
                Expect();
            }
        }

        return list;
    }

    private Pipeline ParsePipeline(Connection connection)
    {
        int start = _at;
        Pipeline pipeline = new(connection);
        if (_at < _tokens.Count && _tokens[_at].Kind == TokenKind.Word && _tokens[_at].Text == "!")
        {
            pipeline.IsNegated = true;
            _at++;
        }

        pipeline.Commands.Add(ParseCommand());
        while (Error is null && IsOperator("|"))
        {
            _at++;
            SkipLineEnds();
            pipeline.Commands.Add(ParseCommand());
        }

        System.Text.StringBuilder text = new();
        for (int i = start; i < _at && i < _tokens.Count; i++)
        {
            text.Append(i == start ? "" : " ");
            if (_tokens[i].Number >= 0)
            {
                text.Append(_tokens[i].Number);
            }

            text.Append(_tokens[i].Text);
        }

        pipeline.Text = text.ToString();
        return pipeline;
    }

    private Command ParseCommand()
    {
        Command command = new();
        if (IsOperator("("))
        {
            _at++;
            command.Group = ParseList(inGroup: true);
            if (!IsOperator(")"))
            {
                Expect();
                return command;
            }

            _at++;
        }

        int start = _at;
        while (_at < _tokens.Count && _tokens[_at].Kind != TokenKind.Operator)
        {
            Token token = _tokens[_at];
            if (token.Kind == TokenKind.Redirection)
            {
                _at++;
                if (_at == _tokens.Count || _tokens[_at].Kind != TokenKind.Word)
                {
                    Expect(wantsMore: false);
                    return command;
                }

                int descriptor = token.Number >= 0 ? token.Number : token.Text[0] == '<' ? 0 : 1;
                command.Redirections.Add(new Redirection(descriptor, token.Text, _tokens[_at].Text));
            }
            else if (command.Group is not null)
            {
                break;
            }
            else if (command.Words.Count == 0 && IsAssignment(token.Text))
            {
                command.Assignments.Add(token.Text);
            }
            else
            {
                command.Words.Add(token.Text);
            }

            _at++;
        }

        if (_at == start && command.Group is null)
        {
            Expect();
        }

        return command;
    }

    private bool IsOperator(string text) => _at < _tokens.Count && _tokens[_at].Kind == TokenKind.Operator && _tokens[_at].Text == text;

    private void SkipLineEnds()
    {
        while (IsOperator(";") && _at > 0)
        {
            _at++;
        }
    }

    // The token here cannot stand here.
    private void Expect(bool wantsMore = true)
    {
        if (Error is not null)
        {
            return;
        }

        bool atEnd = _at >= _tokens.Count;
        IsIncomplete = atEnd && wantsMore;
        Error = "syntax error near '" + (atEnd ? "end of line" : _tokens[_at].Text) + "'";
    }
}
