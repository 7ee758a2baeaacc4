// An error the user can do something about: one clear line and an exit status, never a stack trace.

namespace CSharpOS.Tool;

/// <summary>An expected failure, shown as one line <c>csos: MESSAGE</c>.</summary>
public sealed class CsosException : Exception
{
    /// <summary>Makes the error.</summary>
    /// <param name="message">One line, saying what is wrong and what to do about it.</param>
    /// <param name="exitCode">The exit status of the tool.</param>
    public CsosException(string message, int exitCode = ExitCodes.Failure)
        : base(message)
    {
        ExitCode = exitCode;
    }

    /// <summary>The exit status of the tool.</summary>
    public int ExitCode { get; }
}
