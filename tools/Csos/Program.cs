// Where the tool starts. Everything below takes its surroundings from a ToolContext, so that the tests run it in-process.

namespace CSharpOS.Tool;

/// <summary>The entry point of <c>csos</c>.</summary>
public static class Program
{
    /// <summary>Runs one command line.</summary>
    /// <param name="arguments">What stands after <c>./csos</c>.</param>
    /// <returns>The exit status of the process.</returns>
    public static async Task<int> Main(string[] arguments)
    {
        ToolContext context = ToolContext.OfThisProcess();
        using SignalGuard guard = SignalGuard.Install(context);
        return await CommandLine.RunAsync(arguments, context);
    }
}
